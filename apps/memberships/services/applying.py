"""Putting a paid change of plan into force: the contract and its spans."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.memberships import emails, lifecycle
from apps.memberships.models import ChangeStatus, HistoryKind, Period, PlanChange, Subscription
from apps.memberships.signals import subscription_changed

INSTANT = timedelta(microseconds=1)


@transaction.atomic
def apply(change_id: int, *, now: datetime) -> PlanChange:
    """Put a paid change into force, as of the instant it was quoted for. Safe to repeat."""
    subscription_id = PlanChange.objects.values_list("subscription", flat=True).get(pk=change_id)
    subscription = (
        Subscription.objects.select_for_update(of=("self",))
        .select_related("customer", "plan", "price__plan", "pending_price", "promotion")
        .get(pk=subscription_id)
    )
    change = PlanChange.objects.select_related("price__plan", "invoice").get(pk=change_id)
    if change.status != ChangeStatus.OPEN:
        return change
    old, held = subscription.price, subscription.holding
    _cut_span(subscription, change)
    if change.quote["starts_anew"]:
        _start_anew(subscription, change)
    if not (subscription.awaits_new_version and change.price_id == subscription.price_id):
        subscription.pending_price = None
    subscription.pending_quantity = None
    subscription.price = change.price
    subscription.plan = change.price.plan
    subscription.quantity = change.quantity
    subscription.changing_since = None
    if not subscription.is_cancelling:
        subscription.end_by_itself()
    if subscription.is_trial:
        lifecycle.leave_trial(subscription, now=now, actor=change.actor).save()
    subscription.save()
    lifecycle.complete_change(change, now=now)
    lifecycle.record(
        subscription,
        HistoryKind.PLAN,
        old=str(held),
        new=str(subscription.holding),
        reason="now",
        actor=change.actor,
        now=now,
    )
    emails.plan_changed(
        subscription,
        old=old,
        new=change.price,
        quantity=change.quantity,
        effective_at=change.effective_at,
        charged=change.invoice.total,
        now=now,
    )
    subscription_changed.send(Subscription, subscription_id=subscription.pk, now=now)
    return change


def _cut_span(subscription: Subscription, change: PlanChange) -> None:
    """End the present span with the change and open the one that was paid for."""
    quote = change.quote
    span = Period.objects.latest_of(subscription)
    promotion = span.promotion if span is not None else None
    start = change.effective_at
    if span is not None:
        # Two spans cannot start at one instant; the money is counted in seconds, so this moves nothing.
        start = max(start, span.start + INSTANT)
        span.end = start
        span.credited_minor = quote["credit_minor"]
        span.save(update_fields=["end", "credited_minor"])
    Period.objects.create(
        subscription=subscription,
        number=0 if quote["starts_anew"] else subscription.period_number,
        start=start,
        end=datetime.fromisoformat(quote["period_end"]),
        price=change.price,
        promotion=subscription.promotion if quote["starts_anew"] else promotion,
        invoice=change.invoice,
        currency=change.price.currency,
        gross_minor=quote["charge_minor"],
        tax_minor=quote["charge_tax_minor"],
        tax_basis_points=quote["tax_basis_points"],
    )


def _start_anew(subscription: Subscription, change: PlanChange) -> None:
    """A longer interval, a term of its own, or the end of a trial: the change is the new anchor, and a discounted
    period is used up."""
    subscription.anchor = change.effective_at
    subscription.period_number = 0
    subscription.current_start = change.effective_at
    subscription.current_end = datetime.fromisoformat(change.quote["period_end"])
    subscription.next_bill_at = subscription.current_end
    subscription.use_discounted_period()
    if subscription.is_cancelling:
        subscription.ends_at = subscription.current_end
