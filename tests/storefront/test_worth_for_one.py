"""When a membership pays for itself: reckoned from the basket and the orders of whoever is looking."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.catalog.models import ProductPrice
from apps.core.money import Money
from apps.orders import refunding, savings
from apps.orders.models import Basket, Order, OrderLine
from tests.factories import accounts, catalog, memberships
from tests.factories import orders as make
from tests.storefront.pages import signed_in

pytestmark = pytest.mark.django_db
SPADE = "/shop/spade/"


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    memberships.plans()


@pytest.fixture
def spade():
    return catalog.product(slug="spade", price=1000, member_price=900).variants.get()


@pytest.fixture
def tree():
    return catalog.product(slug="tree", price=5000, member_price=4200).variants.get()


def page(browser, path: str = SPADE) -> str:
    return " ".join(browser.get(path).content.decode().split())


def put(browser, variant, quantity=1):
    browser.post("/basket/add/", {"variant": variant.pk, "quantity": quantity}, follow=True)
    page(browser, "/basket/")


def monthly() -> Money:
    return memberships.price("grove").amount


def so_many(saving: int) -> str:
    orders = -(-monthly().minor // saving)
    return f"Grove costs {monthly()} a month: {orders} orders like this a month pay for it."


def test_the_basket_counts_with_what_is_looked_at(spade, tree):
    stranger, guest = Client(), Client()
    alone = f"As a member you would save €1.00 on this. {so_many(100)}"
    assert alone in page(stranger)
    put(guest, tree, 1)
    put(guest, spade, 2)
    for _twice in range(2):
        assert f"you would save €11.00 on this and what is in your basket. {memberships.price('grove').plan}" in page(
            guest
        )
        assert alone in page(stranger)
        assert alone in page(signed_in(accounts.customer()))


def test_past_orders_say_how_somebody_shops(gateway, spade, tree, now):
    customer = accounts.customer()
    make.paid(gateway, (tree, 2), customer=customer, now=now - timedelta(days=300))
    make.paid(gateway, (spade, 1), customer=customer, now=now - timedelta(days=10))
    browser = signed_in(customer)
    said = (
        "You ordered 2 times in the last 12 months. At today’s prices a member would have paid €8.50 less each time, "
        f"on average: {-(-monthly().minor // 850)} orders like that a month pay for it."
    )
    assert said in page(browser)
    assert "You ordered" not in page(signed_in(accounts.customer()))
    put(browser, tree, 1)
    basket = page(browser, "/basket/")
    assert "Members pay €8.00 less for this basket" in basket
    assert f"{so_many(800)} {said}" in basket


def test_what_went_back_is_long_ago_or_a_box_is_no_habit(gateway, spade, tree, now):
    customer = accounts.customer()
    make.paid(gateway, (tree, 1), customer=customer, now=now - timedelta(days=366))
    cancelled = make.paid(gateway, (tree, 1), customer=customer, now=now - timedelta(days=3))
    refunding.cancel(cancelled.pk, reason="changed my mind", actor="", now=now)
    box = make.paid(gateway, (tree, 1), customer=customer, now=now - timedelta(days=2))
    Order.objects.filter(pk=box.pk).update(kind=Order.Kind.BOX)
    back = make.paid(gateway, (spade, 3), customer=customer, now=now - timedelta(days=1))
    OrderLine.objects.filter(order=back).update(refunded_quantity=2)
    found = savings.of(customer, currency="EUR", now=now)
    assert (found.orders, found.on_orders) == (1, Money(100, "EUR"))
    OrderLine.objects.filter(order=back).update(refunded_quantity=3)
    assert savings.of(customer, currency="EUR", now=now) == savings.none("EUR")


def test_orders_on_which_nothing_is_saved_say_so(gateway, spade, now):
    customer = accounts.customer()
    make.paid(gateway, (catalog.product(price=2000).variants.get(), 1), customer=customer, now=now)
    assert "You ordered once in the last 12 months. At today’s prices a member would have paid the same." in page(
        signed_in(customer)
    )


def test_a_membership_in_the_basket_needs_no_word(spade):
    guest = Client()
    put(guest, spade, 1)
    guest.post("/basket/membership/", {"plan": "grove", "interval": "month"})
    assert Basket.objects.get().price is not None
    assert "you would save" not in page(guest)


def test_the_prices_of_the_currency_count(spade, tree, gateway, now):
    customer = accounts.customer()
    make.paid(gateway, (tree, 1), (spade, 1), customer=customer, now=now)
    ProductPrice.objects.create(variant=tree, currency="USD", amount_minor=6000, member_amount_minor=5500)
    found = savings.of(customer, currency="USD", now=now)
    assert (found.orders, found.on_orders) == (1, Money(500, "USD"))


def test_one_visitor_is_never_told_of_another(gateway, spade, tree, now):
    ada, bea = accounts.customer(), accounts.customer()
    make.paid(gateway, (tree, 1), customer=ada, now=now)
    first, second = signed_in(ada), signed_in(bea)
    pages = [page(browser) for browser in (first, second, first)]
    assert ["You ordered once" in shown for shown in pages] == [True, False, True]
    assert not any("{{" in shown for shown in pages)


def test_it_costs_one_query_however_much_was_bought(gateway, spade, tree, now, django_assert_num_queries):
    member = memberships.member(gateway, now=now).customer
    customer = accounts.customer()
    browser = signed_in(customer)
    page(browser)
    for _round in range(2):
        with django_assert_num_queries(4):
            page(browser)
        make.paid(gateway, (tree, 2), (spade, 1), customer=customer, now=now)
        put(browser, tree, 2)
        page(browser)
    browser = signed_in(member)
    page(browser)
    with django_assert_num_queries(3):
        page(browser)
