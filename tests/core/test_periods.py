"""Periods of a contract: no drift, no gap, no overlap, and the wall clock of the customer."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.periods import Interval, Period, Unit, boundary, least_lasting, period

ZONES = [
    "Europe/Rome",
    "Europe/Bucharest",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",  # its clocks change by half an hour
    "Asia/Kathmandu",
    "Pacific/Apia",
    "UTC",
]
MONTH, YEAR, WEEK = Interval(Unit.MONTH), Interval(Unit.YEAR), Interval(Unit.WEEK)
intervals = st.builds(Interval, st.sampled_from(list(Unit)), st.integers(1, 6))
instants = st.integers(0, 16 * 365 * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
zones = st.sampled_from(ZONES)


def local_days(anchor: datetime, interval: Interval, zone: str, count: int) -> list[str]:
    return [f"{boundary(anchor, n, interval, zone).astimezone(ZoneInfo(zone)):%m-%d}" for n in range(count)]


@given(anchor=instants, interval=intervals, zone=zones)
def test_ten_years_without_gap_or_overlap(anchor, interval, zone):
    months = interval.months_per_interval
    count = int(120 / months) + 1
    previous = period(anchor, 0, interval, zone)
    assert previous.start == anchor
    for number in range(1, min(count, 600)):
        current = period(anchor, number, interval, zone)
        assert current.number == number
        assert current.start == previous.end
        assert current.end > current.start
        previous = current


@given(anchor=instants, interval=intervals, zone=zones, number=st.integers(0, 600))
def test_the_wall_clock_of_the_anchor_is_kept(anchor, interval, zone, number):
    place = ZoneInfo(zone)
    at = boundary(anchor, number, interval, zone)
    told, meant = at.astimezone(place), anchor.astimezone(place)
    if told.time() != meant.time():
        # The clocks skip this time on that day: it is read with the offset before the change, and lands after the gap.
        wall = datetime.combine(told.date(), meant.time(), tzinfo=place)
        assert wall.astimezone(UTC).astimezone(place).time() != wall.time()
        assert at == wall.astimezone(UTC)
    assert at.tzinfo == UTC


@given(anchor=instants, zone=zones, number=st.integers(0, 240))
def test_the_day_of_the_month_never_drifts(anchor, zone, number):
    place = ZoneInfo(zone)
    day, told = anchor.astimezone(place).day, boundary(anchor, number, MONTH, zone).astimezone(place)
    tomorrow = told + timedelta(days=1)
    # The anchor's day, or the last day of a shorter month.
    assert told.day == day or (told.day < day and tomorrow.day == 1)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (28, ["01-28", "02-28", "03-28", "04-28", "05-28"]),
        (29, ["01-29", "02-28", "03-29", "04-29", "05-29"]),
        (30, ["01-30", "02-28", "03-30", "04-30", "05-30"]),
        (31, ["01-31", "02-28", "03-31", "04-30", "05-31"]),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York", "UTC"])
def test_the_last_days_of_a_month(day, expected, zone):
    anchor = datetime(2026, 1, day, 12, 0, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert local_days(anchor, MONTH, zone, 5) == expected


def test_the_twenty_ninth_of_february_returns():
    anchor = datetime(2024, 2, 29, 9, 0, tzinfo=UTC)
    assert local_days(anchor, YEAR, "UTC", 9) == [
        "02-29", "02-28", "02-28", "02-28", "02-29", "02-28", "02-28", "02-28", "02-29",
    ]  # fmt: skip
    assert local_days(anchor, MONTH, "UTC", 3) == ["02-29", "03-29", "04-29"]


@pytest.mark.parametrize(
    ("zone", "anchor", "expected"),
    [
        # 02:30 on 29 March 2026 does not exist in Rome: the period starts at 03:30, summer time.
        ("Europe/Rome", datetime(2025, 12, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("Europe/Rome", datetime(2026, 3, 1, 1, 30, tzinfo=UTC), datetime(2026, 4, 1, 0, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 2, 8, 7, 30, tzinfo=UTC), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 10, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ],
)
def test_changes_of_the_clocks(zone, anchor, expected):
    months = (expected.year - anchor.year) * 12 + expected.month - anchor.month
    assert boundary(anchor, months, MONTH, zone) == expected


def test_the_hour_that_comes_twice():
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time in Rome
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 again, winter time
    for anchor in (first, second):
        assert boundary(anchor, 0, WEEK, "Europe/Rome") == anchor
        assert boundary(anchor, 1, WEEK, "Europe/Rome") == datetime(2026, 11, 1, 1, 30, tzinfo=UTC)


@given(seconds=st.integers(1, 400 * 86_400), data=st.data())
def test_the_unused_share(seconds, data):
    past = data.draw(st.integers(-1000, seconds + 1000))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    share = Period(0, start, start + timedelta(seconds=seconds)).remaining(start + timedelta(seconds=past))
    assert share == Fraction(min(max(seconds - past, 0), seconds), seconds)
    assert 0 <= share <= 1


def test_months_of_an_interval():
    assert Interval(Unit.YEAR).months_per_interval == 12
    assert Interval(Unit.MONTH, 3).months_per_interval == 3
    assert Interval(Unit.WEEK, 2).months_per_interval == Fraction(24, 52)


def test_fifty_two_weeks_twelve_months_and_a_year_last_as_long_as_a_year_about():
    assert least_lasting(Fraction(364)) == [Interval(Unit.WEEK, 52), Interval(Unit.MONTH, 12), YEAR]


@given(days=st.fractions(1, 2000))
def test_the_shortest_interval_of_each_unit_that_lasts_so_long(days):
    for interval in least_lasting(days):
        one = Interval(interval.unit).days_per_interval
        assert interval.days_per_interval - one < days <= interval.days_per_interval
