"""A bundle of which none can be packed says so on every shelf, as its own page does."""

from itertools import product as every

import pytest
from django.test import Client

from apps.catalog import bundles, stock
from apps.catalog.models import Kind, Product, Variant
from apps.core.models import Edition
from tests.factories import accounts, catalog, kits
from tests.storefront.pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def room():
    return catalog.category(slug="kits", name="Kits")


@pytest.fixture
def kit(room):
    return kits.make(slug="kit", category=room)


def card(browser, name: str = "Kit") -> str:
    page = " ".join(browser.get("/shop/c/kits/").content.decode().split())
    return page.split(f">{name}</a></h3>")[1].split("</article>")[0]


def test_a_shelf_says_what_cannot_be_packed_at_once(kit, now):
    stranger, customer = Client(), signed_in(accounts.customer())
    for left, is_there in [(0, True), (1, True)]:
        stock.correct(kit.small, available=left, key=f"small:{left}", now=now)
        assert all(("Sold out" in card(browser)) is not is_there for browser in (stranger, customer))
    stock.correct(kit.large, available=0, key="large", now=now)
    stock.correct(kit.small, available=0, key="small", now=now)
    assert all("Sold out" in card(browser) for browser in (stranger, customer))
    stock.give_back({kit.large.pk: 1}, key="back", now=now)
    assert not any("Sold out" in card(browser) for browser in (stranger, customer))
    Variant.objects.filter(pk=kit.soil.pk).update(is_active=False)
    assert all("Sold out" in card(browser) for browser in (stranger, customer))


def test_one_that_takes_many_pieces_is_sold_out_while_many_are_left(room, now):
    pots = catalog.product(left=30).variants.get()
    catalog.bundle(("Pots", 12, [pots]), ("More", 8, [pots]), name="Nursery", category=room)
    assert "Sold out" not in card(Client(), "Nursery")
    before = Edition.objects.current().counts
    stock.take({pots.pk: 5}, key="a", now=now)
    assert Edition.objects.current().counts == before
    stock.take({pots.pk: 6}, key="b", now=now)
    assert Edition.objects.current().counts != before
    assert "Sold out" in card(Client(), "Nursery")
    stock.give_back({pots.pk: 1}, key="c", now=now)
    assert "Sold out" not in card(Client(), "Nursery")


def test_a_shelf_costs_no_query_more_for_bundles(kit, room, django_assert_num_queries):
    for _round in range(2):
        with django_assert_num_queries(1):
            assert [found.is_sold_out for found in room.products.for_cards("EUR")].count(True) == 0
        for number in range(5):
            kits.make(slug=f"kit-{number}-{room.products.count()}", category=room)


def test_shelf_and_page_agree_whatever_is_left():
    """All stocks of three things in bundles of every make."""
    feed, pot, soil = (catalog.product(left=9).variants.get() for _each in range(3))
    hour = catalog.product(kind=Kind.SERVICE).variants.get()
    made = [
        catalog.bundle(("Feed", 1, [feed]), ("Again", 2, [feed])),
        catalog.bundle(("Feed", 2, [feed]), ("Either", 1, [feed, pot])),
        catalog.bundle(("Either", 2, [soil, pot]), ("Soil", 1, [soil])),
        catalog.bundle(("Hour", 1, [hour]), ("Or", 3, [hour, feed])),
        catalog.bundle(("Nothing", 1, [])),
        catalog.bundle(),
    ]
    seen = set()
    for round_, left in enumerate(every((0, 1, 2, 3), repeat=3)):
        for variant, count in zip((feed, pot, soil), left, strict=True):
            stock.correct(variant, available=count, key=f"{round_}:{variant.pk}", now=catalog.STOCKED)
        shown = {found.pk: found.is_sold_out for found in Product.objects.filter(kind=Kind.BUNDLE).for_cards("EUR")}
        left_of = {one.product_id: bundles.left(bundles.slots(one.product_id)) for one in made}
        assert shown == {pk: none == 0 for pk, none in left_of.items()}
        there = set(bundles.in_stock(Product.objects.filter(kind=Kind.BUNDLE)).values_list("pk", flat=True))
        assert there == {pk for pk, is_sold_out in shown.items() if not is_sold_out}
        seen.add(tuple(shown.values()))
    assert len(seen) > 4
