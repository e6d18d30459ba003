"""The register of sweeps: order, next due instant, and what is written down."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import sweeps
from apps.core.models import ClockShift, SweepRun

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
def register(monkeypatch):
    """A register of the test's own."""
    monkeypatch.setattr(sweeps, "_registered", {})
    return sweeps.register


def declare(register, name: str, *, order: int, handled=0, due=None, log=None):
    @register(name=name, order=order, next_due=lambda *, now: due)
    def run(*, now):
        if log is not None:
            log.append((name, now))
        if isinstance(handled, Exception):
            raise handled
        return handled


def test_one_pass_runs_all_in_order(register, db):
    log = []
    declare(register, "mail", order=900, log=log)
    declare(register, "bill", order=100, handled=3, log=log)
    declare(register, "another", order=900, log=log)
    assert sweeps.run_all(now=NOW) == {"bill": 3, "another": 0, "mail": 0}
    assert log == [("bill", NOW), ("another", NOW), ("mail", NOW)]


def test_the_next_due_instant_is_the_earliest(register):
    assert sweeps.next_due(now=NOW) is None
    declare(register, "a", order=1)
    declare(register, "b", order=2, due=NOW.replace(day=12))
    declare(register, "c", order=3, due=NOW.replace(day=11))
    assert sweeps.next_due(now=NOW) == NOW.replace(day=11)


def test_a_name_is_taken_once(register):
    declare(register, "a", order=1)
    with pytest.raises(ValueError, match="already"):
        declare(register, "a", order=2)
    assert sweeps.get("a").order == 1
    with pytest.raises(KeyError):
        sweeps.get("b")


def test_only_work_and_failures_are_written_down(register, db):
    declare(register, "idle", order=1)
    declare(register, "busy", order=2, handled=7)
    declare(register, "broken", order=3, handled=RuntimeError("no bread"))
    sweeps.run("idle", now=NOW)
    sweeps.run("busy", now=NOW)
    with pytest.raises(RuntimeError, match="no bread"):
        sweeps.run("broken", now=NOW)
    rows = list(SweepRun.objects.order_by("pk").values_list("sweep", "at", "handled", "error"))
    assert rows == [("busy", NOW, 7, ""), ("broken", NOW, 0, "RuntimeError: no bread")]
    assert {row.sweep for row in SweepRun.objects.latest_of_each()} == {"busy", "broken"}


def test_every_sweep_of_the_schedule_is_declared():
    from config.celery import EVERY_SECONDS

    assert set(EVERY_SECONDS) == {sweep.name for sweep in sweeps.in_order()}
    names = [sweep.name for sweep in sweeps.in_order()]
    assert names.index("memberships.bill") < names.index("billing.collect") < names.index("billing.dunning")
    assert names[-1] == "mail.deliver"


def test_old_runs_are_forgotten_and_young_ones_kept(db, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(sweeps, "_BATCH", 4)
    for days in (200, 91, 90, 89, 1):
        started = NOW - timedelta(days=days)
        SweepRun.objects.create(sweep=f"{days}", at=NOW, started_at=started, finished_at=started, handled=1)
    assert sweeps.get("core.prune").run(now=NOW) == 3
    assert [run.sweep for run in SweepRun.objects.order_by("pk")] == ["89", "1"]
    # With nothing old the oldest few are all that is looked at.
    with django_assert_num_queries(1):
        assert sweeps.get("core.prune").run(now=NOW) == 0


def test_runs_are_kept_by_the_machines_time(db, settings):
    settings.TIME_MACHINE = True
    ClockShift.objects.create(pk=ClockShift.SINGLETON, shift=timedelta(days=300))
    started = NOW - timedelta(days=80)
    SweepRun.objects.create(sweep="x", at=NOW, started_at=started, finished_at=started, handled=1)
    assert sweeps.get("core.prune").run(now=NOW + timedelta(days=300)) == 0
    assert sweeps.get("core.prune").run(now=NOW + timedelta(days=311)) == 1
