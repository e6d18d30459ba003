"""A customer takes a change of plan back: one that waits for the end of the period, or for their bank."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing.models import Invoice
from apps.memberships import lifecycle
from apps.memberships.errors import ChangeInProgress, NothingToChange, NotOpen
from apps.memberships.models import ChangeStatus, HistoryKind, PlanChange, Subscription

from . import changing, finding, previewing


@transaction.atomic
def keep_plan(subscription_id: int, *, customer: User, now: datetime, actor: str = "") -> Subscription:
    """Take back a change that waits for the end of the period. Raises NotOpen, NothingToChange, and PausePending where
    an agreed term, which cannot be paused, would come back beneath a pause."""
    subscription = finding.open_subscription(subscription_id, customer=customer)
    if not subscription.has_pending_change:
        raise NothingToChange(_("No change of plan is waiting."))
    old = subscription.holding_next
    subscription.pending_quantity = None
    if not subscription.awaits_new_version:
        subscription.pending_price = None
    if subscription.natural_end() is not None:
        previewing.refuse_pause(subscription)
    if not subscription.is_cancelling:
        subscription.end_by_itself()
    subscription.save(update_fields=["pending_price", "pending_quantity", "ends_at", "term_ends_at"])
    lifecycle.record(
        subscription,
        HistoryKind.PLAN,
        old=str(old),
        new=str(subscription.holding_next),
        reason="kept",
        actor=actor or customer.email,
        now=now,
    )
    return subscription


@transaction.atomic
def cancel_change(token: UUID | str, *, customer: User, now: datetime) -> PlanChange:
    """Take back an immediate change that waits for the customer's bank; its invoice is voided.

    Raises NotOpen for a change that is settled or not theirs, ChangeInProgress while the outcome of its payment is not
    known.
    """
    change = PlanChange.objects.filter(token=token, subscription__customer=customer, status=ChangeStatus.OPEN).first()
    if change is None:
        raise NotOpen(_("There is no such change."))
    if Invoice.objects.undecided().filter(pk=change.invoice_id).exists():
        raise ChangeInProgress(_("Your bank has not answered yet. Please try again in a minute."))
    return changing.abandon_change(change.pk, message=_("You took the change back."), now=now)
