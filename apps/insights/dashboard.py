"""The first page of the back office: how the shop stands, what waits for a person, and what the workers did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core import clock, sweeps
from apps.core.models import SweepRun

from . import numbers, queue, words

DAY = timedelta(days=1)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SweepState:
    """One sweep over the last day of shop time: rows handled, failures, and when it has something to do next."""

    name: str
    label: str
    done: str
    failures: int
    last_at: datetime | None
    next_due: datetime | None
    is_due: bool


@dataclass(frozen=True, slots=True)
class KeyNumber:
    label: str
    values: list[str]
    hint: str


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What Unfold's index template gets; the back office's clock is read here."""
    now = clock.now()
    return {
        **context,
        "shop_time": now,
        "key_numbers": key_numbers(now=now),
        "plans": numbers.members_by_plan(now=now),
        "queue": queue.waiting(now=now),
        "sweep_states": sweep_states(now=now),
        "effects": numbers.effects(),
    }


def key_numbers(*, now: datetime) -> list[KeyNumber]:
    """The numbers at the top of the page, each with what it means."""
    joined, left = numbers.joined_and_left(since=now - MONTH, until=now)
    return [
        KeyNumber(
            _("Monthly recurring revenue"),
            [str(money) for money in numbers.mrr(now=now)] or ["–"],
            _("Recurring prices of active and overdue memberships and boxes, per month, without tax"),
        ),
        KeyNumber(
            _("Collected in 30 days"),
            [str(money) for money in numbers.collected(since=now - MONTH, until=now)] or ["–"],
            _("Successful card payments"),
        ),
        KeyNumber(_("Joined in 30 days"), [str(joined)], _("Paid memberships that started")),
        KeyNumber(_("Left in 30 days"), [str(left)], _("Paid memberships that ended")),
    ]


def sweep_states(*, now: datetime) -> list[SweepState]:
    """Every sweep in its order, with what it did in the last day of shop time."""
    runs: dict[str, Mapping[str, Any]] = defaultdict(lambda: {"rows": 0, "failures": 0, "last": None})
    for row in (
        SweepRun.objects.filter(at__gt=now - DAY, at__lte=now)
        .order_by()
        .values("sweep")
        .annotate(rows=Sum("handled"), failures=Count("pk", filter=~Q(error="")), last=Max("at"))
    ):
        runs[row["sweep"]] = row
    states = []
    for sweep in sweeps.in_order():
        run, due = runs[sweep.name], sweep.next_due(now=now)
        done = words.did(sweep.name, run["rows"]) if run["rows"] else ""
        is_due = due is not None and due <= now
        states.append(SweepState(sweep.name, words.name(sweep.name), done, run["failures"], run["last"], due, is_due))
    return states
