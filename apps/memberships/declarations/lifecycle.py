"""The states of a declaration's handling, and the only place that assigns them. The callers hold the row's lock.

received -> waiting | person | done | undone
waiting  -> person | done | undone
person   -> done | undone | answered | person, for another reason
done     -> undone     a cancellation whose period is not over
"""

from __future__ import annotations

from datetime import datetime

from apps.memberships.errors import IllegalMove
from apps.memberships.models import Doubt, Handling, HandlingStatus

_TO = HandlingStatus
ARROWS = {
    _TO.RECEIVED: {_TO.WAITING, _TO.PERSON, _TO.DONE, _TO.UNDONE},
    _TO.WAITING: {_TO.PERSON, _TO.DONE, _TO.UNDONE},
    _TO.PERSON: {_TO.DONE, _TO.UNDONE, _TO.ANSWERED, _TO.PERSON},
    _TO.DONE: {_TO.UNDONE},
    _TO.UNDONE: set(),
    _TO.ANSWERED: set(),
}


def wait(handling: Handling, *, until: datetime) -> None:
    """RECEIVED -> WAITING, for what could not be undone once it is done."""
    handling.act_at = until
    _move(handling, _TO.WAITING)


def ask_person(handling: Handling, doubt: Doubt, *, problem: str = "") -> None:
    """RECEIVED, WAITING or PERSON -> PERSON, with the reason why a machine does not decide."""
    handling.doubt, handling.problem, handling.act_at = doubt, problem[:500], None
    _move(handling, _TO.PERSON)


def finish(handling: Handling, *, actor: str, now: datetime) -> None:
    """RECEIVED, WAITING or PERSON -> DONE, when it is carried out."""
    _settle(handling, _TO.DONE, actor=actor, now=now)


def undo(handling: Handling, *, actor: str, now: datetime) -> None:
    """-> UNDONE, when whoever reads the mail of the address takes it back."""
    _settle(handling, _TO.UNDONE, actor=actor, now=now)


def answer(handling: Handling, text: str, *, actor: str, now: datetime) -> None:
    """PERSON -> ANSWERED, when staff wrote back instead."""
    handling.answer = text
    _settle(handling, _TO.ANSWERED, actor=actor, now=now)


def _settle(handling: Handling, new: HandlingStatus, *, actor: str, now: datetime) -> None:
    handling.act_at, handling.settled_at, handling.settled_by = None, now, actor
    _move(handling, new)


def _move(handling: Handling, new: HandlingStatus) -> None:
    if new not in ARROWS[HandlingStatus(handling.status)]:
        raise IllegalMove(f"Declaration {handling.declaration_id}: {handling.status} -> {new}")
    handling.status = new
    handling.save()
