"""Finding things in the visitor's language, whatever the language of the texts."""

import pytest
from django.db import connection
from django.utils.translation import override

from apps.catalog.models import Category, Product
from tests.factories import catalog

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf() -> None:
    catalog.product(
        name="Lemon Femminello",
        summary="The first tree",
        name_it="Limone Femminello",
        summary_it="Il primo albero, con le sue foglie",
        keywords_it="agrumi",
        description_it="Si pota a marzo.",
        name_fr="Citronnier Femminello",
        description_fr="Avec des feuilles luisantes.",
        name_ro="Lămâi Femminello",
        keywords_ro="citrice",
    )
    catalog.product(name="Secateurs", summary="For lemons and figs")


def found(text: str, *, language: str) -> list[str]:
    with override(language):
        return [product.name for product in Product.objects.search(text)]


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("it", "limone", ["Lemon Femminello"]),
        ("it", "limoni", ["Lemon Femminello"]),  # the plural, by the Italian stem
        ("it", "limo", ["Lemon Femminello"]),
        ("it", "foglia", ["Lemon Femminello"]),
        ("it", "potare", ["Lemon Femminello"]),
        ("it", "agrumi limone", ["Lemon Femminello"]),
        ("it", "limone secateurs", []),
        ("it", "lemons", ["Lemon Femminello", "Secateurs"]),  # the original's stem, by the English one
        ("fr", "feuille", ["Lemon Femminello"]),
        ("ro", "citrice", ["Lemon Femminello"]),
        ("en", "lemon", ["Lemon Femminello", "Secateurs"]),
    ],
)
def test_words_are_found_by_the_stems_of_the_language(shelf, language, text, names):
    assert found(text, language=language) == names


def test_what_is_not_translated_is_found_in_the_original(shelf):
    assert found("figs", language="it") == ["Secateurs"]


@pytest.mark.parametrize("typed", ["limne", "limoen", "citronier", "lămai", "lamai femminelo"])
def test_mistyped_names_of_any_language_are_guessed_with_and_without_marks(shelf, typed):
    assert [product.name for product in Product.objects.sounding_like(typed)] == ["Lemon Femminello"]


def test_rooms_are_found_by_the_names_of_any_language():
    trees = catalog.category(name="Trees", name_it="Alberi")
    assert list(Category.objects.sounding_like("albri")) == [trees]
    assert list(Category.objects.sounding_like("tres")) == [trees]
    assert list(Category.objects.sounding_like("zzzz")) == []


def test_an_edited_translation_is_found_at_once(shelf):
    shears = Product.objects.get(name="Secateurs")
    assert found("forbici", language="it") == []
    shears.name_it = "Forbici"
    shears.save()
    assert found("forbici", language="it") == ["Secateurs"]
    assert [product.name for product in Product.objects.sounding_like("frbici")] == ["Secateurs"]


def test_an_index_serves_the_names(shelf):
    """And the bound between what is alike and what is not is ours, not the one of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        guessed = Product.objects.sounding_like("limne").explain()
        suggested = Product.objects.named_like("limne").explain()
        assert len(Product.objects.sounding_like("limne")) == 1
        cursor.execute("SHOW pg_trgm.word_similarity_threshold")
        assert cursor.fetchone() == ("0.4",)
    assert "catalog_product_alike" in guessed
    assert "catalog_product_alike" in suggested
    assert "catalog_product_search" in suggested


def test_suggestions_are_in_the_language_of_the_page(client, shelf):
    page = client.get("/it/shop/search/suggestions/?q=limo").content.decode()
    assert "Limone Femminello" in page
    assert "Lemon" not in page


def test_results_are_in_the_order_of_the_language():
    catalog.product(name="Aprons", name_it="Grembiuli")
    catalog.product(name="Boots", name_it="Stivali")
    catalog.product(name="Zinc cans", name_it="Annaffiatoi")
    with override("it"):
        named = Product.objects.order_by("name_i18n")
        assert [product.name_i18n for product in named] == ["Annaffiatoi", "Grembiuli", "Stivali"]
    assert [product.name_i18n for product in Product.objects.order_by("name_i18n")] == ["Aprons", "Boots", "Zinc cans"]
