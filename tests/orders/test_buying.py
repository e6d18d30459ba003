"""Ordering: what is charged, what leaves the stock, and what happens when it comes to nothing."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.billing.gateway.behaviours import authenticate, decline
from apps.billing.models import Account, Card, Invoice, LedgerEntry, Payment
from apps.catalog.models import Stock
from apps.core import sweeps
from apps.mail.models import Message
from apps.orders import buying
from apps.orders.errors import BasketChanged, NothingToBuy
from apps.orders.models import Order, OrderStatus
from tests.factories import accounts, billing, catalog, orders

pytestmark = pytest.mark.django_db


def left(variant) -> int:
    return Stock.objects.get(variant=variant).available


@pytest.fixture
def tree():
    return catalog.product(price=5000, left=10, name="Lemon tree").variants.get()


def test_an_order_is_charged_once_and_leaves_the_stock(gateway, now, tree):
    user = billing.payer(gateway, now=now)
    order = orders.begin(orders.basket((tree, 2), now=now, customer=user), customer=user, now=now)
    assert (order.status, order.invoice, left(tree)) == (OrderStatus.PENDING, None, 10)
    card = Card.objects.of(user).get()
    done = buying.complete_with_card(order.token, user=user, card_id=card.pk, now=now)
    again = buying.complete_with_card(order.token, user=user, card_id=card.pk, now=now)
    assert (done.status, again.status, left(tree)) == (OrderStatus.PAID, OrderStatus.PAID, 8)
    invoice = Invoice.objects.get()
    # Two at 50.00; above 75.00 the parcel is free in Italy.
    assert [(line.kind, line.quantity, line.amount_minor) for line in invoice.lines.all()] == [
        ("goods", 2, 10000),
        ("shipping", 1, 0),
    ]
    assert (invoice.total_minor, invoice.tax_minor, invoice.status) == (10000, 1803, "paid")
    assert LedgerEntry.objects.balances()[Account.REVENUE, "EUR"] == -8197
    assert Message.objects.filter(kind="order-confirmed").count() == 1
    assert not user.basket.lines.exists()
    assert [(row.old, row.new) for row in order.history.all()] == [("", "pending"), ("pending", "paid")]


def test_the_parcel_pays_the_tax_of_where_it_goes(gateway, now, tree):
    user = accounts.customer()
    order = orders.paid(gateway, (tree, 1), now=now, customer=user, address=orders.BERLIN)
    # 50.00 and 11.90 to Germany: 61.90 with 19 % in it.
    assert (order.total_minor, order.tax_minor) == (6190, 988)
    assert (order.invoice.customer_country, order.invoice.total_minor) == ("DE", 6190)
    assert "10115 BERLIN" in order.invoice.customer_address


def test_a_declined_card_gives_everything_back(gateway, now, tree):
    user = accounts.customer()
    begun = orders.begin(orders.basket((tree, 3), now=now, customer=user), customer=user, now=now)
    done = orders.pay(gateway, begun, now=now, script=(decline("insufficient_funds"),))
    assert done.status == OrderStatus.CANCELLED
    assert done.problem
    assert (done.invoice.status, left(tree)) == ("void", 10)
    assert [(line.variant, line.quantity) for line in user.basket.lines.all()] == [(tree, 3)]
    assert not Message.objects.exists()


def test_an_order_that_waits_for_the_bank_keeps_its_pieces_until_it_is_over(gateway, now, tree):
    begun = orders.begin(orders.basket((tree, 3), now=now), now=now)
    done = orders.pay(gateway, begun, now=now, script=(authenticate(),))
    assert (done.status, left(tree)) == (OrderStatus.PENDING, 7)
    assert buying.payment_of(done).status == Payment.Status.NEEDS_ACTION
    sweeps.run("orders.abandon", now=now + timedelta(minutes=59))
    assert left(tree) == 7
    sweeps.run("orders.abandon", now=now + timedelta(hours=1))
    done.refresh_from_db()
    assert (done.status, left(tree)) == (OrderStatus.CANCELLED, 10)


def test_what_was_sold_meanwhile_is_not_charged(gateway, now, tree):
    user = accounts.customer()
    begun = orders.begin(orders.basket((tree, 10), now=now, customer=user), customer=user, now=now)
    orders.paid(gateway, (tree, 1), now=now)
    done = orders.pay(gateway, begun, now=now)
    assert (done.status, done.invoice, left(tree)) == (OrderStatus.CANCELLED, None, 9)
    assert done.problem == "Some of it is not in stock any more."
    assert Payment.objects.count() == 1


def test_the_same_form_twice_is_one_order(gateway, now, tree):
    basket, mark = orders.basket((tree, 1), now=now), uuid4()
    first = orders.begin(basket, now=now, once=mark)
    assert orders.begin(basket, now=now, once=mark) == first
    assert Order.objects.count() == 1


def test_a_form_filled_in_again_takes_the_place_of_the_first(gateway, now, tree):
    basket = orders.basket((tree, 1), now=now)
    first, second = orders.begin(basket, now=now), orders.begin(basket, now=now)
    first.refresh_from_db()
    assert (first.status, second.status) == (OrderStatus.CANCELLED, OrderStatus.PENDING)


def test_another_price_than_the_one_shown_is_never_charged(gateway, now, tree):
    basket = orders.basket((tree, 1), now=now)
    shown = orders.quote(basket, customer=None, now=now)
    tree.prices.update(amount_minor=5500)
    with pytest.raises(BasketChanged):
        orders.begin(basket, now=now, digest=shown.digest)
    assert not Order.objects.exists()


def test_what_is_not_there_cannot_be_ordered(gateway, now):
    rare = catalog.product(left=1).variants.get()
    basket = orders.basket((rare, 2), now=now)
    with pytest.raises(NothingToBuy):
        orders.begin(basket, now=now)
    assert not Order.objects.exists()


def test_a_service_needs_no_parcel(gateway, now):
    hour = catalog.product(price=4000, kind="service").variants.get()
    order = orders.paid(gateway, (hour, 2), now=now)
    assert (order.status, order.address, order.total_minor) == (OrderStatus.COMPLETED, {}, 8000)


def test_points_are_for_members(gateway, now, tree):
    from apps.loyalty.models import PointsEntry
    from tests.factories import memberships

    member = memberships.member(gateway, "grove", now=now)
    before = PointsEntry.objects.filter(customer=member.customer).count()
    order = orders.paid(gateway, (tree, 1), now=now, customer=member.customer)
    assert order.status == OrderStatus.PAID
    assert PointsEntry.objects.filter(customer=member.customer).count() == before + 1
