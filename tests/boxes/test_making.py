"""Parcels that are due become paid orders, filled with what was picked as far as it is there."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import corrections
from apps.catalog.models import Stock
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships.gifts import redeeming
from apps.orders.models import Box, BoxDelivery, BoxRecipient, Order, OrderPiece
from tests.factories import accounts, boxes, catalog, gifts, memberships

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)


def make(*, now) -> int:
    return sweeps.run("orders.boxes", now=now)


def left(variant) -> int:
    return Stock.objects.get(variant=variant).available


def pieces(order) -> dict:
    return dict(OrderPiece.objects.filter(line__order=order).values_list("variant_id", "quantity"))


def held() -> list[str]:
    return list(BoxDelivery.objects.filter(status="held").values_list("held_for", flat=True))


def test_a_due_parcel_becomes_a_paid_order(gateway, now):
    made = boxes.box()
    subscription = boxes.subscriber(gateway, made, now=now, picked=made.oranges, quantity=2)
    assert make(now=now) == 1
    order, delivery = Order.objects.get(), BoxDelivery.objects.get()
    line = order.lines.get()
    assert (delivery.status, delivery.order, order.kind, order.status) == ("ordered", order, "box", "paid")
    assert (order.customer, order.email) == (subscription.customer, subscription.customer.email)
    assert (order.address, order.country) == (boxes.WHERE, "IT")
    assert order.invoice == delivery.invoice == subscription.periods.get().invoice
    assert (order.goods_minor, order.discount_minor, order.total_minor, order.tax_minor) == (5800, 0, 5800, 1046)
    assert order.tax_basis_points == 2200
    assert (line.quantity, line.unit_minor, line.amount_minor, line.is_shipped) == (2, 2900, 5800, True)
    assert pieces(order) == {made.oranges.pk: 1, made.jam.pk: 2}
    assert (left(made.lemons), left(made.oranges), left(made.jam)) == (100, 98, 96)
    assert [(row.old, row.new) for row in order.history.all()] == [("", "pending"), ("pending", "paid")]
    assert make(now=now) == 0
    assert Order.objects.count() == 1


def test_a_parcel_waits_for_its_day(gateway, now):
    made = boxes.box()
    gift = gifts.bought(gateway, now=now, price=made.price, periods=3)
    friend = accounts.customer()
    boxes.prepare(friend, made, now=now)
    redeeming.redeem(gift.code, customer=friend, shown="starts", now=now)
    assert (make(now=now), make(now=APRIL - DAY), make(now=APRIL)) == (1, 0, 1)
    assert sweeps.get("orders.boxes").next_due(now=APRIL) == datetime(2026, 5, 10, 8, 30, tzinfo=UTC)


def test_the_orders_of_a_gift_share_its_worth_and_have_no_invoice(gateway, now):
    made = boxes.box(amount_minor=1000)
    gift = gifts.bought(gateway, now=now, price=made.price, periods=3)
    friend = accounts.customer()
    boxes.prepare(friend, made, now=now)
    redeeming.redeem(gift.code, customer=friend, shown="starts", now=now)
    invoice = boxes.of(friend).periods.get().invoice
    assert make(now=now + 90 * DAY) == 3
    orders = Order.objects.order_by("delivery__number")
    assert [order.invoice for order in orders] == [None, None, None]
    assert [order.total_minor for order in orders] == [1000, 1000, 1000]
    assert sum(order.tax_minor for order in orders) == invoice.tax_minor == 541
    assert [order.tax_minor for order in orders] == [180, 180, 181]


def test_a_promotion_is_the_discount_of_the_order(gateway, now):
    half = memberships.promotion(now=now)
    order = boxes.sent(gateway, boxes.box(), now=now, promotion=half, quantity=3)
    assert (order.goods_minor, order.discount_minor, order.total_minor) == (8700, 4350, 4350)
    assert (order.total_minor, order.tax_minor) == (order.invoice.total_minor, order.invoice.tax_minor)


def test_added_tax_is_in_the_price_of_a_box(gateway, now):
    made = boxes.box(tax_included=False, amount_minor=1003)
    order = boxes.sent(gateway, made, now=now, quantity=3)
    line = order.lines.get()
    # 3009 and 22 per cent are 3671: each box 1224, and the rest of the rounding is a discount of 1.
    assert (line.unit_minor, line.amount_minor, line.discount_minor) == (1224, 3672, 1)
    assert (order.total_minor, order.tax_minor) == (order.invoice.total_minor, order.invoice.tax_minor) == (3671, 662)


def test_the_choice_for_the_next_one_holds_once(gateway, now):
    made = boxes.box()
    boxes.subscriber(gateway, made, now=now)
    BoxRecipient.objects.update(next_choices={str(made.fruit.pk): made.oranges.pk})
    make(now=now)
    sweeps.run("memberships.bill", now=APRIL)
    sweeps.run("billing.collect", now=APRIL)
    make(now=APRIL)
    first, second = Order.objects.order_by("pk")
    assert (pieces(first), pieces(second)) == (
        {made.oranges.pk: 1, made.jam.pk: 2},
        {made.lemons.pk: 1, made.jam.pk: 2},
    )
    assert BoxRecipient.objects.get().next_choices is None


def test_what_was_picked_and_is_sold_out_gives_way_to_what_is_there(gateway, now):
    made = boxes.box()
    catalog.shelves.correct(made.lemons, available=1, key="count", now=now)
    boxes.subscriber(gateway, made, now=now, quantity=2)
    make(now=now)
    order = Order.objects.get()
    assert pieces(order) == {made.oranges.pk: 1, made.jam.pk: 2}
    assert (left(made.lemons), left(made.oranges)) == (1, 98)
    letter = Message.objects.get(kind="box-substituted")
    assert f"{made.oranges} instead of {made.lemons}" in letter.text
    assert BoxRecipient.objects.get().picked == {made.fruit.pk: made.lemons.pk}


def test_nothing_left_waits_for_a_person(gateway, now):
    made = boxes.box(left=1)
    boxes.subscriber(gateway, made, now=now)
    assert make(now=now) == 1
    assert held() == ["Nothing is left for “The jars”."]
    assert not Order.objects.exists()
    assert (left(made.lemons), left(made.jam)) == (1, 1)
    assert make(now=now) == 0


def test_without_an_address_the_customer_is_asked(gateway, now):
    boxes.subscriber(gateway, boxes.box(), now=now, address=None)
    assert make(now=now) == 1
    assert held() == ["The customer has not said where to send it."]
    letter = Message.objects.get(kind="box-held-address")
    assert "/account/boxes/seasonal-box/" in letter.text
    assert not Order.objects.exists()


def test_one_that_cannot_be_made_does_not_stop_the_others(gateway, now):
    broken, whole = boxes.box(rank=101), boxes.box(rank=102)
    boxes.subscriber(gateway, broken, now=now)
    boxes.subscriber(gateway, whole, now=now)
    Box.objects.filter(pk=broken.box.pk).delete()
    assert make(now=now) == 2
    assert held() == ["Nobody has said what is in the box of this plan."]
    assert Order.objects.get().lines.get().variant.product == whole.box.product


def test_what_was_given_back_before_is_not_sent(gateway, now):
    boxes.subscriber(gateway, boxes.box(), now=now)
    invoice = BoxDelivery.objects.get().invoice
    everything = corrections.left_of_lines(invoice)
    corrections.lines(invoice.pk, chosen=everything, key="all", reason="sorry", now=now)
    assert make(now=now) == 1
    assert BoxDelivery.objects.get().status == "cancelled"
    assert not Order.objects.exists()
