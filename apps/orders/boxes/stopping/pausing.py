"""Nobody's next box comes, or is charged, before a day."""

from __future__ import annotations

from datetime import datetime

from apps.memberships.models import Subscription
from apps.memberships.models.subscription_sets import SubscriptionQuerySet
from apps.memberships.services import pausing as memberships
from apps.orders.boxes import emails
from apps.orders.models import BoxDelivery, BoxStop, DeliveryStatus

from . import touched


def contracts(stop: BoxStop) -> SubscriptionQuerySet:
    """Who pays, and would be charged before the day."""
    return touched.charged_before(stop.box, _until(stop))


def given(stop: BoxStop) -> SubscriptionQuerySet:
    """Who has a given box that is due before the day."""
    return touched.given_before(stop.box, _until(stop))


def pause(stop: BoxStop, subscription_id: int, *, now: datetime) -> None:
    """Put the next box of a contract off to the day. Raises memberships' Refused for one that cannot be paused."""
    subscription = Subscription.objects.select_related("customer", "plan").get(pk=subscription_id)
    memberships.request_pause_until(
        subscription_id,
        until=_until(stop),
        customer=subscription.customer,
        by_shop=True,
        actor=stop.actor,
        now=now,
    )
    emails.paused(stop, subscription, now=now)


def put_off(stop: BoxStop, subscription_id: int, *, now: datetime) -> None:
    """A given contract is not charged: its parcels that wait come so much later that the first comes on the day."""
    subscription = Subscription.objects.select_related("customer", "plan").get(pk=subscription_id)
    waiting = BoxDelivery.objects.filter(subscription=subscription, status=DeliveryStatus.DUE, due_at__gt=now)
    parcels = list(waiting.select_for_update(of=("self",)).order_by("due_at", "pk"))
    if not parcels or parcels[0].due_at >= _until(stop):
        return
    later = _until(stop) - parcels[0].due_at
    for parcel in parcels:
        parcel.due_at += later
    BoxDelivery.objects.bulk_update(parcels, ["due_at"])
    emails.paused(stop, subscription, now=now)


def finish(stop: BoxStop) -> None:
    """Nothing remains to be done for all at once."""


def left(stop: BoxStop) -> int:
    """How many are charged before the day in spite of it."""
    return contracts(stop).count()


def _until(stop: BoxStop) -> datetime:
    assert stop.until is not None, "a check constraint says so"
    return stop.until
