"""Ending what was cancelled or agreed to end, and clearing away what was left half-way, one row at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from . import lifecycle
from .gifts import settling as gift_settling
from .models import EndReason, Gift, Origin, Outcome, PlanChange, Signup, Subscription
from .services import changing, closing, parking

log = logging.getLogger(__name__)

BATCH = 200
SIGNUP_LASTS = timedelta(days=1)
CHANGE_LASTS = timedelta(hours=1)
GIFT_LASTS = timedelta(days=1)


def end_due(*, now: datetime) -> int:
    """End the subscriptions whose `ends_at` has come, cancelled or by their term; returns how many. One that cannot be
    ended is parked.
    """
    handled = 0
    while batch := list(Subscription.objects.to_end(now).values_list("pk", flat=True)[:BATCH]):
        for subscription_id in batch:
            _end(subscription_id, now=now)
        handled += len(batch)
    return handled


def abandon_due(*, now: datetime) -> int:
    """Close sign-ups and unpaid gifts older than a day, and unpaid plan changes older than an hour; returns how many.

    One whose payment may still go through is left until its outcome is known.
    """
    signups = Signup.objects.left_before(now - SIGNUP_LASTS).values_list("pk", flat=True)
    changes = PlanChange.objects.left_before(now - CHANGE_LASTS).values_list("pk", flat=True)
    gifts = Gift.objects.left_before(now - GIFT_LASTS).values_list("pk", flat=True)
    return (
        _each(signups, _abandon_signup, now=now)
        + _each(changes, _abandon_change, now=now)
        + _each(gifts, _abandon_gift, now=now)
    )


def _end(subscription_id: int, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            subscription = Subscription.objects.to_end(now).filter(pk=subscription_id).first()
            if subscription is not None:
                reason = _reason(subscription)
                closing.end_now(subscription_id, reason=reason, now=now, ended_at=subscription.ends_at)
    except Exception as problem:
        log.exception("Subscription %s could not be ended", subscription_id)
        parking.park({subscription_id: f"{type(problem).__name__}: {problem}"}, now=now)


def _reason(subscription: Subscription) -> EndReason:
    """Why the service is over: what was given ran out, the agreed term was over, the member did not agree to a new
    price, or cancelled."""
    if subscription.origin != Origin.PURCHASE:
        return EndReason.RAN_OUT
    if subscription.term_ends_at is not None:
        return EndReason.TERM
    over_price = subscription.price_promises.filter(outcome=Outcome.ENDED).exists()
    return EndReason.PRICE if over_price else EndReason.CANCELLED


def _each(ids: Iterable[int], act: Callable[..., None], *, now: datetime) -> int:
    """Act on each row in a transaction of its own; one that fails is logged and tried again by the next sweep."""
    done = 0
    for pk in list(ids):
        try:
            with transaction.atomic():
                act(pk, now=now)
            done += 1
        except Exception:
            log.exception("Row %s could not be cleared away", pk)
    return done


def _abandon_signup(signup_id: int, *, now: datetime) -> None:
    signup = Signup.objects.select_related("subscription").get(pk=signup_id)
    if signup.subscription_id is None:
        lifecycle.expire_signup(Signup.objects.select_for_update().get(pk=signup_id))
    else:
        closing.expire_incomplete(signup.subscription_id, reason=EndReason.ABANDONED, message="", now=now)


def _abandon_change(change_id: int, *, now: datetime) -> None:
    changing.abandon_change(change_id, message=_("The payment was not made in time."), now=now)


def _abandon_gift(gift_id: int, *, now: datetime) -> None:
    gift_settling.abandon(gift_id, problem=_("The payment was not made in time."), now=now)
