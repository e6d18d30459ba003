"""What else goes wrong in a shop's life: services that forget, restart and run twice, and clocks that jump.

Long: `make soak`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import DatabaseError, connection, connections

from apps.billing.models import Invoice, Payment
from apps.core import clock
from apps.core.models import ClockShift
from apps.memberships.models import Subscription
from tests import stack as stacks
from tests.chaos import crew, reckoning

pytestmark = pytest.mark.soak

RENEWALS = 3_000
TROUBLES = 10


@pytest.fixture
def due(shop) -> list[Subscription]:
    """Members whose renewals have just come due, and a network that loses answers."""
    return crew.renewals_come_due(shop, RENEWALS, tag="soak")


def trouble(shop: stacks.Stack, strike: Callable[[], object]) -> None:
    """Strike again and again while the renewals are under way."""
    stacks.wait_for(lambda: Invoice.objects.exists() or shop.ring("memberships.bill"))
    for _ in range(TROUBLES):
        shop.ring(*crew.SWEEPS)
        time.sleep(1)
        strike()


def test_valkey_forgets_everything(shop, due):
    valkey = redis.Redis.from_url(settings.REDIS_URL)
    with crew.working(shop, 2):
        trouble(shop, valkey.flushdb)
        crew.settle(shop)
    reckoning.assert_sound(shop, due, starts=[due[0].next_bill_at])


def test_two_beats_ring_for_everything(shop, due):
    second = [sys.executable, "-m", "celery", "-A", "config", "beat", "--pidfile=", "-s"]
    shop.supervisor.spawn("beat-2", [*second, str(stacks.LOGS / "beat-2-schedule")], env=shop.environ)
    with crew.working(shop, 2):
        # Nobody rings but the two.
        stacks.wait_for(lambda: not Subscription.objects.due(clock.now()).exists(), patience=600)
        stacks.wait_for(lambda: not Payment.objects.filter(status="pending").exists(), patience=600)
        crew.settle(shop)
    reckoning.assert_sound(shop, due, starts=[due[0].next_bill_at])


def test_postgresql_restarts(shop, due):
    with crew.working(shop, 2):
        trouble(shop, _crash_postgresql)
        crew.settle(shop)
    reckoning.assert_sound(shop, due, starts=[due[0].next_bill_at])


def test_the_clock_jumps_ahead_and_back(shop, due):
    jumps = iter([timedelta(hours=3), timedelta(hours=-2)] * TROUBLES)
    with crew.working(shop, 2):
        trouble(shop, lambda: _jump(next(jumps)))
        crew.settle(shop)
    reckoning.assert_sound(shop, due, starts=[due[0].next_bill_at])


def test_forty_days_without_a_worker(shop, due):
    first = due[0].next_bill_at
    shop.travel(first + timedelta(days=40))
    with crew.working(shop, 2):
        trouble(shop, lambda: None)
        crew.settle(shop)
    second = Subscription.objects.get(pk=due[0].pk).current_start
    assert timedelta(days=28) <= second - first <= timedelta(days=31, hours=1)
    reckoning.assert_sound(shop, due, starts=[first, second])


def _crash_postgresql() -> None:
    """Kill one server process: PostgreSQL ends all others, recovers from its log and begins again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    os.kill(pid, signal.SIGKILL)
    connections.close_all()
    stacks.wait_for(_is_back)


def _is_back() -> bool:
    with suppress(DatabaseError):
        connection.ensure_connection()
        return True
    connections.close_all()
    return False


def _jump(by: timedelta) -> None:
    ClockShift.objects.update_or_create(pk=ClockShift.SINGLETON, defaults={"shift": ClockShift.current() + by})
