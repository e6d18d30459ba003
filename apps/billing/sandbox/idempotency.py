"""Idempotency keys: the first answer is kept and given again for 24 hours.

Source: https://docs.stripe.com/api/idempotent_requests.
"""

import time
from hashlib import sha256

from .errors import StripeError
from .store import Store

LIFETIME = 24 * 3600


class Keys:
    """The kept answers, and the keys of requests that are being worked on right now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_flight: dict[str, str] = {}

    def begin(self, key: str, *, path: str, body: str) -> tuple[int, str, str] | None:
        """The kept answer (status, JSON, first request's id), or None and the key is taken until ``finish``.

        Raises StripeError 400 ``idempotency_error`` when the key was used for something else, and 409
        ``idempotency_key_in_use`` while the first request is still under way.
        """
        if len(key) > 255:
            raise StripeError("Idempotency keys can be at most 255 characters long.", executed=False)
        self._forget_old()
        asked = f"{path} {sha256('&'.join(sorted(body.split('&'))).encode()).hexdigest()}"
        kept = self._store["idempotency_key"].get(key)
        known = kept["asked"] if kept else self._in_flight.get(key)
        if known is not None and known != asked:
            raise _used_for_something_else(key, known, asked)
        if kept:
            return kept["status"], kept["answer"], kept["request_id"]
        if key in self._in_flight:
            raise StripeError(
                "There is currently another in-progress request using this Idempotent Key (that probably means you"
                f" submitted twice, and the other request is still going through): {key}. Please try again later.",
                status=409,
                code="idempotency_key_in_use",
                executed=False,
            )
        self._in_flight[key] = asked
        return None

    def finish(self, key: str, *, status: int, answer: str, request_id: str) -> None:
        """Keeps the answer under its key and frees the key."""
        self._store["idempotency_key"].put(
            {
                "id": key,
                "created": int(time.time()),
                "asked": self._in_flight.pop(key),
                "status": status,
                "answer": answer,
                "request_id": request_id,
            }
        )

    def abandon(self, key: str) -> None:
        """Frees the key without keeping an answer: the endpoint never began."""
        self._in_flight.pop(key, None)

    def forget(self) -> int:
        """Forgets all kept answers, as Stripe may after 24 hours. Returns how many."""
        kept = [row["id"] for row in self._store["idempotency_key"]]
        for key in kept:
            self._store["idempotency_key"].drop(key)
        return len(kept)

    def _forget_old(self) -> None:
        table = self._store["idempotency_key"]
        limit = time.time() - LIFETIME
        while table.timeline.entries and table.timeline.entries[0][0] < limit:
            table.drop(table.timeline.entries[0][2])


def _used_for_something_else(key: str, known: str, asked: str) -> StripeError:
    first, now = known.split(" ")[0], asked.split(" ")[0]
    if first != now:
        message = (
            f"Keys for idempotent requests can only be used for the same endpoint they were first used for ('{first}'"
            f" vs '{now}'). Try using a key other than '{key}' if you meant to execute a different request."
        )
    else:
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try"
            f" using a key other than '{key}' if you meant to execute a different request."
        )
    return StripeError(message, type="idempotency_error", executed=False)
