"""The register of sweeps: what the workers do on schedule.

A sweep finds rows whose time has come and carries them out. It may run at any instant, twice, or on several hosts at
once: the rows decide, not the schedule. An app declares its sweeps in `sweeps.py`; Celery beat, the time machine and
the demo's history all run them from here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.module_loading import autodiscover_modules

from . import clock
from .models import SweepRun

KEPT = timedelta(days=90)
# Who moves a clock asks each sweep when it is due, and runs all of them so often whatever they say: one that misjudges
# its next due row is late by so much at most.
EVERYTHING_EVERY = timedelta(days=7)
_BATCH = 1000

_registered: dict[str, Sweep] = {}


@dataclass(frozen=True, slots=True)
class Sweep:
    """`run(now=...)` carries out what is due and returns how many rows it handled; `next_due(now=...)` is the next
    instant (UTC) at which there is something to do, or None. `wakes` are sweeps for which it makes work that should not
    wait for the schedule."""

    name: str
    order: int
    run: Callable[..., int]
    next_due: Callable[..., datetime | None]
    wakes: tuple[str, ...] = ()


def register(*, name: str, order: int, next_due: Callable[..., datetime | None], wakes: tuple[str, ...] = ()):
    """Declare a function `run(*, now) -> int` as a sweep. Raises ValueError when the name is taken."""

    def decorate(run: Callable[..., int]) -> Callable[..., int]:
        if name in _registered:
            raise ValueError(f"There is already a sweep named {name}")
        _registered[name] = Sweep(name, order, run, next_due, wakes)
        return run

    return decorate


def autodiscover() -> None:
    """Import `sweeps` of every installed app."""
    autodiscover_modules("sweeps")


def get(name: str) -> Sweep:
    """The sweep of that name; KeyError when there is none."""
    return _registered[name]


def in_order() -> list[Sweep]:
    """All sweeps in the order in which one pass runs them: bill before collect, collect before dunning, mail last."""
    return sorted(_registered.values(), key=lambda sweep: (sweep.order, sweep.name))


def next_due(*, now: datetime) -> datetime | None:
    """The next instant at which any sweep has something to do, or None."""
    return min((due for sweep in in_order() if (due := sweep.next_due(now=now))), default=None)


def names() -> set[str]:
    """The names of all sweeps."""
    return set(_registered)


def housekeeping() -> set[str]:
    """The names of those that never say when they are due: `next_due` is `no_event`."""
    return {sweep.name for sweep in _registered.values() if sweep.next_due is no_event}


def no_event(*, now: datetime) -> datetime | None:
    """The `next_due` of housekeeping, by the machine's or the gateway's own time: nothing for the shop's clock to stop
    at."""
    return None


def run(name: str, *, now: datetime) -> int:
    """Run one sweep for the instant `now` and return how many rows it handled.

    A run that handled something or failed leaves a SweepRun row for staff; the exception is raised again.
    """
    started = datetime.now(UTC)
    try:
        handled = get(name).run(now=now)
    except Exception as problem:
        _log(name, now=now, started=started, error=f"{type(problem).__name__}: {problem}")
        raise
    if handled:
        _log(name, now=now, started=started, handled=handled)
    return handled


def run_all(*, now: datetime) -> dict[str, int]:
    """Run every sweep once, in order, for the instant `now`; returns what each handled."""
    return {sweep.name: run(sweep.name, now=now) for sweep in in_order()}


def run_due(*, now: datetime, without: Collection[str] = ()) -> dict[str, int]:
    """Run the sweeps that have something to do at `now`, in order, but those `without`; returns what each handled."""
    handled = {}
    for sweep in in_order():
        due = None if sweep.name in without else sweep.next_due(now=now)
        if due is not None and due <= now:
            handled[sweep.name] = run(sweep.name, now=now)
    return handled


def _log(name: str, *, now: datetime, started: datetime, handled: int = 0, error: str = "") -> None:
    SweepRun.objects.create(
        sweep=name, at=now, started_at=started, finished_at=datetime.now(UTC), handled=handled, error=error[:2000]
    )


@register(name="core.prune", order=285, next_due=no_event)
def prune(*, now: datetime) -> int:
    """Forget runs that began more than KEPT before `now`, in batches; returns how many.

    The oldest come first in the order of their keys, so the table is not searched beyond them.
    """
    # Runs are stamped with the machine's time, which the time machine does not move.
    limit = clock.machine_time(now) - KEPT
    deleted = 0
    while True:
        oldest = SweepRun.objects.order_by("pk").values_list("pk", "started_at")[:_BATCH]
        old = [pk for pk, started_at in oldest if started_at <= limit]
        if not old:
            return deleted
        deleted += SweepRun.objects.filter(pk__in=old).delete()[0]
