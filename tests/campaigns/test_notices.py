"""Notices before a long renewal."""

from datetime import datetime, timedelta

import pytest

from apps.campaigns.models import Notice
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import services as memberships
from apps.memberships.models import Subscription
from tests.factories import memberships as members

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def yearly(gateway, now) -> Subscription:
    return members.member(gateway, "grove", unit="year", now=now)


def give(at: datetime) -> int:
    return sweeps.run("campaigns.notices", now=at)


def keys() -> list[str]:
    return list(Message.objects.filter(kind="renewal-notice").order_by("pk").values_list("key", flat=True))


def test_two_notices_before_the_renewal(yearly):
    renewal = yearly.next_bill_at
    assert give(renewal - 35 * DAY - timedelta(seconds=1)) == 0
    assert give(renewal - 35 * DAY) == 1
    assert give(renewal - 30 * DAY) == 0
    assert give(renewal - 10 * DAY) == 1
    assert give(renewal - DAY) == 0
    assert give(renewal) == 0
    assert keys() == [f"renewal-notice:{yearly.pk}:2027-03-10:35", f"renewal-notice:{yearly.pk}:2027-03-10:10"]
    mail = Message.objects.filter(kind="renewal-notice").first()
    assert mail.stream == "service"
    assert mail.subject == "Your Grove membership renews on 10 March 2027"
    assert "On that day we charge your card €120.00, any tax included." in mail.text
    assert "/account/membership/cancel/" in mail.text


def test_a_notice_is_late_rather_than_missing_and_never_two_at_once(yearly):
    renewal = yearly.next_bill_at
    assert give(renewal - 20 * DAY) == 1
    assert give(renewal - 3 * DAY) == 1
    assert [key[-3:] for key in keys()] == [":35", ":10"]


def test_the_last_notice_replaces_one_that_was_missed(yearly):
    assert give(yearly.next_bill_at - 5 * DAY) == 1
    assert [key[-3:] for key in keys()] == [":10"]


def test_each_year_has_its_own_notices(yearly, gateway):
    renewal = yearly.next_bill_at
    give(renewal - 10 * DAY)
    sweeps.run("memberships.bill", now=renewal)
    sweeps.run("billing.collect", now=renewal)
    assert give(renewal + DAY) == 0
    assert give(datetime.fromisoformat("2028-03-01T00:00:00+00:00")) == 1
    assert list(Notice.objects.order_by("pk").values_list("period_end__year", "days")) == [(2027, 10), (2028, 10)]


def test_what_is_announced_is_what_will_be_charged(gateway, now):
    half = members.promotion(now=now, duration="repeating", periods=2)
    subscription = members.member(gateway, "conservatory", unit="year", now=now, promotion=half)
    give(subscription.next_bill_at - 35 * DAY)
    assert "we charge your card €120.00" in Message.objects.get(kind="renewal-notice").text
    down = members.price("grove", unit="year")
    memberships.change_plan(subscription.pk, down.pk, customer=subscription.customer, now=now + DAY)
    give(subscription.next_bill_at - 10 * DAY)
    mail = Message.objects.filter(kind="renewal-notice").latest("pk")
    assert mail.subject == "Your Grove membership renews on 10 March 2027"
    assert "we charge your card €60.00" in mail.text
    sweeps.run("memberships.bill", now=subscription.next_bill_at)
    assert subscription.periods.latest("start").gross_minor == 6000


def test_nobody_else_is_notified(gateway, now, yearly):
    members.member(gateway, "grove", unit="month", now=now)
    leaving = members.member(gateway, "grove", unit="year", now=now)
    memberships.request_cancel(leaving.pk, customer=leaving.customer, now=now)
    assert give(yearly.next_bill_at - 10 * DAY) == 1


@pytest.mark.parametrize(
    ("unit", "count", "told"),
    [
        ("month", 12, True),
        ("month", 13, True),
        ("month", 11, False),
        ("month", 6, False),
        ("week", 52, True),
        ("week", 51, False),
        ("year", 2, True),
    ],
)
def test_what_counts_is_how_long_the_period_is(gateway, now, unit, count, told):
    price = members.special_price(interval_unit=unit, interval_count=count)
    member = Subscription.objects.current_of(members.join(gateway, price, now=now).customer)
    renewal = member.next_bill_at
    assert sweeps.get("campaigns.notices").next_due(now=now) == (renewal - 35 * DAY if told else None)
    assert [give(renewal - days * DAY) for days in (36, 35, 10, 9)] == ([0, 1, 1, 0] if told else [0, 0, 0, 0])
    assert [key[-3:] for key in keys()] == ([":35", ":10"] if told else [])


def test_one_that_is_parked_is_told_before_it_can_renew(yearly, now):
    memberships.park({yearly.pk: "odd"}, now=now)
    renewal = yearly.next_bill_at
    assert sweeps.get("campaigns.notices").next_due(now=now) is None
    assert [give(renewal - 35 * DAY), give(renewal - 10 * DAY)] == [1, 1]


def test_the_next_notice_is_known(yearly, now):
    sweep = sweeps.get("campaigns.notices")
    renewal = yearly.next_bill_at
    assert sweep.next_due(now=now) == renewal - 35 * DAY
    give(renewal - 35 * DAY)
    assert sweep.next_due(now=renewal - 35 * DAY) == renewal - 10 * DAY
    give(renewal - 10 * DAY)
    assert sweep.next_due(now=renewal - 10 * DAY) is None
