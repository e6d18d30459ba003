"""What is bought beside a box can come with the next one, free; it is packed and sent with it, or alone after all."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing.gateway.behaviours import decline
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import services
from apps.memberships.services import pausing
from apps.orders import fulfilling
from apps.orders.boxes import extras, planning
from apps.orders.errors import OrderRefused
from apps.orders.models import Order
from tests.factories import accounts, boxes, catalog, orders

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)
CLOSES = APRIL - 2 * DAY


@pytest.fixture
def made(db):
    return boxes.box()


@pytest.fixture
def subscription(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now, address={**boxes.WHERE, "line1": "Via del Box 9"})
    sweeps.run("orders.boxes", now=now)
    return subscription


@pytest.fixture
def tool(db):
    return catalog.product(price=2000, left=10, name="A pair of secateurs").variants.get()


def quote(tool, *, customer, now, country="IT", rate_id=extras.NEXT_BOX):
    basket = orders.basket((tool, 1), now=now, customer=customer)
    return orders.quote(basket, customer=customer, now=now, country=country, rate_id=rate_id)


def buy(gateway, tool, subscription, *, now) -> Order:
    """An extra for the next box."""
    customer = subscription.customer
    shown = quote(tool, customer=customer, now=now)
    order = orders.begin(
        orders.basket(now=now, customer=customer),
        customer=customer,
        now=now,
        digest=shown.digest,
        rate_id=extras.NEXT_BOX,
    )
    return orders.pay(gateway, order, now=now)


def fresh(order) -> Order:
    return Order.objects.get(pk=order.pk)


def test_the_next_box_is_the_last_way_and_free(subscription, tool, now):
    shown = quote(tool, customer=subscription.customer, now=now)
    assert [way.pk for way in shown.ways][-1] == extras.NEXT_BOX
    assert (shown.way.name, shown.way.detail) == ("With your next box on 10 April 2026", "to Via del Box 9, Sorrento")
    assert (shown.shipping.minor, shown.total.minor) == (0, 2000)
    usual = quote(tool, customer=subscription.customer, now=now, rate_id=None)
    assert usual.way == usual.ways[0]
    assert usual.shipping.minor == 590


def test_only_an_open_box_in_the_same_country_takes_something_with_it(subscription, tool, now):
    def offered(**how):
        wish = {"customer": subscription.customer, "now": now, **how}
        return extras.NEXT_BOX in [way.pk for way in quote(tool, **wish).ways]

    heavy = catalog.product(price=2000).variants.get()
    heavy.weight_grams = 50_000
    heavy.save()
    assert offered()
    assert not offered(country="DE")
    assert not offered(now=CLOSES)
    assert not offered(customer=accounts.customer())
    assert not offered(customer=None)
    orders.basket((heavy, 1), now=now, customer=subscription.customer)
    assert not offered()


def test_it_goes_where_the_box_goes_and_waits_for_it(gateway, subscription, made, tool, now):
    order = buy(gateway, tool, subscription, now=now)
    assert (order.status, order.goes_with, order.packed_with) == ("paid", subscription, None)
    assert (order.shipping_minor, order.total_minor, order.address["line1"]) == (0, 2000, "Via del Box 9")
    assert order not in Order.objects.all().to_pack()
    assert planning.upcoming(subscription, now=now).extras == [order]
    with pytest.raises(OrderRefused):
        fulfilling.pack(order.pk, actor="staff", now=now)
    assert fresh(order).status == "paid"

    renew(now=APRIL)
    order, box = fresh(order), Order.objects.filter(kind="box").latest("pk")
    assert (order.packed_with, order.status) == (box, "paid")
    assert list(Order.objects.all().to_pack().filter(delivery__number=1)) == [box]


def renew(*, now):
    sweeps.run("memberships.bill", now=now)
    sweeps.run("billing.collect", now=now)
    sweeps.run("orders.boxes", now=now)


def test_packed_sent_and_delivered_with_the_box(gateway, subscription, tool, now):
    order = buy(gateway, tool, subscription, now=now)
    renew(now=APRIL)
    box = Order.objects.filter(kind="box").latest("pk")
    fulfilling.pack(box.pk, actor="staff", now=APRIL)
    assert fresh(order).status == "packed"
    with pytest.raises(OrderRefused):
        fulfilling.ship(order.pk, carrier="DHL", actor="staff", now=APRIL)
    fulfilling.ship(box.pk, carrier="DHL", tracking_number="JD01", actor="staff", now=APRIL)
    assert [fresh(row).status for row in (box, order)] == ["shipped", "shipped"]
    assert [row.shipments.get().tracking_number for row in (box, order)] == ["JD01", "JD01"]
    letter = Message.objects.get(kind="order-shipped")
    assert box.lines.get().description in letter.text
    assert "A pair of secateurs" in letter.text
    fulfilling.deliver(box.pk, actor="staff", now=APRIL + DAY)
    assert [fresh(row).status for row in (box, order)] == ["delivered", "delivered"]


def alone(order, *, now) -> bool:
    """Whether the order is sent by itself after the next sweep."""
    assert sweeps.get("orders.boxes").next_due(now=now) <= now
    assert sweeps.run("orders.boxes", now=now) >= 1
    order = fresh(order)
    assert (order.goes_with, order.packed_with) == (None, None)
    return order in Order.objects.all().to_pack()


def test_the_box_ends(gateway, subscription, tool, now):
    order = buy(gateway, tool, subscription, now=now)
    services.request_cancel(subscription.pk, customer=subscription.customer, now=now)
    assert alone(order, now=now)


def test_the_box_is_refused(gateway, made, tool, now):
    subscription = boxes.subscriber(gateway, made, now=now, script=(decline("insufficient_funds", first=2),))
    sweeps.run("orders.boxes", now=now)
    order = buy(gateway, tool, subscription, now=now)
    sweeps.run("memberships.bill", now=APRIL)
    sweeps.run("billing.collect", now=APRIL)
    subscription.refresh_from_db()
    assert subscription.status == "past_due"
    assert alone(order, now=APRIL)


def test_the_box_is_held(gateway, subscription, made, tool, now):
    order = buy(gateway, tool, subscription, now=now)
    catalog.shelves.correct(made.jam, available=0, key="gone", now=now)
    renew(now=APRIL)
    order = fresh(order)
    assert (order.goes_with, order in Order.objects.all().to_pack()) == (None, True)


def test_the_shop_puts_the_box_off(gateway, subscription, tool, now):
    order = buy(gateway, tool, subscription, now=now)
    until = {"until": APRIL + 30 * DAY, "customer": subscription.customer}
    pausing.request_pause_until(subscription.pk, by_shop=True, now=now, **until)
    assert alone(order, now=now)


def test_the_customer_moves_the_box_and_the_extra_with_it(gateway, subscription, tool, now):
    order = buy(gateway, tool, subscription, now=now)
    planning.skip(subscription.pk, customer=subscription.customer, now=now)
    assert sweeps.run("orders.boxes", now=now) == 0
    assert fresh(order).goes_with == subscription


def test_what_was_paid_too_late_for_its_box(gateway, subscription, tool, now):
    order = buy(gateway, tool, subscription, now=APRIL - 3 * DAY)
    Order.objects.filter(pk=order.pk).update(status="pending", paid_at=None)
    renew(now=APRIL)
    assert fresh(order).packed_with is None
    Order.objects.filter(pk=order.pk).update(status="paid", paid_at=APRIL + DAY)
    assert alone(order, now=APRIL + DAY)


def test_the_box_goes_to_another_address_and_the_extra_with_it(gateway, subscription, tool, now):
    order = buy(gateway, tool, subscription, now=now)
    there = {**boxes.WHERE, "line1": "Via Nuova 3"}
    planning.set_address(subscription.pk, customer=subscription.customer, address=there, now=now)
    assert (fresh(order).goes_with, fresh(order).address) == (subscription, there)
    abroad = {**orders.BERLIN, "phone": ""}
    planning.set_address(subscription.pk, customer=subscription.customer, address=abroad, now=now)
    assert (fresh(order).goes_with, fresh(order).address) == (None, there)


def test_staff_do_not_wait(gateway, subscription, tool, now):
    order = buy(gateway, tool, subscription, now=now)
    extras.send_alone(order.pk, actor="staff", now=now)
    assert fulfilling.pack(order.pk, actor="staff", now=now).status == "packed"
    with pytest.raises(OrderRefused):
        extras.send_alone(order.pk, actor="staff", now=now)
