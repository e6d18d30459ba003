"""Webhook endpoints. Source: https://docs.stripe.com/api/webhook_endpoints."""

from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from apps.billing.sandbox import ids, listing, params
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.errors import bad_parameter
from apps.billing.sandbox.params import LISTING, array, boolean, metadata, optional_text, text
from apps.billing.sandbox.routing import route


@route(
    "POST",
    "/v1/webhook_endpoints",
    {
        "url": text,
        "enabled_events": array(text),
        "api_version": text,
        "description": optional_text,
        "metadata": metadata,
        "connect": boolean,
    },
)
def create(call: Call) -> Row:
    """A new endpoint; only this answer shows its secret."""
    params.require(call.params, "url", "enabled_events")
    secret = "whsec_" + token_hex(16)
    endpoint = add(call, ids.new("webhook_endpoint"), given=call.params, secret=secret)
    return {**endpoint, "secret": secret}


@route("GET", "/v1/webhook_endpoints", LISTING)
def list_all(call: Call) -> Row:
    """Endpoints, newest first."""
    return listing.page(call, "webhook_endpoint")


@route("GET", "/v1/webhook_endpoints/:id")
def retrieve(call: Call) -> Row:
    """One endpoint."""
    return call.named("webhook_endpoint")


@route(
    "POST",
    "/v1/webhook_endpoints/:id",
    {
        "url": text,
        "enabled_events": array(text),
        "description": optional_text,
        "metadata": metadata,
        "disabled": boolean,
    },
)
def update(call: Call) -> Row:
    """Changes address, events, description, metadata or whether it is enabled."""
    endpoint = call.named("webhook_endpoint")
    given = dict(call.params)
    if "url" in given:
        _check_url(given["url"])
    if "disabled" in given:
        given["status"] = "disabled" if given.pop("disabled") else "enabled"
    if "metadata" in given:
        given["metadata"] = params.merge_metadata(endpoint["metadata"], given["metadata"])
    return call.put("webhook_endpoint", {**endpoint, **given})


@route("DELETE", "/v1/webhook_endpoints/:id")
def delete(call: Call) -> Row:
    """Removes the endpoint; what is queued for it is not delivered."""
    endpoint = call.named("webhook_endpoint")
    call.sandbox.store["webhook_endpoint"].drop(endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def add(call: Call, endpoint_id: str, *, given: dict[str, Any], secret: str) -> Row:
    """Stores an enabled endpoint with this secret."""
    _check_url(given["url"])
    call.sandbox.store.note(endpoint_id, secret=secret)
    return call.put(
        "webhook_endpoint",
        {
            "id": endpoint_id,
            "object": "webhook_endpoint",
            "api_version": given.get("api_version"),
            "application": None,
            "created": call.created,
            "description": given.get("description"),
            "enabled_events": list(given["enabled_events"]),
            "livemode": False,
            "metadata": params.merge_metadata({}, given.get("metadata", {})),
            "status": "enabled",
            "url": given["url"],
        },
    )


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad_parameter("Not a valid URL", "url", code="url_invalid")
