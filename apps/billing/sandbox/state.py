"""The whole sandbox: its objects and the machinery around them."""

import time
from collections import deque
from typing import Any

from .faults import Faults
from .idempotency import Keys
from .store import Store
from .webhooks import Dispatcher, Settings

LOGGED = 20_000


class Sandbox:
    """One account's world. ``overrides``: (card number or payment method, moment) -> decline code or ``ok``."""

    def __init__(self) -> None:
        self.store = Store()
        self.keys = Keys(self.store)
        self.faults = Faults()
        self.dispatcher = Dispatcher(self.store)
        self.overrides: dict[tuple[str, str], str] = {}
        self.requests: deque[dict[str, Any]] = deque(maxlen=LOGGED)
        self.search_delay = 0.0
        self.started = int(time.time())

    def reset(self, *, keep_webhook_endpoints: bool) -> None:
        """Forgets all objects, faults, overrides and logs."""
        secrets = {row["id"]: self.store.note(row["id"])["secret"] for row in self.store["webhook_endpoint"]}
        self.store.clear(keep=("webhook_endpoint",) if keep_webhook_endpoints else ())
        if keep_webhook_endpoints:
            for endpoint_id, secret in secrets.items():
                self.store.note(endpoint_id, secret=secret)
        self.keys = Keys(self.store)
        self.faults.rules.clear()
        self.overrides.clear()
        self.requests.clear()
        self.search_delay = 0.0
        self.dispatcher.settings = Settings()
        self.dispatcher.attempts.clear()
        self.dispatcher.recover()

    def override(self, number: str, payment_method: str, *, moment: str) -> str | None:
        """What the control API ordered for this payment method, or else for its card, at ``setup`` or ``charge``."""
        return self.overrides.get((payment_method, moment)) or self.overrides.get((number, moment))
