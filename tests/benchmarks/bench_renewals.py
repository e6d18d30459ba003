"""How fast the first phase of a renewal is: claim, invoice, line, ledger, payment, period, next date, all committed.

    make bench T=tests/benchmarks/bench_renewals.py

Each round bills a fresh copy of a book of members, all due, in worker processes over embedded PostgreSQL with fsync on.
The limit is bare psycopg that copies the same rows into the same tables in the same transactions (`bare`). Rates are
those of this machine; the ratios, and the statements for each renewal, hold elsewhere too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from statistics import median

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from apps.core import progress
from apps.memberships import renewals
from tests.benchmarks import crew
from tests.benchmarks.child import DUE_AT
from tests.chaos import book
from tests.conftest import clone_database

ROUNDS = 5
SIZES = (2_000, 20_000, 100_000)
CREWS = (("engine", 1), ("bare", 1), ("engine", 2), ("bare", 2))
_tags = (f"bench{number}x" for number in count())


@contextmanager
def _book(size: int) -> Iterator[None]:
    """A database with so many members, all due."""
    with clone_database():
        book.build(size, due_at=DUE_AT, tag=next(_tags), in_sandbox=False)
        yield


def _once(task: str, *, workers: int, size: int) -> crew.Done:
    with clone_database() as name:
        connections.close_all()
        return crew.run(task, workers=workers, database=name, expected=size)


@pytest.fixture(scope="module")
def measured(django_db_setup, django_db_blocker) -> dict[tuple[str, int, int], list[crew.Done]]:
    """All rounds, by task, workers and size; the tasks take turns, so that a slow minute of the machine hits all."""
    found: dict[tuple[str, int, int], list[crew.Done]] = {}
    with django_db_blocker.unblock(), progress.bar() as bar:
        step = bar.add_task("Renewals", total=len(SIZES) * ROUNDS * len(CREWS))
        for size in SIZES:
            with _book(size):
                for _round in range(ROUNDS):
                    for task, workers in CREWS:
                        done = _once(task, workers=workers, size=size)
                        found.setdefault((task, workers, size), []).append(done)
                        bar.advance(step)
    return found


def test_billing(measured):
    rates = {key: median(done.rate for done in rounds) for key, rounds in measured.items()}
    print(f"\nRenewals billed per second, medians of {ROUNDS}")
    print("  workers     due     engine      limit   ratio   peak memory of a worker")
    for workers in (1, 2):
        for size in SIZES:
            ours, limit = rates["engine", workers, size], rates["bare", workers, size]
            peak = median(done.peak_mb for done in measured["engine", workers, size])
            print(f"  {workers:>7} {size:>7} {ours:>10,.0f} {limit:>10,.0f} {ours / limit:>7.2f} {peak:>9.0f} MB")
    for workers in (1, 2):
        small, large = rates["engine", workers, SIZES[0]], rates["engine", workers, SIZES[-1]]
        print(f"  rate at {SIZES[-1]:,} over rate at {SIZES[0]:,}, workers {workers}: {large / small:.2f}")


def test_statements(own_database):
    size = SIZES[0]
    book.build(size, due_at=DUE_AT, tag=next(_tags), in_sandbox=False)
    with CaptureQueriesContext(connection) as statements:
        assert renewals.bill_due(now=DUE_AT) == size
    print(f"\nSQL statements for each renewal: {len(statements) / size:.3f} ({len(statements)} for {size:,})")


@pytest.mark.parametrize("size", [SIZES[0], SIZES[-1]])
def test_nothing_due(django_db_setup, django_db_blocker, size):
    before = datetime(2027, 3, 1, tzinfo=UTC)
    times = []
    with django_db_blocker.unblock(), _book(size):
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        for _ in range(50):
            began = time.perf_counter()
            assert renewals.bill_due(now=before) == 0
            times.append(time.perf_counter() - began)
    print(f"\nA sweep with nothing due among {size:,} members, median of 50: {median(times) * 1000:.2f} ms")
