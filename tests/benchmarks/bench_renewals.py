"""How fast the first phase of a renewal is: claim, invoice, line, ledger, payment, period, next date, all committed.

    make bench

The figures are medians of ROUNDS runs in one process on embedded PostgreSQL with fsync on. The rate speaks of
this machine; the ratio between the two sizes, and the statements for each renewal, hold elsewhere too.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.billing.models import Invoice
from apps.memberships import renewals
from tests.chaos import book

ROUNDS = 5
SIZES = (500, 2_000)
DUE_AT = datetime(2027, 3, 15, 9, tzinfo=UTC)


def _rate(size: int, *, tag: str) -> float:
    """Renewals billed per second, once."""
    book.build(size, due_at=DUE_AT, tag=tag)
    began = time.perf_counter()
    billed = renewals.bill_due(now=DUE_AT)
    took = time.perf_counter() - began
    assert billed == size
    return size / took


def test_billing(own_database):
    rates = {size: median(_rate(size, tag=f"bench{size}x{number}x") for number in range(ROUNDS)) for size in SIZES}
    small, large = SIZES
    book.build(large, due_at=DUE_AT, tag="counted")
    with CaptureQueriesContext(connection) as statements:
        renewals.bill_due(now=DUE_AT)
    print("\nRenewals billed in one process, median of", ROUNDS)
    for size, rate in rates.items():
        print(f"  {size:>6} due  {rate:8.0f} renewals/s")
    print(f"  rate at {large} over rate at {small}: {rates[large] / rates[small]:.2f}")
    print(f"  SQL statements for each renewal: {len(statements) / large:.3f}")
    assert Invoice.objects.count() == ROUNDS * sum(SIZES) + large


def test_nothing_due(own_database):
    book.build(2_000, due_at=DUE_AT, tag="idle")
    before = datetime(2027, 3, 1, tzinfo=UTC)
    times = []
    for _ in range(50):
        began = time.perf_counter()
        assert renewals.bill_due(now=before) == 0
        times.append(time.perf_counter() - began)
    print(f"\nA sweep with nothing due among 2000 members, median of 50: {median(times) * 1000:.2f} ms")
