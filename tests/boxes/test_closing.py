"""A few days before its box closes each customer is told what is in it, once."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import services
from apps.memberships.gifts import redeeming
from apps.orders.boxes import planning
from tests.factories import accounts, boxes, gifts, memberships

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)
MAY = datetime(2026, 5, 10, 8, 30, tzinfo=UTC)
# It closes two days before, and three days before that it is said.
TIME = APRIL - 5 * DAY


@pytest.fixture
def subscription(gateway, now):
    subscription = boxes.subscriber(gateway, boxes.box(), now=now)
    sweeps.run("orders.boxes", now=now)
    return subscription


def tell(*, now) -> int:
    return sweeps.run("orders.box_closing", now=now)


def letters() -> list[Message]:
    return list(Message.objects.filter(kind="box-closing").order_by("pk"))


def test_told_once_for_each_box(subscription, now):
    sweep = sweeps.get("orders.box_closing")
    assert sweep.next_due(now=now) == TIME
    assert (tell(now=TIME - timedelta(seconds=1)), tell(now=TIME), tell(now=TIME), tell(now=TIME + DAY)) == (0, 1, 0, 0)
    sweeps.run("memberships.bill", now=APRIL)
    assert sweep.next_due(now=APRIL) == MAY - 5 * DAY
    assert tell(now=MAY - 5 * DAY) == 1
    assert len({letter.key for letter in letters()}) == 2


def test_what_the_letter_says(subscription, now):
    tell(now=TIME)
    [letter] = letters()
    assert letter.subject == f"Your {subscription.plan} on 10 April 2026"
    for words in (
        "1 × Lemons",
        "2 × Jam",
        "Until then you can change it: 8 April 2026, 10:30",
        "Charged and sent on: 10 April 2026",
        "Price, tax included: €29.00",
        "Via Roma 1",
        "/account/boxes/seasonal-box/",
    ):
        assert words in letter.text


def test_nothing_is_said_once_it_is_closed(subscription, now):
    assert tell(now=APRIL - 2 * DAY) == 0
    assert letters() == []


def test_a_skipped_box_is_told_of_before_the_day_it_comes(subscription, now):
    planning.skip(subscription.pk, customer=subscription.customer, now=now)
    assert tell(now=TIME) == 0
    sweeps.run("memberships.pause", now=APRIL)
    assert tell(now=MAY - 5 * DAY) == 1
    assert "Charged and sent on: 10 May 2026" in letters()[0].text


def test_who_has_cancelled_has_no_next_box(subscription, now):
    services.request_cancel(subscription.pk, customer=subscription.customer, now=now)
    assert tell(now=TIME) == 0
    assert sweeps.get("orders.box_closing").next_due(now=now) is None


def test_a_given_box_costs_nothing(gateway, now):
    made, friend = boxes.box(), accounts.customer()
    boxes.prepare(friend, made, now=now)
    gift = gifts.bought(gateway, now=now, price=made.price, periods=3)
    redeeming.redeem(gift.code, customer=friend, shown="starts", now=now)
    sweeps.run("orders.boxes", now=now)
    assert (tell(now=TIME), tell(now=TIME)) == (1, 0)
    [letter] = letters()
    assert "It is a gift: nothing is charged." in letter.text
    assert "Sent on: 10 April 2026" in letter.text
    assert "Price" not in letter.text


def test_members_are_not_told(gateway, now, stocked):
    memberships.member(gateway, now=now)
    boxes.box()
    assert tell(now=TIME) == 0
