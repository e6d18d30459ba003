"""A parcel for each paid period, and for each interval of a gift; never two for one."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import sweeps
from apps.memberships.gifts import redeeming
from apps.memberships.models import Period
from apps.orders.boxes import owing
from apps.orders.models import BoxDelivery
from tests.factories import accounts, boxes, gifts, memberships

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)


def owed(subscription) -> list[tuple]:
    rows = BoxDelivery.objects.filter(subscription=subscription).order_by("number")
    return list(rows.values_list("number", "quantity", "due_at", "status"))


def renew(*, now):
    sweeps.run("memberships.bill", now=now)
    sweeps.run("billing.collect", now=now)


def test_each_paid_period_owes_a_parcel_at_its_start(gateway, now):
    subscription = boxes.subscriber(gateway, boxes.box(), now=now, quantity=3)
    assert owed(subscription) == [(0, 3, now, "due")]
    renew(now=APRIL + DAY)
    assert owed(subscription) == [(0, 3, now, "due"), (1, 3, APRIL, "due")]
    assert [row.invoice_id for row in BoxDelivery.objects.order_by("number")] == [
        period.invoice_id for period in Period.objects.order_by("start")
    ]


def test_a_period_announced_again_owes_nothing_more(gateway, now):
    subscription = boxes.subscriber(gateway, boxes.box(), now=now)
    assert owing.owe(list(Period.objects.values_list("pk", flat=True)), now=now) == 0
    assert owed(subscription) == [(0, 1, now, "due")]


def test_a_period_paid_before_it_begins_is_due_at_once(gateway, now):
    subscription = boxes.subscriber(gateway, boxes.box(), now=now)
    BoxDelivery.objects.all().delete()
    assert owing.owe([Period.objects.get().pk], now=now - DAY) == 1
    assert owed(subscription) == [(0, 1, now - DAY, "due")]


def test_a_membership_owes_no_parcel_and_asks_one_question(gateway, now, stocked):
    memberships.member(gateway, now=now)
    periods = list(Period.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as asked:
        assert owing.owe(periods, now=now) == 0
    assert len(asked) == 1
    assert not BoxDelivery.objects.exists()


def test_any_number_of_periods_is_written_in_as_many_statements(gateway, now):
    made = boxes.box()

    def statements(count: int) -> int:
        for _each in range(count):
            boxes.subscriber(gateway, made, now=now)
        BoxDelivery.objects.all().delete()
        with CaptureQueriesContext(connection) as asked:
            assert owing.owe(list(Period.objects.values_list("pk", flat=True)), now=now) == Period.objects.count()
        return len(asked)

    assert statements(1) == statements(4)


def test_a_gift_owes_a_parcel_for_each_of_its_intervals(gateway, now):
    made = boxes.box()
    gift = gifts.bought(gateway, now=now, price=made.price, periods=3)
    friend = accounts.customer()
    redeeming.redeem(gift.code, customer=friend, shown="starts", now=now)
    may = datetime(2026, 5, 10, 8, 30, tzinfo=UTC)
    assert owed(boxes.of(friend)) == [(0, 1, now, "due"), (1, 1, APRIL, "due"), (2, 1, may, "due")]

    again = gifts.bought(gateway, now=now + DAY, price=made.price, periods=1)
    redeeming.redeem(again.code, customer=friend, shown="extends", now=now + DAY)
    assert owed(boxes.of(friend))[3:] == [(3, 1, datetime(2026, 6, 10, 8, 30, tzinfo=UTC), "due")]


def test_a_gift_that_pays_for_a_box_owes_none_of_its_own(gateway, now):
    made = boxes.box()
    subscription = boxes.subscriber(gateway, made, now=now)
    gift = gifts.bought(gateway, now=now, price=made.price, periods=1)
    redeeming.redeem(gift.code, customer=subscription.customer, shown="credit", now=now)
    assert len(owed(subscription)) == 1
    sweeps.run("memberships.bill", now=APRIL)
    assert owed(subscription)[1:] == [(1, 1, APRIL, "due")]
