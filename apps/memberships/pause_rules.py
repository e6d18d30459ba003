"""The arithmetic of pauses: from when to when, and how long at most. No database, no clock. Instants are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from apps.core.periods import Interval, Unit, boundary, days_after

if TYPE_CHECKING:
    from .models import Plan, Subscription

# However long a plan allows: who wants to be away for longer than this leaves, and is welcome back.
MOST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class PauseSpan:
    """A pause that can be chosen: `months` long, or the next period where `months` is 0. Half open, in UTC."""

    months: int
    begins_at: datetime
    resumes_at: datetime

    @property
    def is_skip(self) -> bool:
        return self.months == 0


def skip_of(subscription: Subscription) -> PauseSpan | None:
    """The next period as a span; None where there is none, or where it is longer than the plan lets a pause be."""
    begins_at = subscription.current_end
    if begins_at is None:
        return None
    number = 1 if subscription.anchor == begins_at else subscription.period_number + 2
    end = boundary(subscription.anchor, number, subscription.price.interval, subscription.zone)
    return _within(PauseSpan(0, begins_at, end), subscription.plan, subscription.zone)


def pauses_of(subscription: Subscription) -> list[PauseSpan]:
    """One month, two months... from the end of the paid period, as many as the plan allows."""
    begins_at = subscription.current_end
    if begins_at is None:
        return []
    spans = [
        PauseSpan(months, begins_at, boundary(begins_at, months, Interval(Unit.MONTH), subscription.zone))
        for months in range(1, MOST_MONTHS + 1)
    ]
    return [span for span in spans if _within(span, subscription.plan, subscription.zone)]


def latest_end(subscription: Subscription) -> datetime | None:
    """The last instant (UTC) at which a pause from the end of the paid period may be over: so many days later as the
    plan allows, at the same time on the wall. None where there is no such period, or the plan cannot be paused."""
    begins_at, days = subscription.current_end, subscription.plan.max_pause_days
    return days_after(begins_at, days, subscription.zone) if begins_at is not None and days else None


def _within(span: PauseSpan, plan: Plan, zone: str) -> PauseSpan | None:
    return span if days_between(span.begins_at, span.resumes_at, zone) <= plan.max_pause_days else None


def days_between(begin: datetime, end: datetime, zone: str) -> int:
    """Whole days between two instants as the calendar of a place counts them: a change to summer time adds none."""
    there = ZoneInfo(zone)
    return (end.astimezone(there).date() - begin.astimezone(there).date()).days
