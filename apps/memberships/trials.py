"""Telling customers that their free trial is about to end, one at a time, before they are charged."""

from __future__ import annotations

import logging
from datetime import datetime

from .models import Subscription
from .services import parking, trying

log = logging.getLogger(__name__)

BATCH = 200


def announce_due(*, now: datetime) -> int:
    """Send the notices that are due, in batches that several workers may run at once; returns how many.

    A trial whose notice cannot be written is parked: it is not charged either.
    """
    told = 0
    while batch := list(_due(now).values_list("pk", flat=True)[:BATCH]):
        sent = sum(_announce(subscription_id, now=now) for subscription_id in batch)
        told += sent
        if not sent:
            break
    return told


def next_due(*, now: datetime) -> datetime | None:
    """When the next notice is to go out; may lie in the past. None when no trial waits for one."""
    first = Subscription.objects.trials_to_announce().values_list("next_bill_at", flat=True).first()
    return first and first - trying.NOTICE - trying.MARGIN


def _due(now: datetime):
    return Subscription.objects.trials_to_announce().filter(next_bill_at__lte=now + trying.NOTICE + trying.MARGIN)


def _announce(subscription_id: int, *, now: datetime) -> bool:
    try:
        return trying.announce(subscription_id, now=now)
    except Exception as problem:
        log.exception("The end of the trial of subscription %s could not be announced", subscription_id)
        parking.park({subscription_id: f"{type(problem).__name__}: {problem}"[:2000]}, now=now)
        return True
