"""Workers die, the network drops answers, and every period is billed once and charged once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db.models import Count, Sum

from apps.billing.models import Invoice, LedgerEntry, Payment
from apps.core import clock
from apps.mail.models import Message
from apps.memberships.models import Period, Subscription
from tests import stack as stacks
from tests.chaos import book

WORKERS = 2
# Longer than the lease of a claimed payment, and than the time after which "not found" is believed.
PATIENCE = timedelta(minutes=5)


@pytest.fixture
def shop(own_database):
    settings.TIME_MACHINE = settings.DEMO = True
    with stacks.running(own_database, web=False, workers=0) as stack:
        yield stack
        stack.control("reset")
    settings.TIME_MACHINE = settings.DEMO = False


@pytest.mark.parametrize(
    ("renewals", "deaths"), [(1_000, 12), pytest.param(10_000, 200, marks=pytest.mark.soak)], ids=["short", "long"]
)
def test_every_period_is_billed_once_and_charged_once(shop, renewals, deaths):
    due_at = datetime.now(UTC).replace(day=15, microsecond=0) + timedelta(days=31)
    subscriptions = book.build(renewals, due_at=due_at.replace(day=15), tag="chaos")
    due_at = subscriptions[0].next_bill_at
    _drop(shop, "drop_before", seed=1)
    _drop(shop, "drop_after", seed=2)
    shop.travel(due_at + timedelta(minutes=1))

    _renew_while_killing(shop, deaths=deaths)
    shop.control("faults", method="DELETE")
    with _worker(shop, 9_999):
        _settle(shop)

    _assert_billed_once(subscriptions, due_at=due_at)
    _assert_charged_once(shop, times=renewals)
    _assert_books_balance(cash=1200 * renewals)


def _renew_while_killing(shop: stacks.Stack, *, deaths: int) -> None:
    """Let workers bill and collect, killing one after the other in mid-work."""
    dice = random.Random(20)
    workers = [_start(shop, number) for number in range(WORKERS)]
    try:
        stacks.wait_for(lambda: Invoice.objects.exists() or shop.ring("memberships.bill"))
        for death in range(1, deaths + 1):
            shop.ring("memberships.bill", "billing.collect", "billing.janitor")
            time.sleep(dice.uniform(0.3, 1.2))
            victim = dice.randrange(WORKERS)
            _kill(workers[victim])
            workers[victim] = _start(shop, WORKERS + death)
            # Leases of the killed run out by the shop's clock, so that later workers meet their leftovers.
            shop.travel(clock.now() + timedelta(seconds=45))
    finally:
        for worker in workers:
            _kill(worker)


def _settle(shop: stacks.Stack) -> None:
    """No more faults: the sweeps go on until nothing is open."""

    def is_final() -> bool:
        shop.travel(clock.now() + PATIENCE)
        shop.ring("memberships.bill", "billing.janitor", "billing.collect", "mail.deliver")
        time.sleep(0.5)
        due = Subscription.objects.due(clock.now()).exists()
        return not due and not Payment.objects.open().exists() and not Invoice.objects.open().exists()

    stacks.wait_for(is_final, patience=600)


def _assert_billed_once(subscriptions: list[Subscription], *, due_at: datetime) -> None:
    times = len(subscriptions)
    periods = Period.objects.filter(start=due_at)
    assert periods.count() == times
    assert periods.values("subscription").distinct().count() == times
    assert Invoice.objects.count() == times
    assert set(Invoice.objects.values_list("status", "total_minor", "due_minor")) == {("paid", 1200, 1200)}
    serials = set(Invoice.objects.values_list("serial", flat=True))
    assert serials == set(range(1, times + 1))
    renewed = Subscription.objects.filter(pk__in=[subscription.pk for subscription in subscriptions])
    assert set(renewed.values_list("status", "current_start", "parked_at")) == {("active", due_at, None)}


def _assert_charged_once(shop: stacks.Stack, *, times: int) -> None:
    paid = Payment.objects.filter(status="succeeded").values("invoice").annotate(times=Count("pk"))
    assert [row["times"] for row in paid] == [1] * times
    assert set(Payment.objects.values_list("status", flat=True)) == {"succeeded"}
    report = json.loads(shop.control("stats?metadata_key=invoice", method="GET"))
    assert report["charges"]["succeeded"] == times
    assert report["charges"]["amount"] == {"eur": 1200 * times}
    assert report["more_than_once"] == {}
    receipts = Message.objects.filter(kind="receipt")
    assert receipts.count() == times


def _assert_books_balance(*, cash: int) -> None:
    assert LedgerEntry.objects.aggregate(sum=Sum("amount_minor"))["sum"] == 0
    balances = LedgerEntry.objects.balances()
    assert balances["cash", "EUR"] == cash
    assert balances["receivable", "EUR"] == 0


def _drop(shop: stacks.Stack, kind: str, *, seed: int) -> None:
    """One charge in twenty gets no answer, before or after it was made."""
    fault = {"kind": kind, "method": "POST", "path_prefix": "/v1/payment_intents", "rate": 0.05, "seed": seed}
    shop.control("faults", json.dumps(fault).encode())


def _start(shop: stacks.Stack, number: int) -> subprocess.Popen:
    log = stacks.LOGS / f"chaos-{number}.log"
    return subprocess.Popen(
        stacks.worker_command(number),
        env=shop.environ,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _kill(worker: subprocess.Popen) -> None:
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@contextmanager
def _worker(shop: stacks.Stack, number: int) -> Iterator[None]:
    """One worker that is left alone."""
    process = _start(shop, number)
    try:
        yield
    finally:
        _kill(process)
