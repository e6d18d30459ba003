"""Leaving is easy: cancel at the end of the paid period, or at once when nothing is paid; undo until the end.

A pause that is planned stays planned beneath a cancellation: who undoes the cancellation has what they had before.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.memberships import emails, lifecycle
from apps.memberships.errors import NothingToChange
from apps.memberships.models import CancelReason, EndReason, HistoryKind, Status, Subscription
from apps.memberships.signals import subscription_cancelled

from . import changing, closing, finding, trying


@transaction.atomic
def request_cancel(
    subscription_id: int, *, customer: User, now: datetime, reason: str = "", note: str = "", actor: str = ""
) -> Subscription:
    """End the membership with its paid period, or with its free trial and without a charge; a free one, a paused one,
    or one whose payment is overdue, ends at once.

    `reason` is a value of CancelReason or empty, `note` the customer's own words. What is overdue is written off: the
    open invoice is voided and its dunning stops. Asking again changes nothing. Raises NotOpen, and ValueError for an
    unknown reason.
    """
    if reason and reason not in CancelReason.values:
        raise ValueError(f"There is no reason {reason!r} for leaving")
    subscription, changed = _cancel(
        subscription_id, customer=customer, now=now, reason=reason, note=note, actor=actor or customer.email
    )
    if changed:
        emails.cancellation_receipt(subscription, now=now)
    return subscription


@transaction.atomic
def hold(subscription_id: int, *, customer: User, now: datetime, actor: str) -> bool:
    """Stop the renewal while a withdrawal waits: as `request_cancel`, without its letter, and only where it can be
    undone. Returns whether this changed anything. Raises NotOpen."""
    if ends_at_once(finding.open_subscription(subscription_id, customer=customer)):
        return False
    return _cancel(subscription_id, customer=customer, now=now, reason="", note="", actor=actor)[1]


def ends_at_once(subscription: Subscription) -> bool:
    """Whether cancelling ends it at this moment, which nobody can undo: nothing is paid ahead."""
    return subscription.status in (Status.PAST_DUE, Status.PAUSED) or subscription.current_end is None


def _cancel(
    subscription_id: int, *, customer: User, now: datetime, reason: str, note: str, actor: str
) -> tuple[Subscription, bool]:
    """The subscription, and whether it was not cancelled before."""
    finding.lock_open_invoices(subscription_id)
    subscription = finding.open_subscription(subscription_id, customer=customer)
    if subscription.is_cancelling:
        return subscription, False
    subscription.cancel_reason = reason
    subscription.cancel_note = note.strip()
    ends_at = now if ends_at_once(subscription) else subscription.current_end or now
    at_once = ends_at == now
    subscription.ends_at = None if at_once else ends_at
    subscription.term_ends_at = None
    subscription.save(update_fields=["cancel_reason", "cancel_note", "ends_at", "term_ends_at"])
    lifecycle.record(
        subscription,
        HistoryKind.CANCEL,
        old="",
        new=ends_at.isoformat(),
        reason=reason,
        actor=actor,
        now=now,
    )
    changing.abandon_open(subscription, message=_("The contract was cancelled."), now=now)
    if at_once:
        closing.end_now(subscription.pk, reason=EndReason.CANCELLED, now=now, actor=actor)
        subscription.refresh_from_db()
    else:
        subscription_cancelled.send(Subscription, subscription_id=subscription.pk, now=now)
    return subscription, True


@transaction.atomic
def undo_cancel(subscription_id: int, *, customer: User, now: datetime, actor: str = "") -> Subscription:
    """Take the cancellation back; possible until the end. Raises NotOpen after it, NothingToChange without one."""
    subscription = finding.open_subscription(subscription_id, customer=customer)
    if not subscription.is_cancelling:
        raise NothingToChange(_("It is not cancelled."))
    if not subscription.is_open_at(now):
        raise NothingToChange(_("It has ended. You are welcome again at any time."))
    old = subscription.ends_at.isoformat() if subscription.ends_at else ""
    subscription.cancel_reason = ""
    subscription.cancel_note = ""
    subscription.end_by_itself()
    subscription.save(update_fields=["ends_at", "term_ends_at", "cancel_reason", "cancel_note"])
    lifecycle.record(subscription, HistoryKind.UNDO, old=old, new="", actor=actor or customer.email, now=now)
    emails.cancellation_undone(subscription, now=now)
    trying.announce_if_near(subscription, now=now)
    return subscription
