"""Money for a box goes back by its share of the invoice that paid for it, and customers do not call boxes off."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing import corrections, credit
from apps.billing.models import CreditNote
from apps.catalog.models import Stock
from apps.core import sweeps
from apps.core.money import Money
from apps.mail.models import Message
from apps.memberships import services
from apps.memberships.gifts import redeeming
from apps.memberships.services import withdrawing
from apps.orders import fulfilling, refunding, rules
from apps.orders.boxes import ending, planning
from apps.orders.errors import OrderRefused, TooMuch
from apps.orders.models import BoxDelivery, Order
from tests.factories import accounts, boxes, catalog, gifts, memberships, orders

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)


@pytest.fixture
def made(db):
    return boxes.box()


def given_boxes(gateway, made, *, now) -> list[Order]:
    """Three orders of a gift of three boxes."""
    friend = accounts.customer()
    boxes.prepare(friend, made, now=now)
    gift = gifts.bought(gateway, now=now, price=made.price, periods=3)
    redeeming.redeem(gift.code, customer=friend, shown="starts", now=now)
    sweeps.run("orders.boxes", now=now + 90 * DAY)
    return list(Order.objects.order_by("delivery__number"))


def give_back(order, count, *, now, key="a", restock=False):
    return refunding.give_back(
        order.pk,
        pieces={order.lines.get().pk: count},
        shipping=False,
        restock=restock,
        reason="bruised",
        actor="staff",
        key=key,
        now=now,
    )


def test_one_of_several_boxes(gateway, made, now):
    promotion = memberships.promotion(now=now, percent_basis_points=1000)
    order = boxes.sent(gateway, made, now=now, quantity=3, promotion=promotion)
    refund = give_back(order, 1, now=now)
    assert refund.amount == Money(2610, "EUR")
    note = CreditNote.objects.get()
    assert (note.invoice, note.total_minor, note.tax_minor) == (order.invoice, 2610, 471)
    assert sorted(line.amount_minor for line in note.lines.all()) == [-290, 2900]
    assert give_back(order, 2, now=now, key="b").amount == Money(5220, "EUR")
    assert not any(corrections.left_of_lines(order.invoice).values())
    with pytest.raises(TooMuch):
        give_back(order, 1, now=now, key="c")
    assert CreditNote.objects.count() == 2


def test_staff_cancel_a_box(gateway, made, now):
    order = boxes.sent(gateway, made, now=now, quantity=2)
    refunding.cancel(order.pk, reason="Cancelled by us", actor="staff", now=now)
    order.refresh_from_db()
    assert (order.status, order.refunds.get().amount) == ("cancelled", Money(5800, "EUR"))
    assert not any(corrections.left_of_lines(order.invoice).values())
    sweeps.run("billing.refund", now=now)
    assert order.invoice.payments.get().refunds.counted().total_minor() == 5800


def test_a_given_box_is_its_share_and_becomes_credit(gateway, made, now):
    first, second, _third = given_boxes(gateway, made, now=now)
    assert give_back(first, 1, now=now).amount == Money(2900, "EUR")
    refunding.cancel(second.pk, reason="Cancelled by us", actor="staff", now=now)
    assert credit.balance(first.customer, "EUR") == Money(5800, "EUR")
    invoice = first.delivery.invoice
    assert sum(corrections.left_of_lines(invoice).values()) == 2900
    with pytest.raises(TooMuch):
        give_back(first, 1, now=now, key="b")
    assert credit.balance(first.customer, "EUR") == Money(5800, "EUR")


def test_the_customer_does_not_cancel_a_box(gateway, made, now):
    order = boxes.sent(gateway, made, now=now)
    assert not order.may_be_cancelled
    with pytest.raises(OrderRefused):
        refunding.cancel(order.pk, reason="", actor=order.email, until_packed=True, now=now)
    order.refresh_from_db()
    assert (order.status, CreditNote.objects.count()) == ("paid", 0)


def test_what_goes_with_a_cancelled_box_is_sent_alone(gateway, made, now):
    order = boxes.sent(gateway, made, now=now)
    extra = orders.paid(gateway, (catalog.product(left=5).variants.get(), 1), now=now, customer=order.customer)
    Order.objects.filter(pk=extra.pk).update(goes_with=order.delivery.subscription, packed_with=order)
    refunding.cancel(order.pk, reason="Cancelled by us", actor="staff", now=now)
    extra.refresh_from_db()
    assert (extra.goes_with, extra.packed_with, extra.status) == (None, None, "paid")


def withdraw(subscription, *, now, **how):
    return services.withdraw(subscription.pk, customer=subscription.customer, declared_at=now, now=now, **how)


def test_who_withdraws_gets_no_box_and_all_the_money(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now)
    assert withdraw(subscription, now=now).total == Money(2900, "EUR")
    assert [row.status for row in BoxDelivery.objects.all()] == ["cancelled"]
    assert sweeps.run("orders.boxes", now=now) == 0
    assert CreditNote.objects.count() == 1


def test_a_box_that_has_not_left_is_called_off(gateway, made, now):
    order = boxes.sent(gateway, made, now=now)
    subscription = boxes.of(order.customer)
    fulfilling.pack(order.pk, actor="staff", now=now)
    assert not ending.has_parcel(subscription.pk)
    withdraw(subscription, now=now)
    order.refresh_from_db()
    assert (order.status, order.lines.get().left) == ("cancelled", 0)
    assert (CreditNote.objects.count(), CreditNote.objects.get().total_minor) == (1, 2900)
    assert order.refunds.count() == 0


def test_a_box_that_has_left_is_paid_back_when_it_is_here_again(gateway, made, now):
    """The contract ends at once; of two boxes the one that has not left goes back at once too."""
    order = boxes.sent(gateway, made, now=now)
    subscription = boxes.of(order.customer)
    planning.order_now(subscription.pk, customer=order.customer, now=now + DAY)
    sweeps.run("billing.collect", now=now + DAY)
    fulfilling.pack(order.pk, actor="staff", now=now)
    fulfilling.ship(order.pk, carrier="DHL", actor="staff", now=now)
    assert withdrawing.goods_are_out(subscription)
    withdraw(subscription, now=now + DAY, refund=False)
    order.refresh_from_db()
    assert (order.status, [row.status for row in BoxDelivery.objects.order_by("number")]) == (
        "shipped",
        ["ordered", "cancelled"],
    )
    assert CreditNote.objects.get().total_minor == 2900
    withdrawing.give_back(subscription.pk, actor="staff", now=now + 5 * DAY)
    assert sum(note.total_minor for note in CreditNote.objects.all()) == 5800


def test_what_is_not_sent_is_given_back_where_withdrawing_did_not(gateway, made, now):
    """A contract that ends without a refund, since a parcel is with the customer: another that never left is paid
    back."""
    subscription = boxes.subscriber(gateway, made, now=now)
    ending.ended(subscription.pk, reason="withdrawn", now=now)
    ending.ended(subscription.pk, reason="withdrawn", now=now)
    assert [row.status for row in BoxDelivery.objects.all()] == ["cancelled"]
    assert CreditNote.objects.get().total_minor == 2900


def test_who_cancels_gets_what_is_paid_for(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now)
    services.request_cancel(subscription.pk, customer=subscription.customer, now=now)
    sweeps.run("memberships.end", now=APRIL)
    subscription.refresh_from_db()
    assert (subscription.status, sweeps.run("orders.boxes", now=APRIL)) == ("ended", 1)
    assert Order.objects.get().status == "paid"
    assert not Message.objects.filter(kind="order-cancelled").exists()


def test_pieces_return_to_the_shelf(gateway, made, now):
    order = boxes.sent(gateway, made, now=now, quantity=2)
    refunding.cancel(order.pk, reason="Cancelled by us", actor="staff", now=now)
    assert dict(Stock.objects.values_list("variant", "available")) == {
        made.lemons.pk: 100,
        made.oranges.pk: 100,
        made.jam.pk: 100,
    }


def test_pieces_of_one_box_return_when_it_came_back(gateway, made, now):
    order = boxes.sent(gateway, made, now=now, quantity=2)
    give_back(order, 1, now=now, restock=True)
    assert dict(Stock.objects.values_list("variant", "available")) == {
        made.lemons.pk: 99,
        made.oranges.pk: 100,
        made.jam.pk: 98,
    }


def test_a_withdrawn_box_that_has_not_left_returns_to_the_shelf(gateway, made, now):
    order = boxes.sent(gateway, made, now=now)
    withdraw(boxes.of(order.customer), now=now)
    assert set(Stock.objects.values_list("available", flat=True)) == {100}


@given(
    st.integers(-(10**7), 10**7),
    st.integers(1, 12),
    st.lists(st.integers(1, 5), min_size=1, max_size=5),
)
def test_shares_of_shares_sum_to_the_line(amount, parcels, counts):
    """Parcel by parcel, and in each box by box, all of a line comes back and no more."""
    boxes_in_one, back = sum(counts), 0
    for place in range(parcels):
        mine = rules.share_of(amount, quantity=parcels, given_back=place, pieces=1)
        before = 0
        for count in counts:
            back += rules.share_of(mine, quantity=boxes_in_one, given_back=before, pieces=count)
            before += count
    assert back == amount
