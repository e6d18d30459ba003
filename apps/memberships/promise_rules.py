"""When the notices of a price change are due, and what becomes of a promise at a renewal. No database, no clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A notice may be so late and still count. Later, there is no telling what the customer could still do with it.
LATEST = timedelta(days=7)
LONGEST_NOTICE = 180


class Verdict(StrEnum):
    """What happens to a promise at a renewal."""

    LATER = "later"
    MOVE = "move"
    KEEP = "keep"
    END = "end"
    HOLD = "hold"
    LAPSE = "lapse"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A promise at the renewal that begins at `start`.

    `is_planned`: the change was not withdrawn. `is_current`: the member still has the old price. `has_own_change`: a
    plan change that the member chose takes effect at this renewal. `is_held`, `notices_given`: whether the notices were
    delivered. `may_move`: the price falls, or the member agreed. `ends`: who does not agree leaves.
    """

    start: datetime
    applies_from: datetime
    is_planned: bool
    is_current: bool
    has_own_change: bool
    is_held: bool
    notices_given: bool
    may_move: bool
    ends: bool


def decide(case: Case) -> Verdict:
    """What the renewal does. The new price needs a planned change, its date, every notice and, for a rise, consent."""
    if not case.is_current:
        return Verdict.LAPSE
    if not case.is_planned:
        return Verdict.STOP
    if case.start < case.applies_from:
        return Verdict.LATER
    if case.has_own_change:
        return Verdict.LAPSE
    if case.is_held or not case.notices_given:
        return Verdict.HOLD
    if case.may_move:
        return Verdict.MOVE
    return Verdict.END if case.ends else Verdict.KEEP


def check_notice_days(days: Sequence[int]) -> bool:
    """Whether the days are falling whole days between 1 and LONGEST_NOTICE, at least one."""
    return bool(days) and list(days) == sorted(set(days), reverse=True) and 1 <= days[-1] <= days[0] <= LONGEST_NOTICE


def notice_times(applies_from: datetime, days: Collection[int]) -> list[tuple[int, datetime]]:
    """(days, due instant) of each notice, the first to come first."""
    return [(number, applies_from - timedelta(days=number)) for number in sorted(days, reverse=True)]


def next_notice(applies_from: datetime, days: Collection[int], *, after: int) -> datetime | None:
    """When the notice that follows the one `after` so many days before is due; None when that was the last."""
    return next((due for number, due in notice_times(applies_from, days) if number < after), None)


def may_still_give(applies_from: datetime, days: Collection[int], *, number: int, now: datetime) -> bool:
    """Whether the notice of `number` days counts when it is given at `now`: at most LATEST late, and before the next
    one and the date itself."""
    due = applies_from - timedelta(days=number)
    following = next_notice(applies_from, days, after=number) or applies_from
    return due <= now < following and now <= due + LATEST
