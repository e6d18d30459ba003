"""Withdrawing within fourteen days: the contract ends at once, and everything that was paid for it goes back; where
goods are with the customer, when they are back (Directive 2011/83/EU, Art. 13(3))."""

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
from apps.memberships.errors import NotOpen, Refused, TooLateToWithdraw
from apps.memberships.models import EndReason, HistoryKind, Subscription
from apps.memberships.signals import goods_asked_for

from . import closing, finding, points


def preview(subscription: Subscription) -> unwinding.TakenBack:
    """What would go back, to the card and as credit, if the customer withdrew now."""
    return unwinding.left_of(_paid(subscription.pk), currency=subscription.price.currency)


def points_lost(subscription: Subscription) -> int:
    """How many points the contract's invoices brought, which go with them as far as they are still held, and did not go
    with a part of the money before."""
    return sum(points.left_of(_paid(subscription.pk)).values())


def goods_are_out(subscription: Subscription) -> bool:
    """Whether goods of it are with the customer or on their way, as far as anybody can tell: so the money waits."""
    if not subscription.plan.sends_goods:
        return False
    answers = [answer for _receiver, answer in goods_asked_for.send(Subscription, subscription_id=subscription.pk)]
    return any(answers) or not answers


@transaction.atomic
def withdraw(
    subscription_id: int,
    *,
    customer: User,
    declared_at: datetime,
    now: datetime,
    actor: str = "",
    refund: bool = True,
) -> unwinding.TakenBack:
    """End the contract now and take all its invoices back; what is unpaid is written off. Returns what goes back.

    `declared_at` decides whether it comes in time, however late it is carried out, and even where the subscription has
    ended meanwhile, with its period. Without `refund` it only ends, and nothing goes back before `give_back`. Raises
    NotOpen, TooLateToWithdraw, and Refused when the invoices do not allow the refund, for a person to look at; nothing
    is changed then.
    """
    _lock_invoices(subscription_id)
    subscription = finding.open_at(subscription_id, customer=customer, moment=declared_at)
    if not withdrawal_rules.may_withdraw(subscription, now=declared_at):
        raise TooLateToWithdraw(_("The fourteen days in which you can withdraw are over. You can cancel at any time."))
    actor = actor or customer.email
    back = _take_back(subscription, now=now) if refund else unwinding.left_of([], currency=subscription.price.currency)
    lifecycle.record(
        subscription,
        HistoryKind.WITHDRAW,
        new=str(back.total),
        reason="" if refund else _("the money goes back when the goods are back"),
        actor=actor,
        now=now,
    )
    closing.end_now(subscription_id, reason=EndReason.WITHDRAWN, now=now, actor=actor)
    return back


@transaction.atomic
def give_back(subscription_id: int, *, now: datetime, actor: str) -> unwinding.TakenBack:
    """Take the invoices back of a contract that was withdrawn from without a refund, now that the goods are back; what
    went back already does not go again. Raises NotOpen for one that was not withdrawn from, and Refused as `withdraw`
    does; nothing is changed then."""
    _lock_invoices(subscription_id)
    withdrawn = Subscription.objects.filter(pk=subscription_id, end_reason=EndReason.WITHDRAWN)
    subscription = withdrawn.select_for_update(of=("self",)).select_related("customer", "price").first()
    if subscription is None:
        raise NotOpen(_("This was not withdrawn from."))
    back = _take_back(subscription, now=now)
    lifecycle.record(subscription, HistoryKind.WITHDRAW, new=str(back.total), actor=actor, now=now)
    return back


def _lock_invoices(subscription_id: int) -> None:
    """Lock every invoice of the contract, before the subscription: the order in which a payment that settles locks."""
    mine = Q(periods__subscription=subscription_id) | Q(plan_change__subscription=subscription_id)
    every = Invoice.objects.filter(pk__in=Invoice.objects.filter(mine).values("pk")).order_by("pk")
    list(every.select_for_update(of=("self",)).values_list("pk", flat=True))


def _take_back(subscription: Subscription, *, now: datetime) -> unwinding.TakenBack:
    paid, reason, key = _paid(subscription.pk), _("Withdrawal within 14 days"), f"withdrawal:{subscription.pk}"
    brought = points.left_of(paid)
    try:
        back = unwinding.take_back(paid, currency=subscription.price.currency, key=key, reason=reason, now=now)
    except (unwinding.CannotUnwind, unwinding.corrections.CannotRefund, unwinding.corrections.CannotCredit) as problem:
        raise Refused(_("The refund needs a person to look at it. Please write to us.")) from problem
    points.take_back(subscription.customer_id, brought, key=key, reason=reason, now=now)
    return back


def _paid(subscription_id: int) -> Sequence[Invoice]:
    """The paid invoices of the contract, those of its changes among them, the newest first."""
    mine = Q(periods__subscription=subscription_id) | Q(plan_change__subscription=subscription_id)
    paid = Invoice.objects.filter(status=Invoice.Status.PAID, pk__in=Invoice.objects.filter(mine).values("pk"))
    return list(paid.order_by("-issued_at", "-pk"))
