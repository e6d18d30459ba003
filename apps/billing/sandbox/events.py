"""Events: what happened, with a picture of the object at that moment."""

import json
import time
from typing import TYPE_CHECKING, Any

from . import ids

if TYPE_CHECKING:
    from .state import Sandbox

API_VERSION = "2026-08-26.dahlia"
# Stripe keeps events for 30 days. A benchmark can make more of them in an hour than memory should hold.
KEPT = 20_000


def emit(
    sandbox: "Sandbox",
    type: str,
    row: dict[str, Any],
    *,
    previous: dict[str, Any] | None = None,
    request_id: str | None = None,
    idempotency_key: str | None = None,
) -> None:
    """Stores an event and hands it to the webhook endpoints that asked for its type.

    The picture is kept as JSON text: cheaper than a copy, and immune to later changes of the object.
    """
    table = sandbox.store["event"]
    targets = [endpoint for endpoint in sandbox.store["webhook_endpoint"] if wants(endpoint, type)]
    event = table.put(
        {
            "id": ids.new("event"),
            "created": int(time.time()),
            "type": type,
            "picture": json.dumps(row, separators=(",", ":")),
            "previous": previous,
            "request": {"id": request_id, "idempotency_key": idempotency_key},
            "pending_webhooks": len(targets),
        }
    )
    if len(table) > KEPT:
        table.drop(table.timeline.entries[0][2])
    for endpoint in targets:
        sandbox.dispatcher.schedule(event, endpoint)


def wants(endpoint: dict[str, Any], type: str) -> bool:
    """Whether an endpoint is enabled and listens to this type of event."""
    return endpoint["status"] == "enabled" and ("*" in endpoint["enabled_events"] or type in endpoint["enabled_events"])


def render(event: dict[str, Any], *, api_version: str | None = None) -> dict[str, Any]:
    """The event as the API shows it."""
    data: dict[str, Any] = {"object": json.loads(event["picture"])}
    if event["previous"] is not None:
        data["previous_attributes"] = event["previous"]
    return {
        "id": event["id"],
        "object": "event",
        "api_version": api_version or API_VERSION,
        "created": event["created"],
        "data": data,
        "livemode": False,
        "pending_webhooks": event["pending_webhooks"],
        "request": event["request"],
        "type": event["type"],
    }
