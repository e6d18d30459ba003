"""One API request in the hands of an endpoint: its parameters, and the ways to look up, change and announce."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import events
from .errors import missing

if TYPE_CHECKING:
    from .state import Sandbox

Row = dict[str, Any]
# kind -> (name in messages, parameter blamed when the address names it)
NAMES = {
    "balance_transaction": ("balance transaction", "id"),
    "charge": ("charge", "id"),
    "customer": ("customer", "id"),
    "dispute": ("dispute", "dispute"),
    "event": ("event", "id"),
    "payment_intent": ("payment_intent", "intent"),
    "payment_method": ("PaymentMethod", "payment_method"),
    "refund": ("refund", "refund"),
    "setup_intent": ("setupintent", "intent"),
    "webhook_endpoint": ("webhook endpoint", "webhook_endpoint"),
}


@dataclass(slots=True)
class Call:
    """``public``: a browser calls with a publishable key. ``origin``: the sandbox's own address as the caller wrote it.
    ``created``: the request's time, Unix seconds."""

    sandbox: "Sandbox"
    params: dict[str, Any] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    path: str = ""
    origin: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None
    public: bool = False
    created: int = field(default_factory=lambda: int(time.time()))

    def named(self, kind: str) -> Row:
        """The object that the address names. Raises StripeError 404 ``resource_missing``."""
        row = self.sandbox.store[kind].get(self.ids[0])
        if row is None:
            name, param = NAMES[kind]
            raise missing(name, self.ids[0], param=param)
        return row

    def referenced(self, kind: str, object_id: str, *, param: str) -> Row:
        """The object that a parameter names. Deleted ones do not count.

        Raises StripeError 400 ``resource_missing``.
        """
        row = self.sandbox.store[kind].get(object_id)
        if row is None or row.get("deleted"):
            raise missing(NAMES[kind][0], object_id, param=param, status=400)
        return row

    def put(self, kind: str, row: Row) -> Row:
        """Stores a new or changed object."""
        return self.sandbox.store[kind].put(row)

    def emit(self, type: str, row: Row, *, previous: Row | None = None) -> None:
        """Records an event about the object as it is now and queues its webhooks."""
        events.emit(
            self.sandbox,
            type,
            row,
            previous=previous,
            request_id=self.request_id,
            idempotency_key=self.idempotency_key,
        )
