"""The webhook endpoint of the shop: at Stripe or the sandbox, and as the row by which dj-stripe knows its secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import stripe
from django.conf import settings
from django.urls import reverse
from djstripe.enums import WebhookEndpointValidation
from djstripe.models import WebhookEndpoint

from .pace import Pace
from .port import GatewayRefused, GatewayUnavailable
from .stripe import connect
from .stripe_outcomes import raise_if_misconfigured

CREATED, UPDATED, KEPT = "created", "updated", "kept"


def ensure(*, site_url: str, events: Sequence[str]) -> tuple[str, str]:
    """Have exactly one working endpoint for `site_url` (no slash at its end) with these events. Safe to repeat.

    Returns what was done (CREATED, UPDATED or KEPT) and the endpoint's URL. An endpoint of ours whose secret the
    database does not know is replaced, because Stripe tells a secret only once. Raises GatewayMisconfigured,
    GatewayRefused (Stripe does not like the URL: it wants https and a public host) and GatewayUnavailable.
    """
    client = connect(
        api_key=settings.STRIPE_SECRET_KEY,
        api_base=settings.STRIPE_API_BASE,
        api_version=settings.STRIPE_API_VERSION,
        timeout=settings.GATEWAY_TIMEOUT_SECONDS,
        pace=Pace.of_the_shop(),
    )
    try:
        return _ensure(client, site_url, sorted(events))
    except stripe.InvalidRequestError as error:
        raise GatewayRefused(error.code or "invalid_request", error.user_message or "") from error
    except stripe.StripeError as error:
        raise_if_misconfigured(error)
        raise GatewayUnavailable(str(error)) from error


def _ensure(client: stripe.StripeClient, site_url: str, events: list[str]) -> tuple[str, str]:
    prefix = _url(site_url, UUID(int=0)).split(str(UUID(int=0)))[0]
    listed = client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter()
    ours = [endpoint for endpoint in listed if endpoint.url.startswith(prefix)]
    secrets = dict(
        WebhookEndpoint.objects.filter(url__startswith=prefix).exclude(secret="").values_list("id", "secret")
    )
    # The version of the events cannot be changed afterwards.
    version = settings.STRIPE_API_VERSION
    kept = next((there for there in ours if there.id in secrets and there.api_version == version), None)
    for there in ours:
        if there is not kept:
            client.v1.webhook_endpoints.delete(there.id)
    WebhookEndpoint.objects.filter(url__startswith=prefix).exclude(id=kept.id if kept else "").delete()
    if kept is None:
        return CREATED, _create(client, site_url, events)
    if sorted(kept.enabled_events) == events and kept.status == "enabled":
        return KEPT, kept.url
    params: Any = {"enabled_events": events, "disabled": False}
    changed = client.v1.webhook_endpoints.update(kept.id, params)
    _store(changed, secret=secrets[kept.id])
    return UPDATED, changed.url


def _create(client: stripe.StripeClient, site_url: str, events: list[str]) -> str:
    uuid = uuid4()
    params: Any = {
        "url": _url(site_url, uuid),
        "enabled_events": events,
        "api_version": settings.STRIPE_API_VERSION,
        "description": "Orangery",
        "metadata": {"djstripe_uuid": str(uuid)},
    }
    endpoint = client.v1.webhook_endpoints.create(params, {"idempotency_key": f"endpoint:{uuid}"})
    _store(endpoint, secret=endpoint.secret or "")
    return endpoint.url


def _store(endpoint: stripe.WebhookEndpoint, *, secret: str) -> None:
    """Write dj-stripe's row; this also makes its rows of our API key and account, which every event needs."""
    WebhookEndpoint.sync_from_stripe_data(
        {
            **endpoint.to_dict(),
            "secret": secret,
            "djstripe_validation_method": WebhookEndpointValidation.verify_signature,
        },
        api_key=settings.STRIPE_SECRET_KEY,
    )


def _url(site_url: str, uuid: UUID) -> str:
    return site_url + reverse("djstripe:djstripe_webhook_by_uuid", kwargs={"uuid": uuid})
