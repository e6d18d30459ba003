"""What the catalogue's tables hold and refuse."""

import pytest
from django.db import IntegrityError

from apps.catalog.models import Kind, Product, ProductPrice, ProductStatus
from apps.core.money import Money
from tests.factories import catalog

pytestmark = pytest.mark.django_db


def test_prices_are_money_and_say_what_a_member_saves():
    price = catalog.product(price=6900, member_price=6200).prices.get()
    assert price.amount == Money(6900, "EUR")
    assert price.member_amount == Money(6200, "EUR")
    assert price.member_saving == Money(700, "EUR")


def test_without_a_members_price_there_is_no_saving():
    price = catalog.product(price=6900).prices.get()
    assert price.member_amount is None
    assert price.member_saving is None


@pytest.mark.parametrize("member_price", [6900, 7000, 0, -1])
def test_a_members_price_is_positive_and_lower(member_price):
    with pytest.raises(IntegrityError, match="catalog_member_price_is_lower"):
        catalog.product(price=6900, member_price=member_price)


def test_a_price_is_above_zero():
    with pytest.raises(IntegrityError, match="catalog_price_positive"):
        catalog.product(price=-100)


def test_one_price_for_each_currency():
    product = catalog.product(price=6900)
    with pytest.raises(IntegrityError, match="catalog_one_price_per_currency"):
        ProductPrice.objects.create(variant=product.variants.get(), currency="EUR", amount_minor=100)


def test_only_guides_can_be_for_members():
    with pytest.raises(IntegrityError, match="catalog_only_guides_are_gated"):
        catalog.product(kind=Kind.PHYSICAL, member_min_rank=2)


def test_a_category_is_not_its_own_parent():
    category = catalog.category()
    category.parent = category
    with pytest.raises(IntegrityError, match="catalog_category_not_its_own_parent"):
        category.save()


@pytest.mark.parametrize(
    ("opens_from", "rank", "readable"), [(None, 0, True), (2, 1, False), (2, 2, True), (2, 3, True)]
)
def test_a_guide_opens_from_its_rank(opens_from, rank, readable):
    assert catalog.guide(member_min_rank=opens_from).is_open_to(rank) is readable


def test_a_category_shows_its_own_products_and_those_of_the_rooms_under_it():
    room = catalog.category()
    own = catalog.product(category=room)
    under = catalog.product(category=catalog.category(parent=room))
    catalog.product()
    assert set(Product.objects.within(room)) == {own, under}


def test_what_is_not_published_is_not_shown():
    shown = catalog.product()
    catalog.product(status=ProductStatus.DRAFT)
    catalog.product(status=ProductStatus.RETIRED)
    assert list(Product.objects.published()) == [shown]


def test_cards_carry_the_price_of_one_currency(django_assert_num_queries):
    both = catalog.product(price=6900)
    ProductPrice.objects.create(variant=both.variants.get(), currency="USD", amount_minor=7900)
    euro_only = catalog.product(price=1000)
    with django_assert_num_queries(1):
        shown = {product: product.shown_price for product in Product.objects.for_cards("USD")}
        assert [product.category.name for product in shown] == [both.category.name, euro_only.category.name]
    assert shown[both].amount == Money(7900, "USD")
    assert shown[euro_only] is None


def test_a_card_shows_where_the_prices_begin():
    soil = catalog.product(price=1690)
    catalog.variant(soil, name="5 litres", price=690)
    catalog.variant(soil, name="1 litre", price=190, is_active=False)
    [shown] = Product.objects.for_cards("EUR")
    assert shown.shown_price.amount == Money(690, "EUR")
    assert shown.prices_differ


def test_addresses_of_goods_and_guides():
    assert catalog.product(slug="spade").get_absolute_url() == "/shop/spade/"
    assert catalog.guide(slug="roots").get_absolute_url() == "/guides/roots/"
