"""The renewal rehearsal: the coming days of the merchant's own book, through the real engine, before a card is touched.

The book is copied onto a stage (`stage`: nothing on it can reach the shop), the registered sweeps live through the days
(`walk`) with cards that behave as the book says (`cards`), and what came of it is read (`outcome`, `anomalies`) before
the stage is gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.billing import gateway
from apps.insights.models import AnomalyRule
from apps.mail import outbox

from . import anomalies, cards, outcome, quiet, stage
from .anomalies import Finding, View
from .walk import INSTANT, Walk

LONGEST_DAYS = 366
CERTAIN = 10_000


class BadRehearsal(ValueError):
    """Days or a decline rate that make no sense; the text says which."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened from `since` to just before `until` (UTC).

    `summary` as in `outcome.summary`, with the work done and where the time went; `findings` are the anomalies, each
    with its kind.
    """

    since: datetime
    until: datetime
    summary: dict[str, Any]
    findings: list[tuple[str, Finding]]


def rehearse(
    *,
    days: int,
    now: datetime,
    decline_basis_points: int = 0,
    seed: int = 0,
    on_step: Callable[[datetime], object] = lambda at: None,
) -> Outcome:
    """Live through the rest of today and the `days` after it (UTC) on a copy of the book; tell what would happen.

    Nothing remains, whether it ends or is interrupted. Live workers go on meanwhile; the copy does not see what they do
    after it was made. Cards: see `cards.gateway`. `on_step` is called after each stop of the clock, back in the real
    database. Raises BadRehearsal.
    """
    check(days=days, decline_basis_points=decline_basis_points)
    until = end_of(now, days=days)
    rules = list(AnomalyRule.objects.all())
    began = time.monotonic()
    with quiet.this_thread(), outbox.samples(), stage.build() as on_stage:
        copied = time.monotonic()
        marks = outcome.Marks.take()
        walk = Walk(now)
        adapter = cards.gateway(clock=walk.clock, decline_basis_points=decline_basis_points, seed=seed)
        with gateway.using(adapter):
            for at in walk.live(until=until - INSTANT):
                on_stage.analyse()
                with on_stage.outside():
                    on_step(at)
        walked = time.monotonic()
        thresholds = {rule.kind: rule.threshold_percent for rule in rules if rule.threshold_percent is not None}
        view = View(since=now, until=until, marks=marks, thresholds=thresholds)
        findings = anomalies.find(view, without={rule.kind for rule in rules if not rule.is_active})
        summary = outcome.summary(marks, since=now)
    summary["work"] = {name: count for name, count in sorted(walk.handled.items()) if count}
    summary["steps"] = walk.steps
    summary["milliseconds"] = {
        "copying": _milliseconds(copied - began),
        **{name: _milliseconds(seconds) for name, seconds in sorted(walk.seconds.items())},
        "reading": _milliseconds(time.monotonic() - walked),
        "all": _milliseconds(time.monotonic() - began),
    }
    return Outcome(now, until, summary, findings)


def end_of(now: datetime, *, days: int) -> datetime:
    """The midnight (UTC) at which the last of the days after today is over: a rehearsal's clock is exact to the day."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days + 1)


def check(*, days: int, decline_basis_points: int = 0) -> None:
    """Raise BadRehearsal unless `days` is from 1 to 366 and the rate from 0 to 10,000 (all of them)."""
    if not 1 <= days <= LONGEST_DAYS:
        raise BadRehearsal(f"Rehearse from 1 to {LONGEST_DAYS} days, not {days}.")
    if not 0 <= decline_basis_points <= CERTAIN:
        raise BadRehearsal("The share of declined charges lies between 0 and 100 %.")


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
