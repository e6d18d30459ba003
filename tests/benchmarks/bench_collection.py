"""How much of a slow gateway's time the second phase uses: claim, charge over HTTP, settle.

    make bench

The gateway answers after LATENCY. Threads that did nothing but charge would reach threads / latency; the figure is the
share of it that the collection reaches with all it writes: states, ledger, receipts, points.
"""

from __future__ import annotations

import json
import time
import urllib.request
from datetime import UTC, datetime
from statistics import median

import pytest
from django.conf import settings

from apps.billing import collection
from apps.billing.models import Payment
from apps.memberships import renewals
from tests.chaos import book

ROUNDS = 5
THREADS = 20
SIZE = 1_000
LATENCY = 0.150  # seconds
DUE_AT = datetime(2027, 3, 15, 9, tzinfo=UTC)


def _control(path: str, body: object, *, method: str = "POST") -> None:
    request = urllib.request.Request(
        f"{settings.STRIPE_API_BASE}/_control/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    urllib.request.urlopen(request).close()


@pytest.fixture
def slow_gateway(settings):
    """The sandbox, slow for charges; no limit of requests."""
    settings.GATEWAY_REQUESTS_PER_SECOND = 0
    settings.COLLECTION_THREADS = THREADS
    _control("faults", {"kind": "slow", "seconds": LATENCY, "path_prefix": "/v1/payment_intents", "method": "POST"})
    yield
    _control("faults", {}, method="DELETE")
    _control("reset", {})


def _rate(number: int) -> float:
    """Payments collected per second, once."""
    book.build(SIZE, due_at=DUE_AT, tag=f"collected{number}x")
    renewals.bill_due(now=DUE_AT)
    began = time.perf_counter()
    assert collection.collect_due(now=DUE_AT) == SIZE
    return SIZE / (time.perf_counter() - began)


def test_collection(own_database, slow_gateway):
    rate = median(_rate(number) for number in range(ROUNDS))
    possible = THREADS / LATENCY
    print(f"\nCollected with {THREADS} threads from a gateway that takes {LATENCY * 1000:.0f} ms, median of {ROUNDS}")
    print(f"  {rate:8.1f} payments/s, {rate / possible:.0%} of {possible:.1f} (threads / latency)")
    assert set(Payment.objects.values_list("status", flat=True)) == {"succeeded"}
