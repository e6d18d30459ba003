"""Reminding people that what they were given, or agreed to for a while, is about to end by itself: once for each
end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from . import ending_emails
from .models import Subscription
from .models.subscription_sets import SubscriptionQuerySet
from .services.promises import posting

BATCH = 200
# How long before the end its customer is told, so that they can choose how to go on.
AHEAD = timedelta(days=7)


def announce_due(*, now: datetime) -> int:
    """Write the reminders that are due, in batches that several workers share; returns how many.

    They are taken in the order of their keys, so that one that cannot be written does not hold up the others; it is
    tried again by the next sweep, until the end.
    """
    told, last = 0, 0
    while batch := list(_due(now).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        told += _announce(batch, now=now)
        last = batch[-1]
    return told


def next_due(*, now: datetime) -> datetime | None:
    """When the next reminder is due, or None; may lie in the past, as long as the membership has not ended."""
    waiting = Subscription.objects.ends_to_announce(ahead=AHEAD).filter(ends_at__gt=now)
    first = waiting.order_by("ends_at").values_list("ends_at", flat=True).first()
    return first and first - AHEAD


def _due(now: datetime) -> SubscriptionQuerySet:
    return Subscription.objects.ends_to_announce(ahead=AHEAD).filter(ends_at__gt=now, ends_at__lte=now + AHEAD)


@transaction.atomic
def _announce(subscription_ids: list[int], *, now: datetime) -> int:
    """Write those that are still due, unless another worker is at it."""
    ending = list(
        _due(now)
        .filter(pk__in=subscription_ids)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("customer", "plan")
    )
    letters = {subscription.pk: ending_emails.ending(subscription) for subscription in ending}
    failed = posting.post(list(letters.values()), now=now)
    told = [subscription for subscription in ending if letters[subscription.pk].key not in failed]
    for subscription in told:
        subscription.end_announced_for = subscription.ends_at
    Subscription.objects.bulk_update(told, ["end_announced_for"])
    return len(told)
