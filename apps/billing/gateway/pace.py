"""The shop's pace towards the gateway. All workers of all hosts together stay below the gateway's limit.

Each request takes the next free slot of one common timeline, and waits for it (the generic cell rate algorithm, without
a burst). The timeline is a number in Valkey, on Valkey's own clock. Should Valkey be emptied, it begins anew at the
present instant: those who wait already may then go beside the next ones, once, and a refusal of the gateway (429) puts
the payment back.
"""

from __future__ import annotations

import logging
import time

import redis
from django.conf import settings

log = logging.getLogger(__name__)

# Requests spaced evenly may bunch on the network by this much, and still no second holds more of them than the limit.
JITTER = 0.05
_KEY = "billing:gateway:next-slot"
# Microseconds. Returns the slot taken, and how long to wait for it.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local slot = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
redis.call('SET', KEYS[1], string.format('%.0f', slot + ARGV[1]), 'PX', 60000)
return {slot, slot - now}
"""


class Pace:
    """At most `per_second` requests in any second; 0 is without a limit. One instance serves any number of threads."""

    def __init__(self, redis_url: str, *, per_second: int) -> None:
        self._spacing = round(1_000_000 * (1 + JITTER) / per_second) if per_second else 0
        self._script = redis.Redis.from_url(redis_url, socket_timeout=2).register_script(_TAKE)

    @classmethod
    def of_the_shop(cls) -> Pace:
        """The pace that the settings name, shared by all workers over REDIS_URL."""
        return cls(settings.REDIS_URL, per_second=settings.GATEWAY_REQUESTS_PER_SECOND)

    def take(self) -> tuple[int, int]:
        """Take the next free slot: its instant and how long it is until then, both in microseconds of Valkey's clock.

        Raises redis.RedisError."""
        slot, delay = self._script(keys=[_KEY], args=[self._spacing])
        return slot, delay

    def wait(self) -> None:
        """Take the next slot and sleep until it comes.

        Without Valkey there is no common timeline: the request goes at once.
        """
        if not self._spacing:
            return
        try:
            _slot, delay = self.take()
        except redis.RedisError:
            log.warning("Valkey does not answer: this request to the gateway is not paced", exc_info=True)
            return
        time.sleep(delay / 1_000_000)
