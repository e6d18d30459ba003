"""The arithmetic of deferred revenue, and its twin in SQL."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from apps.billing import straight_line
from apps.billing.months import Month

START = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
amounts = st.integers(-(10**15), 10**15)
moments = st.timedeltas(timedelta(), timedelta(days=2_000)).map(START.__add__)


def by_months(net: int, start: datetime, end: datetime) -> dict[str, int]:
    """What each month takes of a line."""
    taken, left, since, month = {}, net, start, Month.of(start)
    while left:
        taken[str(month)] = straight_line.part(left, since=since, until=end, upto=month.end)
        left, since, month = left - taken[str(month)], month.end, month.next
    return taken


def test_a_year_is_earned_evenly_by_its_days():
    year = by_months(36500, datetime(2026, 1, 16, tzinfo=UTC), datetime(2027, 1, 16, tzinfo=UTC))
    assert year == {
        "2026-01": 1600, "2026-02": 2800, "2026-03": 3100, "2026-04": 3000, "2026-05": 3100, "2026-06": 3000,
        "2026-07": 3100, "2026-08": 3100, "2026-09": 3000, "2026-10": 3100, "2026-11": 3000, "2026-12": 3100,
        "2027-01": 1500,
    }  # fmt: skip


def test_a_period_that_ends_with_the_month_is_earned_in_it():
    assert by_months(984, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)) == {"2026-03": 984}


@given(net=amounts.filter(bool), start=moments, length=st.timedeltas(timedelta(seconds=1), timedelta(days=800)))
def test_the_parts_sum_to_the_line_and_none_strays_from_the_straight_line(net, start, length):
    parts = by_months(net, start, start + length)
    assert sum(parts.values()) == net
    assert all(part * net >= 0 for part in parts.values())
    elapsed, earned = timedelta(), 0
    for printed, part in parts.items():
        month = Month.parse(printed)
        elapsed = min(month.end, start + length) - start
        earned += part
        # Each month rounds by half a unit at most, of what is left.
        assert abs(earned - net * (elapsed / length)) <= len(parts) + abs(net) * 1e-12


@given(amount=st.integers(0, 10**12), weights=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6))
def test_a_spread_sums_and_goes_no_further_than_its_weights(amount, weights):
    whole = sum(weights)
    if whole <= 0:
        with pytest.raises(ValueError, match="more than zero"):
            straight_line.spread(amount, weights)
        return
    amount = min(amount, whole)
    parts = straight_line.spread(amount, weights)
    assert sum(parts) == amount
    assert all(abs(part) <= abs(weight) and part * weight >= 0 for part, weight in zip(parts, weights, strict=True))


@given(left=amounts, days=st.integers(1, 400), served=st.integers(-5, 500))
def test_what_is_unearned_is_the_time_to_come(left, days, served):
    end, now = START + timedelta(days=days), START + timedelta(days=served)
    rest = straight_line.unearned(left, since=START, until=end, now=now)
    if served <= 0:
        assert rest == left
    elif served >= days:
        assert rest == 0
    else:
        assert abs(rest - left * (days - served) / days) <= 0.5 + abs(left) * 1e-12


@pytest.mark.django_db
@given(left=amounts, part=st.integers(0, 10**14), whole=st.integers(1, 10**14))
def test_the_database_rounds_as_the_shop_does(left, part, whole):
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_share(%s, %s, %s)", [left, min(part, whole), whole])
        [answer] = cursor.fetchone()
    since = START
    upto, until = (since + timedelta(microseconds=span) for span in (min(part, whole), whole))
    if upto < until:
        assert answer == straight_line.part(left, since=since, until=until, upto=upto)
    else:
        assert answer == left
