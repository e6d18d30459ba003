"""Workers of a test: started, killed, and left alone until all is final."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psutil

from apps.billing.models import Invoice, Payment
from apps.core import clock
from apps.memberships.models import Subscription
from tests import stack as stacks
from tests.chaos import book

# Longer than the lease of a claimed payment, and than the time after which "not found" is believed.
PATIENCE = timedelta(minutes=5)
SWEEPS = ("memberships.bill", "billing.janitor", "billing.collect", "mail.deliver")


def start(shop: stacks.Stack, number: int) -> subprocess.Popen:
    """Start a worker, and the process that forks it."""
    log = stacks.LOGS / f"chaos-{number}.log"
    return subprocess.Popen(
        stacks.workers_command(1), env=shop.environ, stdout=log.open("wb"), stderr=subprocess.STDOUT
    )


def kill(worker: subprocess.Popen) -> None:
    """SIGKILL to all of it, as when a machine loses its power: nobody takes the worker's place."""
    worker.send_signal(signal.SIGSTOP)
    for forked in psutil.Process(worker.pid).children():
        forked.kill()
    worker.kill()
    worker.wait()


@contextmanager
def working(shop: stacks.Stack, count: int) -> Iterator[None]:
    """That many workers that are left alone."""
    workers = [start(shop, 9_000 + number) for number in range(count)]
    try:
        yield
    finally:
        for worker in workers:
            kill(worker)


def drop_answers(shop: stacks.Stack, kind: str, *, seed: int) -> None:
    """One charge in twenty gets no answer, before or after it was made."""
    fault = {"kind": kind, "method": "POST", "path_prefix": "/v1/payment_intents", "rate": 0.05, "seed": seed}
    shop.control("faults", json.dumps(fault).encode())


def renewals_come_due(shop: stacks.Stack, count: int, *, tag: str) -> list[Subscription]:
    """So many members whose renewals have just come due, while one answer of the gateway in ten is lost."""
    due_at = datetime.now(UTC).replace(day=15, microsecond=0) + timedelta(days=31)
    subscriptions = book.build(count, due_at=due_at.replace(day=15), tag=tag)
    drop_answers(shop, "drop_before", seed=1)
    drop_answers(shop, "drop_after", seed=2)
    shop.travel(subscriptions[0].next_bill_at + timedelta(minutes=1))
    return subscriptions


def settle(shop: stacks.Stack) -> None:
    """No more faults: the sweeps go on until nothing is open."""
    shop.control("faults", method="DELETE")

    def is_final() -> bool:
        shop.travel(clock.now() + PATIENCE)
        shop.ring(*SWEEPS)
        time.sleep(0.5)
        return is_at_rest()

    stacks.wait_for(is_final, patience=900)


def is_at_rest() -> bool:
    """Whether nothing is due, open or under way."""
    due = Subscription.objects.due(clock.now()).exists()
    return not due and not Payment.objects.open().exists() and not Invoice.objects.open().exists()
