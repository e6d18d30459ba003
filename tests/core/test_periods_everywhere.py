"""Ten years of periods in many zones, at every interval: each local day is the one the calendar says."""

import calendar
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.periods import Interval, Unit, boundary, days_after, period

ZONES = [
    "UTC",
    "Europe/Rome",
    "Europe/London",
    "Europe/Dublin",  # its winter time is the exception, by law
    "Europe/Bucharest",
    "Atlantic/Azores",
    "Africa/Casablanca",  # goes back for Ramadan
    "Africa/Cairo",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",  # its clocks change by half an hour
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Apia",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",  # changes at midnight: some days begin at one o'clock
]
INTERVALS = [
    Interval(Unit.WEEK),
    Interval(Unit.WEEK, 2),
    Interval(Unit.WEEK, 4),
    Interval(Unit.MONTH),
    Interval(Unit.MONTH, 2),
    Interval(Unit.MONTH, 3),
    Interval(Unit.MONTH, 6),
    Interval(Unit.MONTH, 12),
    Interval(Unit.YEAR),
    Interval(Unit.YEAR, 2),
]
YEARS = 10
zones = st.sampled_from(ZONES)
intervals = st.sampled_from(INTERVALS)
late_days = st.sampled_from([(2024, 1, 29), (2023, 1, 29), (2023, 1, 30), (2024, 12, 31), (2024, 2, 29), (2025, 8, 31)])
# Hours in which clocks change somewhere, and the seconds before and after.
hours = st.sampled_from(
    [(0, 0, 0), (0, 30, 0), (1, 59, 59), (2, 0, 0), (2, 30, 0), (3, 0, 0), (12, 0, 0), (23, 59, 59)]
)


def expected_day(first: date, number: int, interval: Interval) -> date:
    """The local day on which a period starts, counted by the calendar alone, one step at a time."""
    if interval.unit == Unit.WEEK:
        return first + timedelta(days=7 * interval.count * number)
    year, month = first.year, first.month
    for _month in range(number * interval.count * (12 if interval.unit == Unit.YEAR else 1)):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    return date(year, month, min(first.day, calendar.monthrange(year, month)[1]))


def numbers(interval: Interval) -> int:
    return int(YEARS * 366 / interval.days_per_interval) + 1


@given(day=late_days, hour=hours, zone=zones, interval=intervals)
def test_the_days_of_ten_years(day, hour, zone, interval):
    place = ZoneInfo(zone)
    anchor = datetime(*day, *hour, tzinfo=place).astimezone(UTC)
    first = anchor.astimezone(place)
    spans = [period(anchor, number, interval, zone) for number in range(numbers(interval))]
    assert spans[0].start == anchor
    assert all(one.end == other.start for one, other in pairwise(spans)), "neither gap nor overlap"
    assert all(one.start < one.end for one in spans)
    for span in spans:
        told = span.start.astimezone(place)
        assert told.date() == expected_day(first.date(), span.number, interval)
        # The wall clock of the anchor, or the first instant after an hour that is skipped on that day.
        skipped = datetime.combine(told.date(), first.time(), tzinfo=place)
        exists = skipped.astimezone(UTC).astimezone(place).time() == first.time()
        assert told.time() == first.time() if exists else told.time() > first.time()


@given(day=late_days, hour=hours, zone=zones, interval=intervals, number=st.integers(1, 60), more=st.integers(0, 60))
def test_counting_from_the_anchor_twice_is_counting_once(day, hour, zone, interval, number, more):
    """Nobody's periods depend on how often a worker looked."""
    anchor = datetime(*day, *hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert boundary(anchor, number + more, interval, zone) > anchor
    direct = boundary(anchor, number + more, interval, zone)
    for step in range(number, number + more):
        assert boundary(anchor, step, interval, zone) < direct


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("interval", INTERVALS, ids=lambda interval: f"{interval.count}-{interval.unit}")
def test_the_mean_length_is_that_of_ten_years(zone, interval):
    anchor = datetime(2021, 3, 14, 12, 0, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    count = numbers(interval)
    days = (boundary(anchor, count, interval, zone) - anchor) / timedelta(days=1)
    assert abs(days - count * float(interval.days_per_interval)) < 1.6


@given(seconds=st.integers(0, 10 * 365 * 86_400), days=st.integers(0, 730), zone=zones)
def test_a_trial_lasts_days_on_the_wall(seconds, days, zone):
    place = ZoneInfo(zone)
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    after = days_after(moment, days, zone)
    began, ends = moment.astimezone(place), after.astimezone(place)
    assert (ends.date() - began.date()).days == days
    assert after == moment if days == 0 else after > moment
    if ends.time() != began.time():
        wall = datetime.combine(ends.date(), began.time(), tzinfo=place)
        assert wall.astimezone(UTC).astimezone(place).time() != began.time(), "a time that the clocks skip"
