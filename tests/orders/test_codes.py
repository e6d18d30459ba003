"""Codes that take something off goods, and what sending costs where."""

import pytest

from apps.billing import explanation
from apps.billing.gateway.behaviours import decline
from apps.orders import baskets
from apps.orders.errors import BasketChanged
from apps.orders.models import Order, OrderStatus
from apps.promotions.models import Promotion
from tests.factories import accounts, catalog, orders
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def things():
    return [catalog.product(price=price).variants.get() for price in (5000, 999, 1)]


def code(now, **terms) -> Promotion:
    return make.promotion(now=now, code="SPRING", for_goods=True, **terms)


def full(things, now, promotion, **how):
    made = orders.basket(*[(thing, 1) for thing in things], now=now, **how)
    baskets.set_promotion(made, promotion, now=now)
    return made


def test_a_percentage_is_taken_off_every_line_exactly(gateway, now, things):
    user = accounts.customer()
    promotion = code(now, percent_basis_points=1000)
    order = orders.pay(
        gateway, orders.begin(full(things, now, promotion, customer=user), customer=user, now=now), now=now
    )
    # 10 % of 60.00; shipping 5.90.
    assert (order.goods_minor, order.discount_minor, order.total_minor) == (6000, 600, 5990)
    assert [line.discount_minor for line in order.lines.all()] == [500, 100, 0]
    assert order.invoice.total_minor == 5990
    assert [explanation.of(line).agrees for line in order.invoice.lines.all()] == [True] * 6
    promotion.refresh_from_db()
    assert promotion.redeemed == 1
    # The same customer uses it once.
    shown = orders.quote(full(things, now, promotion, customer=user), customer=user, now=now)
    assert (shown.discount.minor, shown.refusal) == (0, "You have used this code before.")


def test_an_amount_never_takes_more_than_the_goods(now, things):
    shown = orders.quote(full(things, now, code(now, amount_minor=9900, currency="EUR")), customer=None, now=now)
    assert (shown.discount.minor, shown.total.minor) == (6000, 590)
    Promotion.objects.filter(code="SPRING").update(currency="USD")
    shown = orders.quote(shown.contents.basket, customer=None, now=now)
    assert shown.refusal == "This code is not for prices in this currency."


def test_an_order_that_comes_to_nothing_gives_the_code_back(gateway, now, things):
    promotion = code(now, percent_basis_points=1000)
    begun = orders.begin(full(things, now, promotion), now=now)
    done = orders.pay(gateway, begun, now=now, script=(decline("insufficient_funds"),))
    promotion.refresh_from_db()
    assert (done.status, promotion.redeemed) == (OrderStatus.CANCELLED, 0)


def test_guests_use_a_code_once_for_each_address(gateway, now, things):
    promotion = code(now, percent_basis_points=1000)
    orders.pay(gateway, orders.begin(full(things, now, promotion), now=now, email="a@example.com"), now=now)
    with pytest.raises(BasketChanged):
        orders.begin(full(things, now, promotion), now=now, email="A@example.com")
    assert Order.objects.count() == 1
    other = orders.begin(full(things, now, promotion), now=now, email="b@example.com")
    assert other.discount_minor == 600


def test_the_last_use_of_a_code_is_not_sold_twice(gateway, now, things):
    promotion = code(now, percent_basis_points=1000, max_redemptions=1)
    first, second = (orders.begin(full(things, now, promotion), now=now, email=f"{who}@e.com") for who in "ab")
    assert orders.pay(gateway, first, now=now).status == OrderStatus.PAID
    late = orders.pay(gateway, second, now=now)
    assert (late.status, late.invoice, late.problem) == (OrderStatus.CANCELLED, None, "This promotion was used up.")


@pytest.mark.parametrize(
    ("country", "grams", "ways"),
    [
        ("IT", 1_000, [("Standard", 590), ("Express", 1290), ("Freight", 4900)]),
        ("IT", 20_000, [("Standard", 590), ("Freight", 4900)]),
        ("IT", 50_000, [("Freight", 4900)]),
        ("DE", 1_000, [("Standard", 1190), ("Freight", 9900)]),
        ("US", 50_000, []),
    ],
)
def test_ways_to_send(now, country, grams, ways):
    thing = catalog.product(price=None)
    variant = catalog.variant(thing, price=1000, weight_grams=grams)
    shown = orders.quote(orders.basket((variant, 1), now=now), customer=None, country=country, now=now)
    assert [(way.rate.name, way.amount.minor) for way in shown.ways] == ways
    assert shown.can_be_sent == bool(ways)
    if ways:
        other = orders.quote(
            orders.basket((variant, 1), now=now),
            customer=None,
            country=country,
            rate_id=shown.ways[-1].rate.pk,
            now=now,
        )
        assert other.shipping.minor == ways[-1][1]
