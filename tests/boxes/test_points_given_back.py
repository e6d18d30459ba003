"""The points that boxes brought go back with their money: all of them and each once, in whatever order it happens."""

from datetime import timedelta

import pytest

from apps.billing.models import CreditNote
from apps.core import sweeps
from apps.loyalty import services as loyalty
from apps.loyalty.models import PointsAccount
from apps.memberships import services
from apps.memberships.services import withdrawing
from apps.orders import fulfilling, refunding
from apps.orders.boxes import ending, planning
from apps.orders.errors import TooMuch
from apps.orders.models import BoxDelivery, Order
from tests.factories import boxes, memberships

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# Held from before, of which nothing may be taken.
OWN = 1000
# Five for each euro of 29.00, and a quarter more in the Grove.
BROUGHT = 181


@pytest.fixture
def first(gateway, now) -> Order:
    """The first of two paid boxes of a member, which is out; the second has not left. Each brought points."""
    member = memberships.member(gateway, now=now).customer
    held = PointsAccount.objects.balance_of(member)
    loyalty.adjust(member.pk, points=OWN - held, key="own", reason="Thanks", now=now, currency="EUR")
    order = boxes.sent(gateway, boxes.box(), now=now, user=member)
    planning.order_now(boxes.of(order.customer).pk, customer=order.customer, now=now + DAY)
    sweeps.run("billing.collect", now=now + DAY)
    fulfilling.pack(order.pk, actor="staff", now=now)
    fulfilling.ship(order.pk, carrier="DHL", actor="staff", now=now)
    return order


def held(order: Order) -> int:
    return PointsAccount.objects.balance_of(order.customer)


def credited() -> int:
    return sum(CreditNote.objects.values_list("total_minor", flat=True))


def withdraw(order: Order, *, now) -> int:
    subscription = boxes.of(order.customer)
    services.withdraw(subscription.pk, customer=order.customer, declared_at=now, now=now, refund=False)
    return subscription.pk


def refund_parcel(order: Order, *, now):
    facts = {"shipping": False, "restock": True, "reason": "Here again", "actor": "staff", "key": "parcel"}
    return refunding.give_back(order.pk, pieces={order.lines.get().pk: 1}, **facts, now=now)


def test_what_never_left_takes_its_points_along_at_once(first, now):
    assert held(first) == OWN + 2 * BROUGHT
    withdraw(first, now=now + DAY)
    assert [row.status for row in BoxDelivery.objects.order_by("number")] == ["ordered", "cancelled"]
    assert (credited(), held(first)) == (2900, OWN + BROUGHT)


def test_a_parcel_that_staff_refund_by_hand_loses_its_points_once(first, now):
    subscription = withdraw(first, now=now + DAY)
    refund_parcel(first, now=now + 5 * DAY)
    assert (credited(), held(first)) == (5800, OWN)
    withdrawing.give_back(subscription, actor="staff", now=now + 6 * DAY)
    assert (credited(), held(first)) == (5800, OWN)


def test_a_parcel_that_the_withdrawal_refunds_loses_its_points_once(first, now):
    subscription = withdraw(first, now=now + DAY)
    withdrawing.give_back(subscription, actor="staff", now=now + 5 * DAY)
    assert (credited(), held(first)) == (5800, OWN)
    with pytest.raises(TooMuch):
        refund_parcel(first, now=now + 6 * DAY)
    assert (credited(), held(first)) == (5800, OWN)


def test_one_that_was_made_but_has_not_left_too(gateway, first, now):
    sweeps.run("orders.boxes", now=now + DAY)
    assert Order.objects.count() == 2
    subscription = withdraw(first, now=now + DAY)
    assert (credited(), held(first)) == (2900, OWN + BROUGHT)
    withdrawing.give_back(subscription, actor="staff", now=now + 5 * DAY)
    assert (credited(), held(first)) == (5800, OWN)


def test_a_withdrawal_after_a_refund_by_hand_takes_the_rest(first, now):
    refund_parcel(first, now=now + DAY)
    assert (credited(), held(first)) == (2900, OWN + BROUGHT)
    subscription = boxes.of(first.customer)
    assert withdrawing.points_lost(subscription) == BROUGHT
    services.withdraw(subscription.pk, customer=first.customer, declared_at=now + DAY, now=now + DAY)
    assert (credited(), held(first)) == (5800, OWN)


def test_an_end_that_is_told_twice_takes_nothing_twice(first, now):
    subscription = withdraw(first, now=now + DAY)
    ending.ended(subscription, reason="withdrawn", now=now + DAY)
    assert (credited(), held(first)) == (2900, OWN + BROUGHT)
