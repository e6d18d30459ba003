"""A worker that dies has its place taken, without importing the shop again."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import psutil

from apps.billing.models import Payment
from apps.core import clock
from tests import stack as stacks
from tests.chaos import book

LOG = stacks.LOGS / "workers-in-place.log"


def _workers(master: int) -> set[int]:
    return {child.pid for child in psutil.Process(master).children()}


def _ready() -> int:
    return LOG.read_bytes().count(b" ready.")


def test_others_take_the_places_of_dead_workers_and_all_end_together(shop):
    LOG.unlink(missing_ok=True)
    with stacks.forking_workers(shop, processes=2, log=LOG) as master:
        stacks.wait_for(lambda: LOG.exists() and _ready() == 2)
        dead = _workers(master.pid)
        for pid in dead:
            os.kill(pid, signal.SIGKILL)
        stacks.wait_for(lambda: _ready() == 4)
        alive = _workers(master.pid)
        assert len(alive) == 2
        assert alive.isdisjoint(dead)
        book.build(3, due_at=clock.now() - timedelta(hours=1), tag="place")
        # They hear what is rung from now on.
        shop.ring("memberships.bill")
        stacks.wait_for(Payment.objects.exists)
        shop.ring("billing.collect")
        stacks.wait_for(lambda: Payment.objects.filter(status="succeeded").count() == 3)
        master.send_signal(signal.SIGTERM)
        assert master.wait(60) == 0
    assert not any(psutil.pid_exists(pid) for pid in alive)
    log = LOG.read_bytes()
    assert [log.count(b"Worker %d ended with -9; another takes its place" % place) for place in (0, 1)] == [1, 1]


def test_workers_end_with_the_process_that_started_them(shop):
    LOG.unlink(missing_ok=True)
    with stacks.forking_workers(shop, processes=1, log=LOG) as master:
        stacks.wait_for(lambda: LOG.exists() and _ready() == 1)
        (worker,) = _workers(master.pid)
        master.kill()
        master.wait()
        stacks.wait_for(lambda: not psutil.pid_exists(worker))
