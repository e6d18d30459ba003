"""Events sent by hand, as the gateway would."""

import json
import time
import urllib.error
import urllib.request
from uuid import uuid4

import stripe
from djstripe.models import WebhookEndpoint


def post(event: dict, *, secret: str = "", age: int = 0) -> int:
    """Send an event by hand, signed by Stripe's own library as of `age` seconds ago; the status of the answer."""
    endpoint = WebhookEndpoint.objects.get()
    body = json.dumps(event)
    stamp = int(time.time()) - age
    digest = stripe.WebhookSignature._compute_signature(f"{stamp}.{body}", secret or endpoint.secret)
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={stamp},v1={digest}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(endpoint.url, body.encode(), headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code


def dispute_event(charge: str) -> dict:
    """An event that puts something before staff when it is believed."""
    return {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "api_version": "2025-09-30.clover",
        "created": int(time.time()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "charge.dispute.created",
        "data": {"object": {"id": f"dp_{uuid4().hex}", "object": "dispute", "charge": charge, "reason": "fraudulent"}},
    }
