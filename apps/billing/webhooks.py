"""What Stripe's events do to our rows. Everything else about them (signature, storing, the mirror) is dj-stripe's.

Receivers run inside dj-stripe's transaction, after it has fetched the object of the event. A hint to a worker waits for
the commit, so that no row of ours is locked meanwhile; losing one costs time, not money, since the janitor asks anyway.
What only an event can tell (disputes, refunds made elsewhere) is written in the transaction itself: an event counts as
handled only together with its row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import stripe
from django.conf import settings
from django.db import transaction
from django.db.models import Model, Q
from djstripe.event_handlers import djstripe_receiver
from djstripe.models import Customer, Event, WebhookEventTrigger

from apps.core import clock

from . import cards, hints
from .gateway.stripe import PAYMENT

DISPUTES = [
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
]
# Few, because each costs some thirty statements and a call. setup_intent.succeeded feeds the mirror alone.
EVENTS = (
    *DISPUTES,
    "charge.refunded",
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "refund.failed",
    "refund.updated",
    "setup_intent.succeeded",
)

# Stripe sends an event again for three days, and shows it for thirty.
KEPT = timedelta(days=90)
_BATCH = 1000

# dj-stripe fetches through the library's global client: a gateway that hangs must not hold a web worker for minutes.
stripe.default_http_client = stripe.RequestsClient(timeout=settings.GATEWAY_TIMEOUT_SECONDS)


@djstripe_receiver("payment_intent.succeeded")
def on_charge_succeeded(sender, event, **kwargs) -> None:
    """A charge went through, perhaps one whose answer we never got."""
    intent = event.data["object"]
    _after_commit(hints.charge_succeeded, payment_key=_payment_key(intent), intent_id=intent["id"])


@djstripe_receiver(["payment_intent.payment_failed", "payment_intent.requires_action"])
def on_charge_failed(sender, event, **kwargs) -> None:
    """A charge did not go through, perhaps on the customer's own screen."""
    intent = event.data["object"]
    _after_commit(hints.charge_failed, payment_key=_payment_key(intent), intent_id=intent["id"])


@djstripe_receiver(["payment_method.automatically_updated", "payment_method.detached"])
def on_card_changed(sender, event, **kwargs) -> None:
    """A card got a new expiry date, or was removed in the gateway's own pages."""
    _after_commit(cards.refresh, event.data["object"]["id"])


@djstripe_receiver(["refund.failed", "refund.updated"])
def on_refund_moved(sender, event, **kwargs) -> None:
    """A refund moved on at the bank, or came back."""
    refund = event.data["object"]
    _after_commit(hints.refund_moved, refund_id=refund["id"], intent_id=refund.get("payment_intent") or "")


@djstripe_receiver("charge.refunded")
def on_charge_refunded(sender, event, **kwargs) -> None:
    """Money of a charge went back: ours are in the books before they are sent, others are not."""
    charge = event.data["object"]
    hints.refunded_outside(
        intent_id=charge.get("payment_intent") or "", refunded_minor=charge["amount_refunded"], now=clock.now()
    )


@djstripe_receiver(DISPUTES)
def on_dispute_moved(sender, event, **kwargs) -> None:
    """A customer went to their bank, or the bank decided, or money moved on the way."""
    dispute = event.data["object"]
    hints.dispute_moved(dispute_id=dispute["id"], intent_id=dispute.get("payment_intent") or "", now=clock.now())


def prune(*, now: datetime) -> int:
    """Delete what dj-stripe keeps of events, honest or refused, that reached us more than KEPT before `now`.

    Their effects are in our own rows. Works in batches, so that no transaction grows long; returns the rows deleted.
    """
    # dj-stripe stamps its rows with the machine's time, which the time machine does not move.
    limit = clock.machine_time(now) - KEPT
    return _prune(WebhookEventTrigger, "created", until=limit) + _prune(Event, "djstripe_created", until=limit)


def forget(customer_id: str) -> None:
    """Take a customer of the gateway out of dj-stripe's mirror: what it keeps of them, and of events about them."""
    Customer.objects.filter(id=customer_id).update(
        email="", stripe_data={"id": customer_id, "object": "customer"}, metadata={}, subscriber=None
    )
    about = Q(data__object__customer=customer_id) | Q(data__object__id=customer_id)
    events = Event.objects.filter(about)
    WebhookEventTrigger.objects.filter(event__in=events).update(body="", headers={})
    events.update(data={}, stripe_data={})


def _prune(model: type[Model], stamp: str, *, until: datetime) -> int:
    """The oldest rows come first in the order of their keys, so the table is not searched beyond them."""
    deleted = 0
    while True:
        oldest = model._default_manager.order_by("pk").values_list("pk", stamp)[:_BATCH]
        old = [pk for pk, at in oldest if at <= until]
        if not old:
            return deleted
        model._default_manager.filter(pk__in=old).delete()
        deleted += len(old)


def _after_commit(function: Callable, *args: str, **kwargs: str) -> None:
    # Robust: the event is stored by then, and an error would only make Stripe send what dj-stripe will not run again.
    transaction.on_commit(partial(_with_clock, function, *args, **kwargs), robust=True)


def _with_clock(function: Callable, *args: str, **kwargs: str) -> None:
    function(*args, **kwargs, now=clock.now())


def _payment_key(intent: dict[str, Any]) -> str:
    return (intent.get("metadata") or {}).get(PAYMENT, "")
