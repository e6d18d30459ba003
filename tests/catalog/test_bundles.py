"""Bundles: what is in them, what may be picked, and how many can be sold."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.catalog import bundles, stock
from apps.catalog.models import BundleChoice, BundleSlot, Kind, Product, Stock, Variant
from tests.factories import catalog

pytestmark = pytest.mark.django_db


@pytest.fixture
def kit(db):
    """A bundle: two bags of soil, and a pot that is picked from two."""
    soil, small, large = (catalog.product(left=left).variants.get() for left in (9, 2, 0))
    bundle = catalog.bundle(("Soil", 2, [soil]), ("Pot", 1, [small, large]), slug="kit")
    return bundle, soil, small, large


def slot_of(bundle: Variant, name: str) -> int:
    return BundleSlot.objects.get(product=bundle.product, name=name).pk


def test_what_is_no_bundle_is_itself():
    spade = catalog.product().variants.get()
    assert bundles.components(spade) == {spade.pk: 1}
    assert bundles.picked(spade, {"slot-1": "2"}) == {}


def test_the_pieces_are_those_fixed_and_those_picked(kit):
    bundle, soil, small, _large = kit
    assert bundles.components(bundle, {slot_of(bundle, "Pot"): small.pk}) == {soil.pk: 2, small.pk: 1}


def test_a_form_says_what_is_picked(kit):
    bundle, _soil, small, _large = kit
    pot = slot_of(bundle, "Pot")
    choices = bundles.picked(bundle, {f"slot-{pot}": str(small.pk), "slot-x": "1", "variant": "3"})
    assert choices == {pot: small.pk}
    assert bundles.picked(bundle, {f"slot-{pot}": "²"}) == {}


@pytest.mark.parametrize("pick", ["nothing", "another bundle's", "unknown slot", "not for sale"])
def test_what_is_not_offered_is_refused(kit, pick):
    bundle, soil, small, large = kit
    pot = slot_of(bundle, "Pot")
    Variant.objects.filter(pk=large.pk).update(is_active=False)
    choices = {
        "nothing": {},
        "another bundle's": {pot: soil.pk},
        "unknown slot": {pot: small.pk, pot + 1000: small.pk},
        "not for sale": {pot: large.pk},
    }[pick]
    with pytest.raises(bundles.InvalidChoice):
        bundles.components(bundle, choices)


def test_an_empty_bundle_cannot_be_sold():
    with pytest.raises(bundles.InvalidChoice):
        bundles.components(catalog.bundle())


def test_so_many_can_be_sold_as_the_least_allows(kit):
    bundle, soil, _small, large = kit
    assert bundles.left(bundles.slots(bundle.product_id)) == 2
    stock.correct(large, available=7, key="a", now=catalog.STOCKED)
    assert bundles.left(bundles.slots(bundle.product_id)) == 4
    stock.correct(soil, available=1, key="b", now=catalog.STOCKED)
    assert bundles.left(bundles.slots(bundle.product_id)) == 0


def test_a_shelf_of_what_is_there_has_the_bundles_that_can_be_packed(kit):
    bundle, soil, small, large = kit
    service = catalog.bundle(("Hour", 1, [catalog.product(kind=Kind.SERVICE).variants.get()]))

    def there() -> set[Product]:
        return set(bundles.in_stock(Product.objects.filter(kind=Kind.BUNDLE)))

    assert there() == {bundle.product, service.product}
    stock.correct(soil, available=1, key="a", now=catalog.STOCKED)
    assert there() == {service.product}
    stock.correct(soil, available=2, key="b", now=catalog.STOCKED)
    stock.correct(small, available=0, key="c", now=catalog.STOCKED)
    assert there() == {service.product}
    stock.correct(large, available=1, key="d", now=catalog.STOCKED)
    assert there() == {bundle.product, service.product}
    Variant.objects.filter(pk=large.pk).update(is_active=False)
    assert there() == {service.product}
    assert set(bundles.in_stock(Product.objects.filter(pk__in=[soil.product_id, small.product_id]))) == {soil.product}


def test_what_is_not_counted_sets_no_limit():
    hour = catalog.product(kind=Kind.SERVICE).variants.get()
    assert bundles.left(bundles.slots(catalog.bundle(("Hour", 1, [hour])).product_id)) is None


def test_a_variant_in_two_slots_has_to_suffice_for_both():
    feed = catalog.product(left=5).variants.get()
    bundle = catalog.bundle(("Spring", 1, [feed]), ("Autumn", 1, [feed]))
    assert bundles.components(bundle) == {feed.pk: 2}
    assert bundles.left(bundles.slots(bundle.product_id)) == 2


def test_a_sale_takes_what_is_in_it(kit, now):
    bundle, soil, small, _large = kit
    taken = bundles.components(bundle, {slot_of(bundle, "Pot"): small.pk})
    stock.take(taken, key="order:1", now=now)
    assert Stock.objects.available([soil.pk, small.pk]) == {soil.pk: 7, small.pk: 1}


def test_a_bundle_holds_no_bundle(kit):
    slot = BundleSlot.objects.create(product=catalog.bundle().product, name="Kit")
    with pytest.raises(ValidationError, match="cannot hold another bundle"):
        BundleChoice(slot=slot, variant=kit[0]).full_clean()


def test_the_database_refuses_a_choice_twice_and_a_slot_of_nothing(kit):
    bundle, _soil, _small, _large = kit
    with pytest.raises(IntegrityError, match="catalog_slot_holds_something"):
        BundleSlot.objects.create(product=bundle.product, name="Air", quantity=0)


def test_the_page_shows_what_is_in_it_and_how_many_are_left(client, kit, django_assert_num_queries):
    _bundle, soil, _small, large = kit
    with django_assert_num_queries(3):
        response = client.get("/shop/kit/")
    html = " ".join(response.content.decode().split())
    assert "your choice of" in html
    assert f'2 × <a href="{soil.product.get_absolute_url()}">' in html
    assert f'{large}</a> <span class="stock stock--none">(sold out)' in html
    assert "Only 2 left" in html
    assert [slot.name for slot in response.context["slots"]] == ["Soil", "Pot"]


def test_the_demo_has_both_kinds():
    catalog.stock()
    winter = Variant.objects.select_related("product").get(sku="WINTER-BUNDLE")
    assert sum(bundles.components(winter).values()) == 4
    assert bundles.left(bundles.slots(winter.product_id)) == 40
    first = Product.objects.get(slug="first-tree-bundle")
    assert [slot.is_fixed for slot in bundles.slots(first.pk)] == [True, False, True, True]


class Limits(TestCase):
    @settings(max_examples=15)
    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), min_size=1, max_size=4))
    def test_so_many_can_be_taken_and_not_one_more(self, parts):
        variants = [(catalog.product(left=left).variants.get(), quantity) for left, quantity in parts]
        bundle = catalog.bundle(*((str(number), quantity, [v]) for number, (v, quantity) in enumerate(variants)))
        left = bundles.left(bundles.slots(bundle.product_id))
        needed = bundles.components(bundle)
        for number in range(left):
            stock.take(needed, key=f"order:{number}", now=catalog.STOCKED)
        with pytest.raises(stock.OutOfStock):
            stock.take(needed, key="order:more", now=catalog.STOCKED)
