"""Withdrawing within fourteen days: the membership ends at once, and everything that was paid for it goes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import unwinding
from apps.billing.models import Invoice
from apps.memberships import lifecycle, withdrawal_rules
from apps.memberships.errors import Refused, TooLateToWithdraw
from apps.memberships.models import EndReason, HistoryKind, Subscription

from . import closing, finding, points


def preview(subscription: Subscription) -> unwinding.TakenBack:
    """What would go back, to the card and as credit, if the customer withdrew now."""
    return unwinding.left_of(_paid(subscription.pk), currency=subscription.price.currency)


def points_lost(subscription: Subscription) -> int:
    """How many points the membership's invoices brought, which go with them as far as they are still held."""
    return sum(points.earned_by(_paid(subscription.pk)).values())


@transaction.atomic
def withdraw(
    subscription_id: int, *, customer: User, declared_at: datetime, now: datetime, actor: str = ""
) -> unwinding.TakenBack:
    """End the membership now and take all its invoices back; what is unpaid is written off.

    `declared_at` decides whether it comes in time, however late it is carried out, and even where the membership has
    ended meanwhile, with its period. Raises NotOpen, TooLateToWithdraw,
    and Refused when the invoices do not allow the refund, for a person to look at; nothing is changed then.
    """
    mine = Q(periods__subscription=subscription_id) | Q(plan_change__subscription=subscription_id)
    every = Invoice.objects.filter(pk__in=Invoice.objects.filter(mine).values("pk")).order_by("pk")
    list(every.select_for_update(of=("self",)).values_list("pk", flat=True))
    subscription = finding.open_at(subscription_id, customer=customer, moment=declared_at)
    if not withdrawal_rules.may_withdraw(subscription, now=declared_at):
        raise TooLateToWithdraw(_("The fourteen days in which you can withdraw are over. You can cancel at any time."))
    actor = actor or customer.email
    paid, reason = _paid(subscription_id), _("Withdrawal within 14 days")
    try:
        back = unwinding.take_back(
            paid,
            currency=subscription.price.currency,
            key=f"withdrawal:{subscription_id}",
            reason=reason,
            now=now,
        )
    except (unwinding.CannotUnwind, unwinding.corrections.CannotRefund, unwinding.corrections.CannotCredit) as problem:
        raise Refused(_("The refund needs a person to look at it. Please write to us.")) from problem
    points.take_back(customer, paid, key=f"withdrawal:{subscription_id}", reason=reason, now=now)
    lifecycle.record(subscription, HistoryKind.WITHDRAW, new=str(back.total), actor=actor, now=now)
    closing.end_now(subscription_id, reason=EndReason.WITHDRAWN, now=now, actor=actor)
    return back


def _paid(subscription_id: int) -> Sequence[Invoice]:
    """The paid invoices of the contract, those of its changes among them, the newest first."""
    mine = Q(periods__subscription=subscription_id) | Q(plan_change__subscription=subscription_id)
    paid = Invoice.objects.filter(status=Invoice.Status.PAID, pk__in=Invoice.objects.filter(mine).values("pk"))
    return list(paid.order_by("-issued_at", "-pk"))
