"""The time machine: moves the shop's clock forward, and lets the workers do what would have happened on the way.

The clock goes from one due instant to the next, and the sweeps run at each of them, so that renewals, retries and mails
happen at their own time and in their own order. Demo and tests only: settings.TIME_MACHINE.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models.functions import Greatest

from . import sweeps
from .models import ClockJourney, ClockShift

LONGEST = timedelta(days=5 * 366)
STEPS_PER_TASK = 500
# What one sweep does at an instant may be due for another at the same instant: a bill, its payment, its receipt.
_PASSES_PER_STEP = 10
# A row that is due and cannot be handled hides the later ones of its sweep: then no step is longer than this.
_LONGEST_STEP_WHEN_STUCK = timedelta(hours=6)
_LOCK = 0x0C10C4  # any constant of our own: the advisory lock's name


class TimeMachineOff(Exception):
    """settings.TIME_MACHINE is off."""


class NotForward(ValueError):
    """The target is not after the shop's present time, or too far away."""


class Travelling(Exception):
    """Another journey is under way."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instant (UTC) and how many rows each sweep handled at it; `failed` names the sweeps that raised."""

    at: datetime
    handled: dict[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()


def start(*, target: datetime, now: datetime) -> ClockJourney:
    """Write down a journey to `target`, for a worker to carry out with `travel`.

    Raises TimeMachineOff, NotForward (target not after `now`, or over five years away) or Travelling.
    """
    _require_on()
    if not now < target <= now + LONGEST:
        raise NotForward(f"{target} is not within five years after {now}")
    journey, is_new = ClockJourney.objects.get_or_create(
        finished_at=None, defaults={"origin": now, "target": target, "reached": now, "started_at": datetime.now(UTC)}
    )
    if not is_new:
        raise Travelling
    return journey


def travel(journey_id: int, *, now: datetime, max_steps: int = STEPS_PER_TASK) -> bool:
    """Carry a journey on for at most `max_steps` steps; True when there is more to go.

    Safe to repeat: a finished journey, or one that another worker is carrying out, is left alone.
    """
    journey = ClockJourney.objects.get(pk=journey_id)
    if journey.finished_at:
        return False

    def on_step(step: Step) -> None:
        journey.reached = max(journey.reached, step.at)
        journey.steps += 1
        journey.save(update_fields=["reached", "steps"])

    try:
        advance(until=max(journey.target, now), now=now, on_step=on_step, max_steps=max_steps)
    except Travelling:
        return False
    except Exception as problem:
        _finish(journey, error=f"{type(problem).__name__}: {problem}")
        raise
    if journey.reached < journey.target:
        return True
    _finish(journey)
    return False


def advance(
    *,
    until: datetime,
    now: datetime,
    on_step: Callable[[Step], object] | None = None,
    max_steps: int = STEPS_PER_TASK,
) -> list[Step]:
    """Move the shop's clock from `now` to `until` (UTC), event by event, running what is due; returns the steps.

    `now` is the shop's present time. Stops early after `max_steps`. A sweep that raises is logged by the register and
    does not stop the clock. Raises TimeMachineOff, NotForward when `until` is before `now`, Travelling when another
    journey holds the lock.
    """
    _require_on()
    if until < now:
        raise NotForward(f"{until} is before {now}")
    steps: list[Step] = []
    with _alone():
        at, day, everything_at = now, None, now
        while len(steps) < max_steps:
            _move_clock(at)
            asked_or_not: Collection[str] = ()
            if at >= everything_at:
                asked_or_not = sweeps.names()
                everything_at = at + sweeps.EVERYTHING_EVERY
            elif at.date() != day:
                asked_or_not = sweeps.housekeeping()
            step, following = _live_through(at, asked_or_not=asked_or_not)
            day = at.date()
            steps.append(step)
            if on_step:
                on_step(step)
            if at >= until:
                break
            at = min(following, until)
    return steps


def next_event(*, now: datetime) -> datetime | None:
    """The next instant after `now` at which a worker has something to do, or None."""
    return min((due for due in _dues(now, said={}) if due > now), default=None)


def _dues(now: datetime, *, said: Mapping[str, datetime | None]) -> list[datetime]:
    """When each sweep has something to do next; who has `said` so is not asked again."""
    answers = (said[one.name] if one.name in said else one.next_due(now=now) for one in sweeps.in_order())
    return [due for due in answers if due is not None]


def _live_through(at: datetime, *, asked_or_not: Collection[str]) -> tuple[Step, datetime]:
    """Run what is due at the instant, again while that leaves something due and gets on; then the next instant.

    The sweeps `asked_or_not` run once first, whatever they say is due.
    """
    total: Counter[str] = Counter()
    failed: set[str] = set()
    for number in range(_PASSES_PER_STEP):
        handled, said = _pass(at, failed, asked_or_not=asked_or_not if number == 0 else ())
        total.update(handled)
        got_on = sum(handled.values()) > 0
        dues = _dues(at, said={} if got_on else said)
        if not (got_on and min(dues, default=at + LONGEST) <= at):
            break
    is_stuck = any(due <= at for due in dues)
    limit = at + (_LONGEST_STEP_WHEN_STUCK if is_stuck else LONGEST)
    step = Step(at, {name: count for name, count in total.items() if count}, tuple(sorted(failed)))
    return step, min([limit, *(due for due in dues if due > at)])


def _pass(
    at: datetime, failed: set[str], *, asked_or_not: Collection[str]
) -> tuple[Counter[str], dict[str, datetime | None]]:
    """One pass over the sweeps in their order. Each is asked right before its turn: one's work makes the next due.

    Returns what each handled, and when those that had nothing to do said that they will: good if nobody did anything.
    """
    handled: Counter[str] = Counter()
    said: dict[str, datetime | None] = {}
    for sweep in sweeps.in_order():
        if sweep.name in failed:
            continue
        if sweep.name not in asked_or_not:
            due = sweep.next_due(now=at)
            if due is None or due > at:
                said[sweep.name] = due
                continue
        try:
            handled[sweep.name] = sweeps.run(sweep.name, now=at)
        except Exception:  # the register has written it down; the other workers go on, as they would on schedule
            failed.add(sweep.name)
    return handled, said


def _move_clock(at: datetime) -> None:
    """Make the shop's clock read at least `at`. The shift only grows, so the clock never goes back."""
    shift = at - datetime.now(UTC)
    ClockShift.objects.get_or_create(pk=ClockShift.SINGLETON)
    ClockShift.objects.filter(pk=ClockShift.SINGLETON).update(shift=Greatest("shift", shift))


def _finish(journey: ClockJourney, *, error: str = "") -> None:
    journey.finished_at = datetime.now(UTC)
    journey.error = error[:2000]
    journey.save(update_fields=["finished_at", "error"])


def _require_on() -> None:
    if not settings.TIME_MACHINE:
        raise TimeMachineOff


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the advisory lock of the time machine; it goes with the connection if the worker dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Travelling
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
