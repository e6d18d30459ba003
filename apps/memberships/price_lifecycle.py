"""The states of a price change, and the only place that assigns them.

draft   -> planned     staff have seen the preview; the members get their notices
planned -> done        nothing is left to happen
draft | planned -> withdrawn     what has not happened does not happen
"""

from __future__ import annotations

from datetime import datetime

from .errors import IllegalMove
from .models import PriceChange, PriceChangeEntry, PriceChangeStatus

ARROWS = {
    PriceChangeStatus.DRAFT: {PriceChangeStatus.PLANNED, PriceChangeStatus.WITHDRAWN},
    PriceChangeStatus.PLANNED: {PriceChangeStatus.DONE, PriceChangeStatus.WITHDRAWN},
    PriceChangeStatus.DONE: set(),
    PriceChangeStatus.WITHDRAWN: set(),
}


def begin(change: PriceChange, *, actor: str, now: datetime) -> None:
    """A new draft is saved."""
    change.created_at = now
    change.save()
    _record(change, old="", reason="", actor=actor, now=now)


def plan(change: PriceChange, *, actor: str, now: datetime) -> None:
    """DRAFT -> PLANNED. The caller holds the row and has checked the terms."""
    change.planned_at = now
    _move(change, PriceChangeStatus.PLANNED, reason="", actor=actor, now=now)


def finish(change: PriceChange, *, actor: str, now: datetime) -> None:
    """PLANNED -> DONE. The caller holds the row."""
    change.settled_at = now
    _move(change, PriceChangeStatus.DONE, reason="", actor=actor, now=now)


def withdraw(change: PriceChange, *, reason: str, actor: str, now: datetime) -> None:
    """DRAFT or PLANNED -> WITHDRAWN. The caller holds the row."""
    change.settled_at = now
    _move(change, PriceChangeStatus.WITHDRAWN, reason=reason, actor=actor, now=now)


def _move(change: PriceChange, new: PriceChangeStatus, *, reason: str, actor: str, now: datetime) -> None:
    old = change.status
    if new not in ARROWS[PriceChangeStatus(old)]:
        raise IllegalMove(f"Price change {change.pk}: {old} -> {new}")
    change.status = new
    change.save(update_fields=["status", "planned_at", "settled_at"])
    _record(change, old=old, reason=reason, actor=actor, now=now)


def _record(change: PriceChange, *, old: str, reason: str, actor: str, now: datetime) -> None:
    PriceChangeEntry.objects.create(change=change, old=old, new=change.status, reason=reason, actor=actor, at=now)
