"""What happens to a membership when billing says how an invoice went. All are safe to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.billing.models import DunningPolicy, Invoice, Payment
from apps.memberships import lifecycle
from apps.memberships.models import EndReason, Period, Plan, PlanChange, Signup, Status, Subscription

from . import applying, changing, closing, points


def paid(invoice_ids: Sequence[int], *, now: datetime) -> None:
    """Carry out what the invoices were for: apply a change, start or recover a subscription; then give the points.

    For renewals that went well the number of statements does not depend on how many there are.
    """
    plans: dict[int, Plan] = {}
    changes = PlanChange.objects.filter(invoice__in=invoice_ids).select_related("price__plan").order_by("pk")
    for change in changes:
        applying.apply(change.pk, now=now)
        plans[change.invoice_id] = change.price.plan
    for period in _first_periods([pk for pk in invoice_ids if pk not in plans]):
        if period.subscription.status != Status.ACTIVE:
            _start_or_recover(period.subscription, now=now)
        assert period.invoice_id is not None, "it was found by its invoice"
        plans[period.invoice_id] = period.price.plan
    points.earn_for(plans, now=now)


def _start_or_recover(subscription: Subscription, *, now: datetime) -> None:
    if subscription.status == Status.INCOMPLETE:
        lifecycle.activate(subscription.pk, now=now)
        signup = Signup.objects.select_for_update(of=("self",)).filter(subscription=subscription).first()
        if signup is not None:
            lifecycle.complete_signup(signup, now=now)
    _recover_if_nothing_owed(subscription, now=now)


def failed(invoice_id: int, payment_id: int, *, now: datetime) -> None:
    """A payment was refused. A sign-up and a change come to nothing; a renewal falls behind while it is recovered.

    A payment that waits for the customer's bank leaves a sign-up and a change waiting too.
    """
    payment = Payment.objects.get(pk=payment_id)
    waits = payment.status == Payment.Status.NEEDS_ACTION
    message = payment.message or _("Your card was declined.")
    change = _change_of(invoice_id)
    if change is not None:
        if not waits:
            changing.abandon_change(change.pk, message=message, now=now)
        return
    period = _period_of(invoice_id)
    if period is None:
        return
    subscription = period.subscription
    if subscription.status == Status.INCOMPLETE:
        if not waits:
            closing.expire_incomplete(subscription.pk, reason=EndReason.FIRST_PAYMENT, message=message, now=now)
        return
    if subscription.is_cancelling:
        # Who has asked to leave is not run after: what is overdue ends at once, as when they ask later.
        closing.end_now(subscription.pk, reason=EndReason.CANCELLED, now=now)
    elif subscription.status == Status.ACTIVE:
        lifecycle.fall_behind(subscription.pk, reason=payment.decline_code or payment.status, now=now)


def exhausted(invoice_id: int, *, action: str, now: datetime) -> None:
    """The money never came. By the dunning policy the membership ends, goes on with its debt written off, or stays
    overdue until a person decides (`action` is a DunningPolicy.FinalAction)."""
    period = _period_of(invoice_id)
    if period is None or period.subscription.status not in (Status.ACTIVE, Status.PAST_DUE):
        return
    match action:
        case DunningPolicy.FinalAction.END:
            closing.end_now(period.subscription_id, reason=EndReason.PAYMENT, now=now)
        case DunningPolicy.FinalAction.WRITE_OFF:
            _recover_if_nothing_owed(period.subscription, now=now)


def voided(invoice_id: int, *, now: datetime) -> None:
    """Nothing is owed on the invoice any more: what waited for it is closed, what was overdue is not."""
    change = _change_of(invoice_id)
    if change is not None:
        changing.abandon_change(change.pk, message=_("The invoice was withdrawn."), now=now)
        return
    period = _period_of(invoice_id)
    if period is None:
        return
    if period.subscription.status == Status.INCOMPLETE:
        closing.expire_incomplete(period.subscription_id, reason=EndReason.STAFF, message="", now=now)
    _recover_if_nothing_owed(period.subscription, now=now)


def _recover_if_nothing_owed(subscription: Subscription, *, now: datetime) -> None:
    if subscription.status != Status.PAST_DUE:
        return
    if not Invoice.objects.open().filter(periods__subscription=subscription).exists():
        lifecycle.recover(subscription.pk, reason=_("nothing is owed any more"), now=now)


def _change_of(invoice_id: int) -> PlanChange | None:
    return PlanChange.objects.filter(invoice=invoice_id).select_related("invoice", "price__plan").first()


def _period_of(invoice_id: int) -> Period | None:
    return next(iter(_first_periods([invoice_id])), None)


def _first_periods(invoice_ids: Sequence[int]) -> QuerySet[Period]:
    """The first period of each of the invoices that bill one."""
    rows = Period.objects.filter(invoice__in=invoice_ids).select_related("subscription", "price__plan")
    return rows.order_by("invoice_id", "start").distinct("invoice_id")
