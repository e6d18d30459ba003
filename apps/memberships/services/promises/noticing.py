"""Giving the notices of a price change, in batches that several workers share and a fixed number of statements each.

A notice is given from its due instant until the next one, the date itself, or a week later, whichever comes first. When
that time has passed, the promise is held: a person gives it a new date, and the old price stays meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.memberships import promise_emails, promise_rules
from apps.memberships.lifecycle import SYSTEM
from apps.memberships.models import History, HistoryKind, Outcome, PricePromise, PromiseNotice
from apps.memberships.models.statuses import OPEN

from . import arming, posting

BATCH = 200


def give_due(*, now: datetime) -> int:
    """Give what is due; returns how many promises were handled: notified, held, or closed because the member left."""
    handled = 0
    while batch := _give_batch(now=now):
        handled += batch
    return handled


@transaction.atomic
def _give_batch(*, now: datetime) -> int:
    # Both rows or neither: who waits for one of them is an answer or a renewal, which holds the other.
    promises = list(
        PricePromise.objects.notice_due(now)
        .select_for_update(skip_locked=True, of=("self", "subscription"))
        .for_pages()[:BATCH]
    )
    gone = [promise for promise in promises if not _is_current(promise)]
    here = [promise for promise in promises if _is_current(promise)]
    timely = [promise for promise in here if _is_timely(promise, now=now)]
    late = [promise for promise in here if not _is_timely(promise, now=now)]
    PricePromise.objects.filter(pk__in=[promise.pk for promise in gone]).update(
        outcome=Outcome.LAPSED, settled_at=now, next_notice_at=None
    )
    unwritten = _give(timely, now=now)
    hold(unwritten, reason=_("A notice could not be written."), now=now)
    hold(late, reason=_("A notice was not given in time."), now=now)
    return len(promises)


def hold(promises: Sequence[PricePromise], *, reason: str, now: datetime) -> None:
    """Put promises aside for a person: the old price stays. The caller holds them and their subscriptions."""
    if not promises:
        return
    arming.disarm(promises)
    PricePromise.objects.filter(pk__in=[promise.pk for promise in promises]).update(
        held_at=now, held_reason=reason, next_notice_at=None
    )
    History.objects.bulk_create(
        History(
            subscription_id=promise.subscription_id,
            kind=HistoryKind.PROMISE,
            new=_("held"),
            reason=reason,
            actor=SYSTEM,
            at=now,
        )
        for promise in promises
    )


def _give(promises: Sequence[PricePromise], *, now: datetime) -> list[PricePromise]:
    """Write the notices and move each promise on to its next one; returns those whose letter could not be written."""
    letters = [promise_emails.notice(promise, days=_days(promise)) for promise in promises]
    failed = posting.post(letters, now=now)
    told = [(promise, letter) for promise, letter in zip(promises, letters, strict=True) if letter.key not in failed]
    PromiseNotice.objects.bulk_create(
        [
            PromiseNotice(
                promise=promise,
                applies_from=promise.applies_from,
                days=_days(promise),
                key=letter.key,
                given_at=now,
            )
            for promise, letter in told
        ]
    )
    for promise, _letter in told:
        promise.next_notice_at = promise_rules.next_notice(
            promise.applies_from, promise.change.notice_days, after=_days(promise)
        )
    PricePromise.objects.bulk_update([promise for promise, _letter in told], ["next_notice_at"])
    arming.arm(promise for promise, _letter in told)
    return [promise for promise, letter in zip(promises, letters, strict=True) if letter.key in failed]


def _days(promise: PricePromise) -> int:
    """How many days before the date the notice is that comes next."""
    assert promise.next_notice_at is not None, "only promises with a notice to come are due"
    return (promise.applies_from - promise.next_notice_at).days


def _is_current(promise: PricePromise) -> bool:
    subscription = promise.subscription
    return subscription.status in OPEN and subscription.price_id == promise.old_price_id


def _is_timely(promise: PricePromise, *, now: datetime) -> bool:
    return promise_rules.may_still_give(
        promise.applies_from, promise.change.notice_days, number=_days(promise), now=now
    )
