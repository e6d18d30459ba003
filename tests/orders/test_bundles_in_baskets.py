"""Bundles in a basket: the same with other choices is another line, and all lines share what is in stock."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.catalog import stock
from apps.catalog.bundles import InvalidChoice
from apps.catalog.models import BundleChoice, Variant
from apps.orders import baskets, rules
from apps.orders.contents import Contents
from tests.factories import accounts, catalog, kits, orders
from tests.storefront.pages import nothing_changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def kit(db):
    return kits.make()


@pytest.fixture
def basket(now):
    return orders.basket(now=now)


def read(basket) -> list:
    return Contents.read(basket, currency="EUR", member=False).items


def lines(basket) -> list[tuple[str, int]]:
    return [(item.within, item.quantity) for item in read(basket)]


def test_other_choices_are_another_line(kit, basket, now):
    for pot in (kit.small, kit.large, kit.small):
        kits.put(basket, kit, pot, now=now)
    assert lines(basket) == [
        ("In each: 2 × Soil; 1 × Small pot", 2),
        ("In it: 2 × Soil; 1 × Large pot", 1),
    ]


@pytest.mark.parametrize("pick", ["nothing", "soil", "unknown slot"])
def test_what_the_bundle_does_not_offer_is_refused(kit, basket, now, pick):
    choices = {"nothing": {}, "soil": kit.with_pot(kit.soil), "unknown slot": kit.with_pot(kit.small) | {99: 1}}[pick]
    with pytest.raises(InvalidChoice), nothing_changes():
        baskets.add(basket, kit.variant.pk, quantity=1, currency="EUR", choices=choices, now=now)


def test_choices_of_what_is_no_bundle_mean_nothing(kit, basket, now):
    baskets.add(basket, kit.soil.pk, quantity=1, currency="EUR", choices={kit.pot: 7}, now=now)
    assert basket.lines.get().choices == {}


def test_it_is_chosen_again(kit, basket, now):
    kits.put(basket, kit, kit.small, quantity=98, now=now)
    kits.put(basket, kit, kit.large, quantity=3, now=now)
    first, second = basket.lines.all()
    baskets.choose(basket, second.pk, choices=kit.with_pot(kit.small), now=now)
    assert lines(basket) == [("In each: 2 × Soil; 1 × Small pot", 99)]
    left, other = basket.lines.get(), orders.basket(now=now)
    with pytest.raises(InvalidChoice), nothing_changes():
        baskets.choose(basket, left.pk, choices={}, now=now)
    with nothing_changes():
        baskets.choose(other, left.pk, choices=kit.with_pot(kit.large), now=now)
        baskets.choose(basket, first.pk, choices=kit.with_pot(kit.large), now=now)


def test_what_is_not_offered_any_more_is_said_and_can_be_chosen_again(kit, basket, now):
    kits.put(basket, kit, kit.small, now=now)
    BundleChoice.objects.filter(variant=kit.small).delete()
    [item] = read(basket)
    assert (item.packed.problem, item.packed.can_be_chosen) == ("Please choose for “Pot”.", True)
    assert not item.can_be_bought
    baskets.choose(basket, item.pk, choices=kit.with_pot(kit.large), now=now)
    [item] = read(basket)
    assert (item.can_be_bought, item.left, item.within) == (True, 5, "In it: 2 × Soil; 1 × Large pot")
    # There is nothing to pick any more, so the line does not say what was picked.
    assert basket.lines.get().choices == {}


def test_a_piece_that_is_not_sold_any_more_stops_the_bundle(kit, basket, now):
    kits.put(basket, kit, kit.small, now=now)
    Variant.objects.filter(pk=kit.soil.pk).update(is_active=False)
    [item] = read(basket)
    assert (item.packed.problem, item.can_be_bought) == ("“Soil” cannot be had at the moment.", False)
    assert not item.packed.can_be_chosen


def test_what_ran_out_is_named(kit, basket, now):
    kits.put(basket, kit, kit.small, now=now)
    stock.correct(kit.small, available=0, key="a", now=now)
    [item] = read(basket)
    assert (item.is_sold_out, [str(variant) for variant in item.packed.gone]) == (True, ["Small pot"])


def test_lines_that_need_the_same_share_it(basket, now):
    kit = kits.make(soil=9)
    kits.put(basket, kit, kit.small, quantity=3, now=now)
    baskets.add(basket, kit.soil.pk, quantity=2, currency="EUR", now=now)
    kits.put(basket, kit, kit.large, quantity=2, now=now)
    first, soil, last = read(basket)
    # Nine bags: three kits take six, two are taken by themselves, one is too few for a kit.
    assert [item.left for item in (first, soil, last)] == [4, 3, 0]
    assert [item.can_be_bought for item in (first, soil, last)] == [True, True, False]
    assert (last.is_taken, last.is_sold_out, last.alone) == (True, False, 4)
    baskets.set_quantity(basket, soil.pk, quantity=1, now=now)
    last = read(basket)[-1]
    assert (last.left, last.is_short, last.can_be_bought) == (1, True, False)


def test_the_weight_is_its_own_or_that_of_what_is_in_it(kit, basket, now):
    Variant.objects.filter(pk=kit.soil.pk).update(weight_grams=400)
    Variant.objects.filter(pk=kit.large.pk).update(weight_grams=900)
    kits.put(basket, kit, kit.large, quantity=2, now=now)
    contents = Contents.read(basket, currency="EUR", member=False)
    assert (contents.grams, contents.is_shipped) == (3400, True)
    Variant.objects.filter(pk=kit.variant.pk).update(weight_grams=2000)
    assert Contents.read(basket, currency="EUR", member=False).grams == 4000


def test_a_bundle_of_services_needs_no_parcel(basket, now):
    hour = catalog.product(kind="service").variants.get()
    hours = catalog.bundle(("Hours", 3, [hour]))
    baskets.add(basket, hours.pk, quantity=1, currency="EUR", now=now)
    contents = Contents.read(basket, currency="EUR", member=False)
    assert (contents.is_shipped, contents.grams, contents.can_be_ordered) == (False, 0, True)


def test_bundles_cost_one_more_query_however_many(kit, basket, now, django_assert_num_queries):
    for bundle in (kit, kits.make(), kits.make()):
        kits.put(basket, bundle, bundle.small, now=now)
        kits.put(basket, bundle, bundle.large, now=now)
    with django_assert_num_queries(3):
        read(basket)


def test_signing_in_keeps_what_was_picked(kit, now):
    user = accounts.customer()
    mine, guest = orders.basket(now=now, customer=user), orders.basket(now=now)
    kits.put(mine, kit, kit.small, quantity=2, now=now)
    kits.put(guest, kit, kit.small, quantity=1, now=now)
    kits.put(guest, kit, kit.large, quantity=1, now=now)
    baskets.merge(guest.token, customer=user, now=now + timedelta(minutes=1))
    assert lines(mine) == [("In each: 2 × Soil; 1 × Small pot", 3), ("In it: 2 × Soil; 1 × Large pot", 1)]


@given(st.lists(st.tuples(st.dictionaries(st.integers(1, 3), st.integers(1, 4), min_size=1), st.integers(1, 5))))
def test_lines_in_turn_never_take_more_than_there_is_and_leave_nothing_that_would_do(wanted):
    shelf = {1: 7, 2: 12}
    there = dict(shelf)
    for pieces, quantity in wanted:
        left = rules.enough_for(there, pieces)
        if left is None:
            assert not set(pieces) & set(shelf)
            continue
        assert all(pieces.get(kind, 0) * left <= there[kind] for kind in there)
        assert any(pieces.get(kind, 0) * (left + 1) > there[kind] for kind in there)
        there = rules.without(there, pieces, times=min(left, quantity))
        assert all(count >= 0 for count in there.values())
    assert set(there) == set(shelf)
