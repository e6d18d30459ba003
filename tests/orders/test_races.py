"""More hands than pieces: nothing is sold that is not there, and nobody pays for nothing."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

from apps.billing import gateway as gateways
from apps.billing.models import Invoice, Payment
from apps.catalog.models import Stock
from apps.core import sweeps
from apps.orders import baskets, buying, refunding
from apps.orders.errors import OrderRefused
from apps.orders.models import BasketLine, Order, OrderPiece, OrderRefund
from tests.factories import billing, catalog, kits, orders
from tests.memberships.together import together

NOW = datetime(2026, 4, 30, 10, 0, tzinfo=UTC)
BUYERS, PIECES = 50, 10


def pay(gateway, order, user, card):
    """Pay with a saved card, in a thread of its own."""

    def act():
        with gateways.using(gateway):
            buying.complete_with_card(order.token, user=user, card_id=card, now=NOW)

    return act


def test_fifty_buyers_and_ten_pieces(own_database, gateway):
    rare = catalog.product(price=5000, left=PIECES).variants.get()
    begun = []
    for _each in range(BUYERS):
        user = billing.payer(gateway, now=NOW)
        basket = orders.basket((rare, 1), now=NOW, customer=user)
        begun.append((orders.begin(basket, customer=user, now=NOW), user, user.billing_profile.cards.get().pk))

    assert together(*[pay(gateway, *one) for one in begun]) == []
    assert Counter(Order.objects.values_list("status", flat=True)) == {"paid": PIECES, "cancelled": BUYERS - PIECES}
    assert Stock.objects.get(variant=rare).available == 0
    assert Invoice.objects.count() == PIECES
    assert Counter(Payment.objects.values_list("status", flat=True)) == {"succeeded": PIECES}


def test_the_last_piece_goes_to_a_bundle_or_to_a_single_buyer(own_database, gateway):
    kit = kits.make(small=3)
    begun = []
    for number in range(12):
        user = billing.payer(gateway, now=NOW)
        basket = orders.basket(now=NOW, customer=user)
        if number % 2:
            kits.put(basket, kit, kit.small, now=NOW)
        else:
            baskets.add(basket, kit.small.pk, quantity=1, currency="EUR", now=NOW)
        begun.append((orders.begin(basket, customer=user, now=NOW), user, user.billing_profile.cards.get().pk))

    assert together(*[pay(gateway, *one) for one in begun]) == []
    assert Counter(Order.objects.values_list("status", flat=True)) == {"paid": 3, "cancelled": 9}
    bundled = OrderPiece.objects.filter(variant=kit.small, line__order__status="paid").count()
    assert kit.left() == (20 - 2 * bundled, 0, 5)
    assert Counter(Payment.objects.values_list("status", flat=True)) == {"succeeded": 3}
    assert BasketLine.objects.count() == 9


def test_one_order_paid_from_many_windows_is_charged_once(own_database, gateway):
    tree = catalog.product(price=5000, left=10).variants.get()
    user = billing.payer(gateway, now=NOW)
    order = orders.begin(orders.basket((tree, 2), now=NOW, customer=user), customer=user, now=NOW)
    card = user.billing_profile.cards.get().pk
    assert together(*[pay(gateway, order, user, card)] * 6) == []
    order.refresh_from_db()
    assert (order.status, Payment.objects.count(), Stock.objects.get(variant=tree).available) == ("paid", 1, 8)


def test_money_goes_back_once_whoever_asks(own_database, gateway):
    tree = catalog.product(price=5000, left=10).variants.get()
    order = orders.paid(gateway, (tree, 2), now=NOW)
    line = order.lines.get()

    def give_back(key):
        def act():
            with suppress(OrderRefused):
                refunding.give_back(
                    order.pk,
                    pieces={line.pk: 2},
                    shipping=False,
                    restock=False,
                    reason="broken",
                    actor="staff",
                    key=key,
                    now=NOW,
                )

        return act

    def cancel():
        with suppress(OrderRefused):
            refunding.cancel(order.pk, reason="changed my mind", actor="customer", now=NOW)

    assert together(give_back("a"), give_back("a"), give_back("b"), cancel, cancel) == []
    order.refresh_from_db()
    sweeps.run("billing.refund", now=NOW)
    back = sum(OrderRefund.objects.values_list("amount_minor", flat=True))
    assert back == order.total_minor == order.invoice.payments.get().refunds.counted().total_minor()
