"""Rows within a statement: what `prefetch_related` would find, in one query."""

from datetime import UTC, datetime

import pytest
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q

from apps.billing.models import ExchangeRate
from apps.catalog.models import BundleChoice, BundleSlot, Product, ProductPrice, Review, ReviewAnswer, Variant
from apps.core.nested import Rows, compiled
from tests.factories import accounts, catalog, kits

pytestmark = pytest.mark.django_db
OWN = {"product": OuterRef("pk")}


@pytest.fixture
def pot() -> Product:
    """Two sizes: one counted, one not."""
    pot = catalog.product(name="Pot", price=1000, left=3)
    catalog.variant(pot, name="Large", price=500, position=1)
    return pot


def prices(*beside: str) -> Rows:
    return Rows(ProductPrice.objects.filter(currency="EUR", **OWN).order_by("amount_minor"), *beside)


def test_rows_come_in_order_with_what_is_beside_them(pot, django_assert_num_queries):
    with django_assert_num_queries(1):
        [found] = Product.objects.annotate(rows=prices("variant", "variant__stock"))
        cheap, dear = found.rows
        assert [cheap.amount_minor, dear.amount_minor] == [500, 1000]
        assert [cheap.variant.name, dear.variant.name] == ["Large", ""]
        assert [cheap.variant.left, dear.variant.left] == [None, 3]
        assert dear.variant.stock.variant is dear.variant
    assert cheap == ProductPrice.objects.get(pk=cheap.pk)
    assert cheap._state.db == "default"


def test_what_was_not_fetched_is_read_when_it_is_asked_for(pot, django_assert_num_queries):
    [found] = Product.objects.annotate(rows=prices("variant__name"))
    large, written = found.rows[0].variant, Variant.objects.get(name="Large").sku
    assert large.get_deferred_fields() >= {"sku", "position"}
    with django_assert_num_queries(1):
        assert (large.name, large.sku) == ("Large", written)


def test_a_deferred_column_stays_behind(pot):
    rows = Rows(Variant.objects.filter(**OWN).defer("sku").order_by("pk"))
    found = Product.objects.annotate(rows=rows).get(pk=pot.pk)
    assert [each.get_deferred_fields() for each in found.rows] == [{"sku"}, {"sku"}]


def test_no_row_is_an_empty_list(pot):
    usd = Rows(ProductPrice.objects.filter(currency="USD", **OWN))
    assert Product.objects.annotate(rows=usd).get().rows == []


def test_instants_texts_and_answers_come_as_they_were_written(pot):
    at = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    said = 'A "quoted"\nline, ünïcode and \\ too'
    review = Review.objects.create(
        product=pot, customer=accounts.customer(name="Ada"), rating=4, title=said, text=said, is_verified=True,
        created_at=at, moderated_at=None,
    )  # fmt: skip
    ReviewAnswer.objects.create(review=review, text=said, author="x", created_at=at)
    rows = Rows(Review.objects.filter(**OWN), "customer__name", "answer")
    [found] = Product.objects.annotate(rows=rows).get().rows
    assert (found.created_at, found.moderated_at, found.text) == (at, None, said)
    assert (found.answer.text, found.answer.created_at, found.answer.review is found) == (said, at, True)
    assert (found.author, found.customer.get_deferred_fields() >= {"email", "password"}) == ("Ada", True)


def test_rows_within_rows(django_assert_num_queries):
    kit = kits.make()
    choices = BundleChoice.objects.filter(slot=OuterRef("pk")).order_by("position", "pk")
    slots = BundleSlot.objects.filter(**OWN).order_by("pk").annotate(rows=Rows(choices, "variant"))
    full = Exists(BundleChoice.objects.filter(slot=OuterRef("pk")))
    with django_assert_num_queries(1):
        found = Product.objects.annotate(slots_found=Rows(slots.annotate(full=full))).get(pk=kit.variant.product_id)
        assert [(slot.name, slot.full) for slot in found.slots_found] == [("Soil", True), ("Pot", True)]
        assert [[one.variant for one in slot.rows] for slot in found.slots_found] == [
            [kit.soil],
            [kit.small, kit.large],
        ]


def test_what_cannot_be_fetched_exactly_is_refused():
    with pytest.raises(TypeError, match="prices is neither"):
        Rows(Variant.objects.all(), "prices")
    with pytest.raises(TypeError, match="per_euro cannot be"):
        Rows(ExchangeRate.objects.all())
    assert Rows(ExchangeRate.objects.defer("per_euro"))


def test_what_is_compiled_says_the_same_as_what_is_not(pot, django_assert_num_queries):
    dear = ExpressionWrapper(Q(Exists(ProductPrice.objects.filter(amount_minor__gt=900, **OWN))), BooleanField())
    catalog.product(price=800)
    made = {"rows": prices("variant"), "is_dear": dear}
    ready = {name: compiled(Product, each) for name, each in made.items()}
    with django_assert_num_queries(2):
        plain, quick = (list(Product.objects.annotate(**each).order_by("pk")) for each in (made, ready))
    assert [(one.pk, one.rows, one.is_dear) for one in quick] == [(one.pk, one.rows, one.is_dear) for one in plain]
    assert [one.is_dear for one in quick] == [True, False]
    assert ready["rows"].params == ("EUR",)
