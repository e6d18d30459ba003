"""The numbers that visitors are told: the same whether the database says them or the goods that were fetched."""

import pytest

from apps.catalog import stock, told
from apps.catalog.models import Kind, Product, ProductPrice, Stock
from tests.factories import catalog, kits

pytestmark = pytest.mark.django_db


@pytest.fixture
def spade(db) -> Product:
    """With 4 pieces, with many, uncounted, not for sale, and with one that has a price in dollars alone."""
    spade = catalog.product(name="Spade", left=4)
    for name, left in (("Many", 70), ("Six", 6), ("None", 0)):
        Stock.objects.update_or_create(variant=catalog.variant(spade, name=name), defaults={"available": left})
    Stock.objects.filter(variant=catalog.variant(spade, name="Made when ordered")).delete()
    Stock.objects.update_or_create(
        variant=catalog.variant(spade, name="Gone", is_active=False), defaults={"available": 1}
    )
    dollars = catalog.variant(spade, name="Dollars")
    ProductPrice.objects.filter(variant=dollars).delete()
    ProductPrice.objects.create(variant=dollars, currency="USD", amount_minor=100)
    Stock.objects.update_or_create(variant=dollars, defaults={"available": 2})
    return spade


@pytest.mark.parametrize(("currency", "expected"), [("EUR", [0, 4, 6, 6]), ("USD", [2]), ("CHF", [])])
def test_database_and_rows_say_the_same(spade, currency, expected):
    [product] = Product.objects.filter(pk=spade.pk).for_cards(currency)
    numbers = told.by_products([product])
    statement = Product.objects.annotate(told=told.in_statement(currency))
    assert dict(statement.values_list("told", flat=True).get(pk=spade.pk)) == numbers
    assert sorted(numbers.values()) == expected


def test_of_many_pieces_a_sale_leaves_it_true_and_of_few_it_does_not(spade, now):
    numbers = told.by_products(Product.objects.filter(pk=spade.pk).for_cards("EUR"))
    few, many = (spade.variants.get(stock__available=left) for left in (4, 70))
    assert told.is_still_true(numbers)
    stock.take({many.pk: 64}, key="many", now=now)
    assert told.is_still_true(numbers)
    stock.take({many.pk: 1}, key="one more", now=now)
    assert not told.is_still_true(numbers)
    stock.give_back({many.pk: 1}, key="back", now=now)
    assert told.is_still_true(numbers)
    stock.take({few.pk: 1}, key="few", now=now)
    assert not told.is_still_true(numbers)


def test_nothing_is_told_of_a_bundle(spade):
    kits.make(slug="kit")
    goods = Product.objects.filter(slug__in=["kit", spade.slug]).for_cards("EUR")
    assert {product.kind for product in goods} == {Kind.BUNDLE, Kind.PHYSICAL}
    assert told.by_products(goods) is None
    assert told.by_products([]) == {}
    assert told.is_still_true({})
