"""Webhook delivery: signed as Stripe signs, retried with back-off, and disturbed on request."""

import asyncio
import hmac
import http.client
import json
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from heapq import heappop, heappush
from random import Random
from typing import Any
from urllib.parse import urlsplit

from . import events, ids
from .store import Store

# Seconds before each further attempt. Stripe goes on for days; for a sandbox about an hour and a half is enough.
BACK_OFF = (1, 5, 30, 120, 600, 1800, 3600)
AT_ONCE = 4
TIMEOUT = 20


@dataclass(slots=True)
class Settings:
    """``delay`` and ``shuffle`` in seconds (each delivery waits ``delay`` plus up to ``shuffle``); ``duplicate``
    further copies of each; ``drop`` the probability that a delivery is lost for ever; ``paused`` holds all back."""

    paused: bool = False
    delay: float = 0.0
    shuffle: float = 0.0
    duplicate: int = 0
    drop: float = 0.0
    seed: int | None = None


def signature(secret: str, body: bytes, *, timestamp: int) -> str:
    """The ``Stripe-Signature`` header. Source: https://docs.stripe.com/webhooks#verify-manually."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Sends a body and returns the status; 0 when nothing answered. Redirects are not followed, as at Stripe."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("POST", target, body, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class Dispatcher:
    """The queue of deliveries by due time. Rows of kind ``delivery`` in the store: they survive a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: list[tuple[float, str]] = []
        self._in_flight: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self._chance = Random()  # noqa: S311 - must repeat for a seed
        self.settings = Settings()
        self.attempts: list[dict[str, Any]] = []

    def configure(self, change: dict[str, Any]) -> dict[str, Any]:
        """Changes some settings and returns all. Raises TypeError for an unknown one."""
        self.settings = Settings(**{**asdict(self.settings), **change})
        if "seed" in change:
            self._chance.seed(self.settings.seed)
        self._wake.set()
        return asdict(self.settings)

    def schedule(self, event: dict[str, Any], endpoint: dict[str, Any]) -> None:
        """Queues the deliveries of one event to one endpoint, disturbed by the settings."""
        settings = self.settings
        for _copy in range(1 + settings.duplicate):
            if settings.drop and self._chance.random() < settings.drop:
                continue
            wait = settings.delay + (self._chance.uniform(0, settings.shuffle) if settings.shuffle else 0)
            self._queue_row(
                {
                    "id": ids.new("delivery"),
                    "created": int(time.time()),
                    "event": event["id"],
                    "endpoint": endpoint["id"],
                    "attempt": 0,
                    "due": time.time() + wait,
                }
            )

    def recover(self) -> None:
        """Queues what a state file or a reset left in the store."""
        self._queue = []
        for row in self._store["delivery"]:
            heappush(self._queue, (row["due"], row["id"]))
        self._wake.set()

    def pending(self) -> int:
        """Deliveries queued or on their way."""
        return len(self._store["delivery"])

    async def run(self) -> None:
        """Delivers what is due, a few at a time, until cancelled."""
        while True:
            self._wake.clear()
            while self._queue and not self.settings.paused and len(self._in_flight) < AT_ONCE:
                if self._queue[0][0] > time.time():
                    break
                self._start(heappop(self._queue)[1])
            try:
                await asyncio.wait_for(self._wake.wait(), self._patience())
            except TimeoutError:
                continue

    async def flush(self) -> dict[str, int]:
        """Attempts every queued delivery once, now, even while paused, in order of due time."""
        before = len(self.attempts)
        waiting, self._queue = sorted(self._queue), []
        for _due, delivery_id in waiting:
            while len(self._in_flight) >= AT_ONCE:
                await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
            self._start(delivery_id)
        while self._in_flight:
            await asyncio.wait(self._in_flight)
        delivered = sum(1 for attempt in self.attempts[before:] if attempt["delivered"])
        return {"delivered": delivered, "failed": len(self.attempts) - before - delivered, "pending": self.pending()}

    def close(self) -> None:
        """Stops the sending threads without waiting for a slow receiver."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _patience(self) -> float | None:
        if self.settings.paused or not self._queue or len(self._in_flight) >= AT_ONCE:
            return None
        return max(0.0, self._queue[0][0] - time.time())

    def _queue_row(self, row: dict[str, Any]) -> None:
        self._store["delivery"].put(row)
        heappush(self._queue, (row["due"], row["id"]))
        self._wake.set()

    def _start(self, delivery_id: str) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(delivery_id))
        self._in_flight.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._wake.set()

    async def _deliver(self, delivery_id: str) -> None:
        row = self._store["delivery"].get(delivery_id)
        event = row and self._store["event"].get(row["event"])
        endpoint = row and self._store["webhook_endpoint"].get(row["endpoint"])
        if not row:
            return
        if not event or not endpoint or endpoint["status"] != "enabled":
            self._store["delivery"].drop(delivery_id)
            return
        body = json.dumps(events.render(event, api_version=endpoint["api_version"]), indent=2).encode()
        secret = self._store.note(endpoint["id"])["secret"]
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(secret, body, timestamp=int(time.time())),
        }
        status = await asyncio.get_running_loop().run_in_executor(self._threads, post, endpoint["url"], body, headers)
        self._settle(delivery_id, event["id"], status=status)

    def _settle(self, delivery_id: str, event_id: str, *, status: int) -> None:
        delivered = 200 <= status < 300
        self.attempts.append({"event": event_id, "status": status, "delivered": delivered})
        del self.attempts[:-10_000]
        row = self._store["delivery"].get(delivery_id)
        if row is None:  # the store was reset while the request was under way
            return
        if not delivered and row["attempt"] < len(BACK_OFF):
            wait = BACK_OFF[row["attempt"]]
            self._queue_row({**row, "attempt": row["attempt"] + 1, "due": time.time() + wait})
            return
        self._store["delivery"].drop(delivery_id)
        event = self._store["event"].get(event_id)
        if delivered and event and event["pending_webhooks"]:
            self._store["event"].put({**event, "pending_webhooks": event["pending_webhooks"] - 1})
