"""How often a price is charged, in words and in addresses."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.core.periods import Interval, Unit


class IntervalUnit(models.TextChoices):
    WEEK = "week", _("week")
    MONTH = "month", _("month")
    YEAR = "year", _("year")


class Rhythm(NamedTuple):
    """How often a price is charged, and how many times: `term_periods` None is until cancelled."""

    interval: Interval
    term_periods: int | None = None

    @property
    def code(self) -> str:
        """Its name in an address: "month", "3-month", "month-for-6"."""
        count = "" if self.interval.count == 1 else f"{self.interval.count}-"
        term = "" if self.term_periods is None else f"-for-{self.term_periods}"
        return f"{count}{self.interval.unit}{term}"


_CODE = re.compile(r"(?:([1-9][0-9]{0,2})-)?(week|month|year)(?:-for-([1-9][0-9]{0,2}))?")


def rhythm_of(code: str) -> Rhythm:
    """The rhythm an address names. Raises ValueError."""
    found = _CODE.fullmatch(code)
    if found is None:
        raise ValueError(f"{code!r} names no billing interval")
    count, unit, term = found.groups()
    return Rhythm(Interval(Unit(unit), int(count or 1)), int(term) if term else None)


def length(interval: Interval) -> str:
    """How long it is: "one month", "3 months"."""
    count = interval.count
    match interval.unit:
        case Unit.WEEK:
            sentence = ngettext("one week", "%(count)d weeks", count)
        case Unit.MONTH:
            sentence = ngettext("one month", "%(count)d months", count)
        case Unit.YEAR:
            sentence = ngettext("one year", "%(count)d years", count)
    return sentence % {"count": count}


def per(interval: Interval) -> str:
    """What an amount is for: "a month", "every 3 months"."""
    if interval.count > 1:
        return every(interval)
    return {Unit.WEEK: gettext("a week"), Unit.MONTH: gettext("a month"), Unit.YEAR: gettext("a year")}[interval.unit]


def every(interval: Interval) -> str:
    """How often it comes, as part of a sentence: "every month", "every 3 months"."""
    count = interval.count
    sentence = {
        Unit.WEEK: ngettext("every week", "every %(count)d weeks", count),
        Unit.MONTH: ngettext("every month", "every %(count)d months", count),
        Unit.YEAR: ngettext("every year", "every %(count)d years", count),
    }[interval.unit]
    return sentence % {"count": count}


def often(interval: Interval) -> str:
    """How often one pays, as a choice: "Monthly", "Quarterly", "Every 2 weeks"."""
    named = {
        (Unit.WEEK, 1): gettext("Weekly"),
        (Unit.MONTH, 1): gettext("Monthly"),
        (Unit.MONTH, 3): gettext("Quarterly"),
        (Unit.YEAR, 1): gettext("Yearly"),
    }
    words = every(interval)
    return named.get((interval.unit, interval.count)) or words[:1].upper() + words[1:]
