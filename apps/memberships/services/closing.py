"""Ending and expiring with all that hangs on it: open invoices, waiting changes, redemptions, sign-ups."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import invoices
from apps.billing.models import Invoice
from apps.memberships import lifecycle
from apps.memberships.errors import AlreadySubscribed
from apps.memberships.models import EndReason, Signup, Status, Subscription
from apps.promotions import services as promotions

from . import changing, finding


@transaction.atomic
def end_now(
    subscription_id: int,
    *,
    reason: str,
    now: datetime,
    actor: str = lifecycle.SYSTEM,
    ended_at: datetime | None = None,
) -> Subscription:
    """End a subscription and withdraw what is still unpaid on it. Safe to repeat."""
    finding.lock_open_invoices(subscription_id)
    subscription = Subscription.objects.select_for_update().get(pk=subscription_id)
    changing.abandon_open(subscription, message=_("The contract has ended."), now=now)
    ended = lifecycle.end(subscription_id, reason=reason, now=now, actor=actor, ended_at=ended_at)
    _void_open_invoices(ended, now=now)
    return ended


@transaction.atomic
def expire_incomplete(subscription_id: int, *, reason: str, message: str, now: datetime) -> Subscription:
    """Close a subscription that never started: its invoice is voided, its promotion given back, its sign-up closed.

    `message` tells the customer why the payment failed; empty when the sign-up was left alone. Safe to repeat.
    """
    finding.lock_open_invoices(subscription_id)
    expired = lifecycle.expire(subscription_id, reason=reason, now=now)
    signup = Signup.objects.select_for_update(of=("self",)).filter(subscription=expired).first()
    if signup is not None:
        promotions.release(redemption_key(signup), now=now)
        if message:
            lifecycle.fail_signup(signup, message=message)
        else:
            lifecycle.expire_signup(signup)
    _void_open_invoices(expired, now=now)
    return expired


@transaction.atomic
def retire_unfinished(customer: User, *, group: str, now: datetime) -> None:
    """Close a sign-up of the group that the customer left half-way, so that another membership can begin.

    Raises AlreadySubscribed while its payment may still go through."""
    earlier = Subscription.objects.filter(customer=customer, plan_group=group, status=Status.INCOMPLETE).first()
    if earlier is None:
        return
    if Invoice.objects.undecided().filter(periods__subscription=earlier).exists():
        raise AlreadySubscribed(_("Your earlier payment is still on its way. Please try again in a minute."))
    expire_incomplete(earlier.pk, reason=EndReason.ABANDONED, message="", now=now)


def redemption_key(signup: Signup) -> str:
    """The key under which a sign-up redeems its promotion."""
    return f"signup:{signup.token}"


def _void_open_invoices(subscription: Subscription, *, now: datetime) -> None:
    for invoice_id in Invoice.objects.open().filter(periods__subscription=subscription).values_list("pk", flat=True):
        invoices.void(invoice_id, reason=_("The contract has ended."), now=now)
