"""Finding things by what a visitor types."""

import pytest
from django.db import connection
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.catalog import words
from apps.catalog.models import Product
from tests.factories import catalog


@pytest.fixture
def shelf(db) -> dict[str, Product]:
    return {
        "lemon": catalog.product(name="Lemon Femminello", summary="The first tree", keywords="citrus"),
        "feed": catalog.product(name="Summer feed", summary="For lemons in pots", description="Iron for pale leaves"),
        "shears": catalog.product(name="Secateurs", summary="For pruning"),
    }


def found(text: str) -> list[str]:
    return [product.name for product in Product.objects.search(text)]


def test_the_name_counts_more_than_the_summary(shelf):
    assert found("lemon") == ["Lemon Femminello", "Summer feed"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("secat", ["Secateurs"]),
        ("prune", ["Secateurs"]),
        ("PALE iron", ["Summer feed"]),
        ("citrus", ["Lemon Femminello"]),
        ("lemon secateurs", []),
        ("the", []),
        ("", []),
        ("&|!:*()", []),
        ("lemon's & | <-> tree", ["Lemon Femminello"]),
    ],
)
def test_word_beginnings_and_forms_are_found_and_all_words_must_occur(shelf, text, names):
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "language"), [("tarocco", "en"), ("inverno", "it"), ("d'hiver", "fr"), ("iarnă", "ro")]
)
def test_words_are_found_between_the_marks_of_print(db, text, language):
    orange = catalog.product(name="Orange ‘Tarocco’", summary="For “cold” days—and nights")
    orange.i18n = {"name_it": "Custodia per l’inverno", "summary_fr": "Une housse d’hiver", "name_ro": "Husă „Iarnă”"}
    orange.save()
    with override(language):
        assert [product.pk for product in Product.objects.search(text)] == [orange.pk]
    assert [len(found(word)) for word in ("cold", "nights", "days")] == [1, 1, 1]


def test_an_edit_is_found_at_once(shelf):
    shelf["shears"].name = "Loppers"
    shelf["shears"].save()
    assert found("loppers") == ["Loppers"]
    assert found("secateurs") == []


def test_mistyped_names_are_guessed(shelf):
    assert found("sekateurs") == []
    assert [product.name for product in Product.objects.sounding_like("sekateurs")] == ["Secateurs"]
    assert [product.name for product in Product.objects.sounding_like("lmon")] == ["Lemon Femminello"]
    assert list(Product.objects.sounding_like("zzzz")) == []


def test_the_index_serves_the_search(shelf):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Product.objects.search("lemon").explain()
    assert "catalog_product_search" in plan


@pytest.mark.parametrize(
    ("typed", "tidied"),
    [("  lemon \t tree ", "lemon tree"), ("a\x00b", "a b"), ("x" * 200, "x" * 80), ("\n", "")],
)
def test_what_is_typed_is_tidied(typed, tidied):
    assert words.tidy(typed) == tidied


class AnyText(TestCase):
    @given(st.text(max_size=120))
    def test_no_text_breaks_the_search(self, text):
        tidied = words.tidy(text)
        assert list(Product.objects.search(tidied)) == []
        assert list(Product.objects.sounding_like(tidied)) == []
