"""Billing the periods that have begun, in batches that several workers share.

A worker claims due subscriptions (`FOR UPDATE SKIP LOCKED`), computes their lines, writes invoices, payments, ledger
and periods and moves the subscriptions on, in one transaction and a fixed number of statements. The claim changes the
subscription itself, so no two workers bill one period; the unique key (subscription, period start) is the last line of
defence. A subscription whose lines cannot be computed is parked with the reason. If the writes fail, the batch is
rolled back and billed one by one, so that only the culprit is parked.

A late worker bills every period it missed, the oldest first; the anchor does not move.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import override

from apps.billing import invoices, tax
from apps.billing.drafts import Draft
from apps.core import periods

from . import lifecycle, rules
from .models import History, HistoryKind, Period, Price, Subscription
from .services import parking
from .signals import subscription_changed

log = logging.getLogger(__name__)

BATCH = 250


@dataclass(frozen=True, slots=True)
class Renewal:
    """One computed renewal: the subscription moved on (not saved), what to invoice, the price it had before."""

    subscription: Subscription
    old_price: Price
    period: Period | None
    draft: Draft | None


def bill_due(*, now: datetime) -> int:
    """Bill every period that has begun by `now`; returns how many subscriptions were billed or parked, each time."""
    handled = 0
    while batch := _bill_batch(now=now):
        handled += batch
    return handled


def _bill_batch(*, now: datetime) -> int:
    claimed: list[int] = []
    try:
        with transaction.atomic():
            due = _claim(Subscription.objects.due(now)[:BATCH])
            claimed = [subscription.pk for subscription in due]
            _bill(due, now=now)
    except Exception:
        if not claimed:
            raise
        log.exception("A batch of %s renewals could not be written; billing one by one", len(claimed))
        for subscription_id in claimed:
            _bill_one(subscription_id, now=now)
    return len(claimed)


def _bill_one(subscription_id: int, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            _bill(_claim(Subscription.objects.due(now).filter(pk=subscription_id)), now=now)
    except Exception as problem:
        log.exception("Subscription %s could not be billed", subscription_id)
        parking.park({subscription_id: _reason(problem)}, now=now)


def _claim(due: QuerySet[Subscription]) -> list[Subscription]:
    return list(
        due.select_for_update(skip_locked=True, of=("self",)).select_related(
            "customer", "price__plan", "pending_price__plan", "promotion"
        )
    )


def _bill(due: Iterable[Subscription], *, now: datetime) -> None:
    """Bill the next period of claimed subscriptions. Runs in the transaction of the claim."""
    rates = lru_cache(tax.rates_on)
    renewals: list[Renewal] = []
    failed: dict[int, str] = {}
    for subscription in due:
        try:
            renewals.append(_compute(subscription, rates(_first_day(subscription)), now=now))
        except Exception as problem:
            log.exception("Subscription %s could not be computed", subscription.pk)
            failed[subscription.pk] = _reason(problem)
    _write(renewals, now=now)
    if failed:
        parking.park(failed, now=now)


def _compute(subscription: Subscription, rates: dict[str, int], *, now: datetime) -> Renewal:
    """The subscription in its next period and what to invoice for it. No database."""
    old_price = subscription.price
    start = subscription.next_bill_at
    _move_on(subscription, start)
    if subscription.price.is_free:
        return Renewal(subscription, old_price, None, None)
    country = subscription.customer.country
    if country not in rates:
        raise tax.NoTaxRate(f"No tax rate for {country} on {start:%Y-%m-%d}")
    span = periods.Period(subscription.period_number, start, subscription.current_end)
    promotion = subscription.promotion
    with override(subscription.customer.locale):
        lines = rules.period_lines(subscription.price, span, promotion=promotion, tax_basis_points=rates[country])
    subscription.use_discounted_period()
    draft = Draft(
        customer=subscription.customer,
        key=f"period:{subscription.pk}:{start.isoformat()}",
        currency=subscription.price.currency,
        reason="renewal",
        lines=lines,
        collect_at=now,
    )
    period = Period(
        subscription=subscription,
        number=span.number,
        start=span.start,
        end=span.end,
        price=subscription.price,
        promotion=promotion,
        currency=draft.currency,
        gross_minor=draft.total_minor,
        tax_basis_points=rates[country],
    )
    return Renewal(subscription, old_price, period, draft)


def _move_on(subscription: Subscription, start: datetime) -> None:
    """The next period, with the price that was waiting for it. A new interval starts a new anchor.

    The start is the stored end of the last period, not computed again: should the rules of a time zone change, the
    periods still leave no gap.
    """
    number = subscription.period_number + 1
    if subscription.pending_price is not None:
        if subscription.pending_price.interval != subscription.price.interval:
            subscription.anchor, number = start, 0
        subscription.price = subscription.pending_price
        subscription.plan = subscription.pending_price.plan
        subscription.pending_price = None
    subscription.period_number = number
    subscription.current_start = start
    if subscription.price.is_free:
        subscription.current_end = None
    else:
        subscription.current_end = periods.boundary(
            subscription.anchor, number + 1, subscription.price.interval, subscription.zone
        )
    subscription.next_bill_at = subscription.current_end


def _write(renewals: list[Renewal], *, now: datetime) -> None:
    billed = [renewal for renewal in renewals if renewal.draft is not None and renewal.period is not None]
    issued = invoices.issue([renewal.draft for renewal in billed if renewal.draft], now=now)
    for renewal, invoice in zip(billed, issued, strict=True):
        renewal.period.invoice = invoice
    Period.objects.bulk_create([renewal.period for renewal in billed])
    if renewals:
        Subscription.objects.advance([renewal.subscription for renewal in renewals])
    changed = [renewal for renewal in renewals if renewal.subscription.price_id != renewal.old_price.pk]
    History.objects.bulk_create(
        History(
            subscription=renewal.subscription,
            kind=HistoryKind.PLAN,
            old=str(renewal.old_price),
            new=str(renewal.subscription.price),
            reason="start of the period",
            actor=lifecycle.SYSTEM,
            at=now,
        )
        for renewal in changed
    )
    for renewal in changed:
        subscription_changed.send(Subscription, subscription_id=renewal.subscription.pk, now=now)


def _first_day(subscription: Subscription) -> date:
    return subscription.next_bill_at.date()


def _reason(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:2000]
