"""Breaks: open -> resolved | ignored. One that comes back later is a new row."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.billing.models import Break

from .moves import move


def resolve(break_id: int, *, note: str, actor: str = "", now: datetime) -> Break:
    """OPEN -> RESOLVED, when the difference is gone or a person has dealt with it. Safe to repeat; one that is
    ignored stays so. `actor` is empty when the shop found it gone by itself."""
    return _close(break_id, Break.Status.RESOLVED, note=note, actor=actor, now=now)


def ignore(break_id: int, *, note: str, actor: str, now: datetime) -> Break:
    """OPEN -> IGNORED, when a person knows the difference and leaves it: it is not found again. Safe to repeat; one
    that is resolved stays so."""
    return _close(break_id, Break.Status.IGNORED, note=note, actor=actor, now=now)


@transaction.atomic
def _close(break_id: int, status: str, *, note: str, actor: str, now: datetime) -> Break:
    found = Break.objects.select_for_update().get(pk=break_id)
    if found.status == Break.Status.OPEN:
        note = note[:300]
        move(found, status, now=now, reason=note, actor=actor, closed_at=now, closed_by=actor, note=note)
    return found
