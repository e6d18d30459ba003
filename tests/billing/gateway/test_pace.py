"""All workers together stay below the gateway's limit."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import redis
from django.conf import settings

from apps.billing.gateway.pace import JITTER, Pace

SPACING = round(1_000_000 * (1 + JITTER) / 50)  # microseconds between two of 50 a second


@pytest.fixture(autouse=True)
def timeline():
    """An empty timeline before and after."""
    connection = redis.Redis.from_url(settings.REDIS_URL)
    connection.delete("billing:gateway:next-slot")
    yield connection
    connection.delete("billing:gateway:next-slot")


def test_no_two_workers_get_slots_closer_than_the_spacing():
    workers = [Pace(settings.REDIS_URL, per_second=50) for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda number: workers[number % 4].take(), range(80)))

    slots = sorted(slot for slot, _delay in taken)
    assert all(later - earlier >= SPACING for earlier, later in pairwise(slots))
    assert all(delay >= 0 for _slot, delay in taken)
    begin, end = slots[0], slots[0] + 1_000_000
    assert len([slot for slot in slots if begin <= slot < end]) == 48, "a little below 50 in one second"


def test_an_idle_timeline_gives_the_present_and_saves_nothing_up():
    pace = Pace(settings.REDIS_URL, per_second=50)
    (first, waited), (second, next_waits) = pace.take(), pace.take()
    assert waited == 0
    assert second - first >= SPACING
    assert next_waits <= SPACING


def test_an_emptied_timeline_begins_anew(timeline):
    pace = Pace(settings.REDIS_URL, per_second=1)
    pace.take()
    assert pace.take()[1] > 0
    timeline.delete("billing:gateway:next-slot")
    assert pace.take()[1] == 0


def test_without_a_limit_or_without_valkey_nobody_waits(timeline):
    Pace(settings.REDIS_URL, per_second=0).wait()
    assert timeline.get("billing:gateway:next-slot") is None
    Pace("redis://127.0.0.1:1/0", per_second=1).wait()
