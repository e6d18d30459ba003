"""The books of orders, computed again from what they were computed from."""

from datetime import UTC, datetime

from apps.billing import replay
from apps.core import sweeps
from apps.orders import baskets, refunding
from tests.factories import catalog, memberships, orders

NOW = datetime(2026, 4, 30, 10, 0, tzinfo=UTC)


def test_every_invoice_of_an_order_comes_out_the_same_again(own_database, gateway):
    things = [catalog.product(price=price).variants.get() for price in (5000, 999, 1)]
    code = memberships.promotion(now=NOW, code="SPRING", for_goods=True, percent_basis_points=3333)
    basket = orders.basket(*[(thing, 2) for thing in things], now=NOW)
    baskets.set_promotion(basket, code, now=NOW)
    order = orders.pay(gateway, orders.begin(basket, now=NOW), now=NOW)
    orders.paid(gateway, (things[0], 7), now=NOW, address=orders.BERLIN)
    refunding.give_back(
        order.pk,
        pieces={order.lines.first().pk: 1},
        shipping=True,
        restock=True,
        reason="Frost",
        actor="x",
        key="1",
        now=NOW,
    )
    sweeps.run("billing.refund", now=NOW)
    differences = [difference for batch in replay.walk() for difference in batch.differences] + replay.whole_ledger()
    assert (differences, replay.count()) == ([], 2)
