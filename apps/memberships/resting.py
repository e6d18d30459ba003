"""Beginning and ending pauses on their dates, and reminding of their end. One row at a time, each safe to repeat."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min

from . import emails, lifecycle, quotes
from .models import Pause, Subscription
from .models.subscription_sets import SubscriptionQuerySet
from .services import parking, pausing

log = logging.getLogger(__name__)

BATCH = 200
# How long before a membership resumes by itself its customer is told what will be charged.
REMIND_AHEAD = timedelta(days=7)


def pause_due(*, now: datetime) -> int:
    """Begin the pauses whose paid period is over; returns how many. One that cannot begin is parked."""
    return _each(lambda: Subscription.objects.to_pause(now), _pause, now=now)


def resume_due(*, now: datetime) -> int:
    """Resume what was paused until now, as of the agreed date; returns how many. One that cannot be is parked."""
    return _each(lambda: Subscription.objects.to_resume(now), _resume, now=now)


def remind_due(*, now: datetime) -> int:
    """Tell the customers whose pause is almost over what will be charged, in batches that several workers share."""
    handled = 0
    while batch := _remind_batch(now=now):
        handled += batch
    return handled


def next_reminder(*, now: datetime) -> datetime | None:
    """When the next customer is to be reminded; may lie in the past, as long as the pause is not over."""
    first = Pause.objects.running().filter(resumes_at__gt=now).aggregate(at=Min("resumes_at"))["at"]
    return first and first - REMIND_AHEAD


def _each(due: Callable[[], SubscriptionQuerySet], act: Callable[..., None], *, now: datetime) -> int:
    handled = 0
    while batch := list(due().values_list("pk", flat=True)[:BATCH]):
        for subscription_id in batch:
            try:
                with transaction.atomic():
                    subscription = due().select_for_update(of=("self",)).filter(pk=subscription_id).first()
                    if subscription is not None:
                        act(subscription, now=now)
            except Exception as problem:
                log.exception("The pause of subscription %s could not be carried on", subscription_id)
                parking.park({subscription_id: f"{type(problem).__name__}: {problem}"}, now=now)
        handled += len(batch)
    return handled


def _pause(subscription: Subscription, *, now: datetime) -> None:
    lifecycle.pause(subscription.pk, now=now)


def _resume(subscription: Subscription, *, now: datetime) -> None:
    assert subscription.resumes_at is not None, "a check constraint says so"
    pausing.bring_back(subscription.pk, at=subscription.resumes_at, now=now)


@transaction.atomic
def _remind_batch(*, now: datetime) -> int:
    due = list(
        Pause.objects.to_remind(now, ahead=REMIND_AHEAD)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related(
            "subscription__customer",
            "subscription__plan",
            "subscription__price__plan",
            "subscription__pending_price__plan",
            "subscription__promotion",
        )[:BATCH]
    )
    for pause in due:
        charge = quotes.next_total(pause.subscription, now=now)
        if charge is not None:
            emails.resuming(pause.subscription, pause, charge=charge, now=now)
        pause.reminded_at = now
    Pause.objects.bulk_update(due, ["reminded_at"])
    return len(due)
