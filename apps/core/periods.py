"""Periods of a contract, always computed from the anchor.

Adding a month to the previous end drifts (31 Jan -> 28 Feb -> 28 Mar). Counting from the anchor does not:
31 Jan -> 28 Feb -> 31 Mar. The wall-clock time of the anchor is kept in the customer's time zone across DST changes.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo


class Unit(StrEnum):
    """The unit of a billing interval."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Interval:
    """A billing interval: every `count` units."""

    unit: Unit
    count: int = 1

    @property
    def months_per_interval(self) -> Fraction:
        """Length in months for MRR: year 12, week 12/52."""
        return {Unit.WEEK: Fraction(12, 52), Unit.MONTH: Fraction(1), Unit.YEAR: Fraction(12)}[self.unit] * self.count

    @property
    def days_per_interval(self) -> Fraction:
        """Mean length in days: a year of the Gregorian calendar has 146097 days in 400 years. Unlike the months above,
        it tells 52 weeks (364 days) from a year."""
        year = Fraction(146_097, 400)
        return {Unit.WEEK: Fraction(7), Unit.MONTH: year / 12, Unit.YEAR: year}[self.unit] * self.count


def least_lasting(days: Fraction) -> list[Interval]:
    """The shortest interval of each unit that lasts at least so many days, by the mean length of its unit."""
    return [Interval(unit, math.ceil(days / Interval(unit).days_per_interval)) for unit in Unit]


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open span `[start, end)` in UTC; `number` counts from the anchor, starting at 0."""

    number: int
    start: datetime
    end: datetime

    def remaining(self, now: datetime) -> Fraction:
        """The unused share at `now`, to the second, between 0 and 1."""
        whole = int((self.end - self.start).total_seconds())
        left = int((self.end - now).total_seconds())
        return Fraction(max(0, min(whole, left)), whole)


def boundary(anchor: datetime, number: int, interval: Interval, zone: str) -> datetime:
    """The instant (UTC) at which period `number` starts. `anchor` is aware; `zone` an IANA name."""
    local = anchor.astimezone(ZoneInfo(zone))
    if interval.unit == Unit.WEEK:
        day = local.date() + timedelta(weeks=interval.count * number)
    else:
        day = _add_months(local.date(), number * interval.count * (12 if interval.unit == Unit.YEAR else 1))
    return _at_same_time(local, day, fold=local.fold if number == 0 else 0)


def days_after(moment: datetime, days: int, zone: str) -> datetime:
    """The instant (UTC) so many calendar days after `moment`, at the same time on the wall in `zone`."""
    local = moment.astimezone(ZoneInfo(zone))
    return _at_same_time(local, local.date() + timedelta(days=days), fold=0 if days else local.fold)


def period(anchor: datetime, number: int, interval: Interval, zone: str) -> Period:
    """Period `number` of a contract anchored at `anchor`."""
    return Period(number, boundary(anchor, number, interval, zone), boundary(anchor, number + 1, interval, zone))


def _at_same_time(local: datetime, day: date, *, fold: int) -> datetime:
    # A wall-clock time that DST skips is read with the offset before the change (PEP 495, fold=0), which lands after
    # it.
    return local.replace(year=day.year, month=day.month, day=day.day, fold=fold).astimezone(UTC)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
