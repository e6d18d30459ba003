"""How soon a worker is of use, and how many events of the gateway the shop takes in.

    make bench T=tests/benchmarks/bench_workers.py

The whole shop as processes: web server, worker, beat, sandbox, on one machine.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

import psutil
import pytest
from djstripe.models import WebhookEventTrigger

from apps.billing import collection
from apps.billing.models import Payment
from apps.memberships import renewals
from tests import stack as stacks
from tests.chaos import book
from tests.webhooks.events import post

ROUNDS = 5
EVENTS = 200
SENDERS = 8
DUE_AT = datetime(2026, 3, 15, 9, tzinfo=UTC)


@pytest.fixture
def stripe_account() -> Iterator[None]:
    with stacks.demo_settings():
        yield


def _first_charge(stack: stacks.Stack, number: int) -> tuple[float, float]:
    """Seconds from the start of the process that forks a worker, and from the moment the worker is ready, to its first
    charge."""
    log = stacks.LOGS / f"bench-worker-{number}.log"
    log.unlink(missing_ok=True)
    book.build(20, due_at=DUE_AT, tag=f"worker{number}x")
    before = Payment.objects.count()
    began, ready = time.perf_counter(), None
    with stacks.forking_workers(stack, processes=1, log=log):
        while not Payment.objects.exclude(sent_at=None).count() > before:
            if ready is None and b" ready." in log.read_bytes():
                ready = time.perf_counter()
            assert time.perf_counter() - began < 120
            time.sleep(0.005)
        charged = time.perf_counter()
        stacks.wait_for(lambda: not Payment.objects.filter(status__in=["pending", "processing"]).exists())
    return charged - began, charged - (ready or charged)


def _first_charge_in_its_place(master: subprocess.Popen, number: int) -> float:
    """Seconds from the death of a worker to the first charge of the one that is forked in its place."""
    (worker,) = psutil.Process(master.pid).children()
    # A worker that does not come to the work, as one that hangs.
    worker.suspend()
    book.build(20, due_at=DUE_AT, tag=f"place{number}x")
    before = Payment.objects.exclude(sent_at=None).count()
    # One that ends right after its start would be given a pause.
    stacks.wait_for(lambda: time.time() - worker.create_time() > 2)
    began = time.perf_counter()
    worker.kill()
    while not Payment.objects.exclude(sent_at=None).count() > before:
        assert time.perf_counter() - began < 120
        time.sleep(0.005)
    seconds = time.perf_counter() - began
    stacks.wait_for(lambda: not Payment.objects.filter(status__in=["pending", "processing"]).exists())
    return seconds


def test_a_worker_begins(own_database, stripe_account):
    with stacks.running(own_database, web=False, workers=0) as stack:
        times = [_first_charge(stack, number) for number in range(ROUNDS)]
        log = stacks.LOGS / "bench-workers.log"
        log.unlink(missing_ok=True)
        with stacks.forking_workers(stack, processes=1, log=log) as master:
            stacks.wait_for(lambda: b" ready." in log.read_bytes())
            forked = median(_first_charge_in_its_place(master, number) for number in range(ROUNDS))
    whole, ready = (median(column) for column in zip(*times, strict=True))
    print(f"\nA worker's first charge, with its renewals due (medians of {ROUNDS}):")
    print(f"  {forked:.2f} s after the death of the worker whose place it takes, forked by a process that runs already")
    print(f"  {whole:.2f} s after that process was started, with nothing imported")
    print(f"  {ready:.2f} s after a worker was ready")


def _event(payment: Payment) -> dict:
    return {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "api_version": "2025-09-30.clover",
        "created": int(time.time()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "payment_intent.succeeded",
        "data": {
            "object": {
                "id": payment.gateway_id,
                "object": "payment_intent",
                "metadata": {"payment": payment.idempotency_key},
            }
        },
    }


def test_events(own_database, stripe_account):
    book.build(EVENTS, due_at=DUE_AT, tag="events")
    renewals.bill_due(now=DUE_AT)
    with stacks.running(own_database, workers=0) as stack:
        stack.control("webhooks", b'{"drop": 1}')
        assert collection.collect_due(now=DUE_AT) == EVENTS
        rates = []
        for _round in range(ROUNDS):
            events = [_event(payment) for payment in Payment.objects.all()]
            began = time.perf_counter()
            with ThreadPoolExecutor(SENDERS) as senders:
                assert set(senders.map(post, events)) == {200}
            rates.append(EVENTS / (time.perf_counter() - began))
        assert WebhookEventTrigger.objects.filter(processed=True).count() == ROUNDS * EVENTS
    print(f"\nEvents taken in by one web process, {SENDERS} at a time: {median(rates):.0f}/s (median of {ROUNDS})")
