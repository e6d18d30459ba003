"""What happens to a membership when billing says how an invoice went. All are safe to repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.billing.models import DunningPolicy, Invoice, Payment
from apps.memberships import lifecycle
from apps.memberships.models import MEMBERSHIP, EndReason, Period, Plan, PlanChange, Signup, Status, Subscription
from apps.memberships.signals import periods_paid

from . import applying, changing, closing, points


def paid(invoice_ids: Sequence[int], *, now: datetime) -> None:
    """Carry out what the invoices were for: apply a change, start or recover a subscription; then give the points, and
    announce the periods.

    For renewals that went well the number of statements does not depend on how many there are.
    """
    plans: dict[int, Plan] = {}
    periods: list[Period] = []
    changes = PlanChange.objects.filter(invoice__in=invoice_ids).select_related("price__plan").order_by("pk")
    for change in changes:
        applying.apply(change.pk, now=now)
        plans[change.invoice_id] = change.price.plan
    for period in _first_periods([pk for pk in invoice_ids if pk not in plans]):
        if period.subscription.status != Status.ACTIVE:
            _start_or_recover(period.subscription, now=now)
        periods.append(period)
    points.earn_for(plans | _earning_plans(periods, now=now), now=now)
    _announce([period.pk for period in periods], now=now)


def paid_at_issue(invoice_ids: Sequence[int], *, now: datetime) -> None:
    """Announce renewals on which nothing was left to pay. Billing told of their invoices before their periods were
    written; an active subscription has nothing else to carry out, and credit brings no points."""
    if invoice_ids:
        _announce(list(Period.objects.filter(invoice__in=invoice_ids).values_list("pk", flat=True)), now=now)


def _announce(period_ids: Sequence[int], *, now: datetime) -> None:
    if period_ids:
        periods_paid.send(Period, period_ids=period_ids, now=now)


def _earning_plans(periods: Iterable[Period], *, now: datetime) -> dict[int, Plan]:
    """The plan whose multiplier the points of each invoice are reckoned with: its own, and for goods that of the
    customer's membership. Without one, goods bring no points, as in any other order."""
    rows = list(periods)
    senders = {period.subscription.customer_id for period in rows if period.price.plan.sends_goods}
    members: dict[int, Plan] = {}
    if senders:
        memberships = Subscription.objects.open_at(now).filter(customer__in=senders, plan_group=MEMBERSHIP)
        members = {row.customer_id: row.plan for row in memberships.select_related("plan")}
    earning: dict[int, Plan] = {}
    for period in rows:
        own = period.price.plan
        plan = members.get(period.subscription.customer_id) if own.sends_goods else own
        if plan is not None and period.invoice_id is not None:
            earning[period.invoice_id] = plan
    return earning


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
