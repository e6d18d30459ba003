"""The database counts renewals as the shop's own calendar does."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.core import periods
from apps.core.periods import Interval, Unit

pytestmark = pytest.mark.django_db

zones = st.sampled_from(["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
instants = st.integers(0, 11 * 365 * 86_400).map(lambda second: BEGIN + timedelta(seconds=second))
intervals = st.builds(Interval, st.sampled_from(list(Unit)), st.integers(1, 3))
relaxed = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def ask(call: str, *values):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {call}", values)
        return cursor.fetchone()[0]


def boundary(anchor, number, interval, zone):
    call = "memberships_boundary(%s, %s, %s, %s, %s)"
    return ask(call, anchor, number, interval.unit.value, interval.count, zone)


@relaxed
@given(anchor=instants, number=st.integers(1, 60), interval=intervals, zone=zones)
# 02:30 that comes twice, 02:30 that never comes, and the last day of a month.
@example(datetime(2026, 9, 25, 0, 30, tzinfo=UTC), 1, Interval(Unit.MONTH), "Europe/Rome")
@example(datetime(2026, 2, 28, 1, 30, tzinfo=UTC), 1, Interval(Unit.MONTH), "Europe/Rome")
@example(datetime(2026, 1, 31, 9, 0, tzinfo=UTC), 1, Interval(Unit.MONTH), "Europe/Rome")
@example(datetime(2024, 2, 29, 9, 0, tzinfo=UTC), 1, Interval(Unit.YEAR), "Europe/Rome")
def test_boundaries_agree(anchor, number, interval, zone):
    assert boundary(anchor, number, interval, zone) == periods.boundary(anchor, number, interval, zone)


@relaxed
@given(anchor=instants, number=st.integers(0, 40), days=st.integers(-400, 1500), interval=intervals, zone=zones)
@example(datetime(2026, 9, 25, 0, 30, tzinfo=UTC), 0, 60, Interval(Unit.MONTH), "Europe/Rome")
def test_the_first_renewal_at_or_after_an_instant(anchor, number, days, interval, zone):
    next_bill_at = periods.boundary(anchor, number + 1, interval, zone)
    target = next_bill_at + timedelta(days=days)
    expected, n = next_bill_at, number + 1
    while expected < target:
        n += 1
        expected = periods.boundary(anchor, n, interval, zone)
    call = "memberships_renewal_from(%s, %s, %s, %s, %s, %s, %s)"
    found = ask(call, next_bill_at, number, anchor, interval.unit.value, interval.count, zone, target)
    assert found == expected
    on_time = ask(call, next_bill_at, number, anchor, interval.unit.value, interval.count, zone, expected)
    assert on_time == expected
