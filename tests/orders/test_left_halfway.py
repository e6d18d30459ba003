"""Pages that were closed, banks that answer late, and companies: the money and the pieces are where they belong."""

from datetime import timedelta

import pytest

from apps.billing import janitor
from apps.billing.gateway.behaviours import authenticate
from apps.billing.models import Payment
from apps.catalog.models import Stock
from apps.core import sweeps
from apps.mail.models import Message
from apps.orders import buying, refunding
from apps.orders.models import Basket, Order, OrderStatus
from tests.factories import accounts, billing, catalog, orders

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def tree():
    return catalog.product(price=5000, left=10, name="Lemon tree").variants.get()


def left(variant) -> int:
    return Stock.objects.get(variant=variant).available


def test_a_page_that_was_closed_before_the_charge(gateway, now, tree):
    user = billing.payer(gateway, now=now)
    order = orders.begin(orders.basket((tree, 2), now=now, customer=user), customer=user, now=now)
    buying._place(order.pk, user.billing_profile.cards.get(), now=now)
    assert left(tree) == 8
    sweeps.run("billing.collect", now=now + 20 * MINUTE)
    sweeps.run("billing.janitor", now=now + 31 * MINUTE)
    sweeps.run("orders.abandon", now=now + 60 * MINUTE)
    sweeps.run("billing.dunning", now=now + 2 * DAY)
    order.refresh_from_db()
    assert (order.status, order.invoice.status, left(tree)) == (OrderStatus.CANCELLED, "void", 10)
    assert not Payment.objects.filter(status="succeeded").exists()
    assert not Message.objects.exists()


def test_money_that_comes_too_late_goes_back(gateway, now, tree):
    begun = orders.begin(orders.basket((tree, 2), now=now), now=now)
    order = orders.pay(gateway, begun, now=now, script=(authenticate(),))
    payment = order.invoice.payments.get()
    sweeps.run("orders.abandon", now=now + 60 * MINUTE)
    gateway.confirm(payment.gateway_id)
    janitor.check_due(now=now + 61 * MINUTE)
    sweeps.run("billing.refund", now=now + 62 * MINUTE)
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, left(tree), payment.status, payment.surplus) == ("cancelled", 10, "succeeded", True)
    assert payment.refunds.get().status == "succeeded"
    assert not Message.objects.filter(kind="order-confirmed").exists()


def test_a_bank_that_says_yes_in_time_makes_it_a_paid_order_without_the_page(gateway, now, tree):
    begun = orders.begin(orders.basket((tree, 2), now=now), now=now)
    order = orders.pay(gateway, begun, now=now, script=(authenticate(),))
    gateway.confirm(order.invoice.payments.get().gateway_id)
    janitor.check_due(now=now + 30 * MINUTE)
    order.refresh_from_db()
    assert (order.status, left(tree)) == (OrderStatus.PAID, 8)


def test_an_order_that_never_came_to_a_card_is_closed(gateway, now, tree):
    order = orders.begin(orders.basket((tree, 2), now=now), now=now)
    assert sweeps.run("orders.abandon", now=now + 60 * MINUTE) == 1
    order.refresh_from_db()
    assert (order.status, order.invoice, left(tree)) == (OrderStatus.CANCELLED, None, 10)
    assert Basket.objects.get().lines.get().quantity == 2


def test_baskets_are_forgotten_after_a_season(now, tree):
    orders.basket((tree, 1), now=now)
    kept = orders.basket((tree, 1), now=now + DAY)
    assert sweeps.run("orders.forget_baskets", now=now + 90 * DAY) == 1
    assert Basket.objects.get() == kept


def test_a_company_pays_no_tax_where_its_number_counts(gateway, now, tree):
    user = accounts.customer(country="DE")
    billing.company(user, now=now)
    order = orders.paid(gateway, (tree, 1), now=now, customer=user, address=orders.BERLIN)
    # 61.90 with 19 % in it: 42.02 and 10.00 are left of 50.00 and 11.90.
    assert (order.total_minor, order.tax_minor, order.invoice.total_minor) == (5202, 0, 5202)
    line = order.lines.get()
    refund = refunding.give_back(
        order.pk, pieces={line.pk: 1}, shipping=True, restock=False, reason="Frost", actor="x", key="1", now=now
    )
    assert refund.amount_minor == 5202
    abroad = orders.paid(gateway, (tree, 1), now=now, customer=user)
    assert (abroad.total_minor, abroad.tax_minor) == (5590, 1008)
    assert Order.objects.count() == 2
