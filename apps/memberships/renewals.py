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
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import override

from apps.billing import invoices, tax
from apps.billing.drafts import Draft
from apps.billing.models import Invoice
from apps.core import copying, periods
from apps.core.outages import is_outage

from . import destinations, lifecycle, quotes, rules
from .models import History, HistoryKind, Holding, Period, Subscription
from .services import parking, promises, settling
from .signals import subscription_changed

log = logging.getLogger(__name__)


class PeriodRow(NamedTuple):
    """A period as it is written; see `models.Period`."""

    subscription_id: int
    number: int
    start: datetime
    end: datetime
    price_id: int
    promotion_id: int | None
    invoice_id: int
    currency: str
    tax_basis_points: int
    gross_minor: int
    tax_minor: int
    credited_minor: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be invoiced, the period it is for, the promotion in it and the tax rate that is charged. Nothing is
    saved."""

    subscription_id: int
    draft: Draft
    span: periods.Period
    price_id: int
    promotion_id: int | None
    tax_basis_points: int

    def under(self, invoice: Invoice) -> PeriodRow:
        """The period, which this invoice bills."""
        return PeriodRow(
            subscription_id=self.subscription_id,
            number=self.span.number,
            start=self.span.start,
            end=self.span.end,
            price_id=self.price_id,
            promotion_id=self.promotion_id,
            invoice_id=invoice.pk,
            currency=invoice.currency,
            tax_basis_points=self.tax_basis_points,
            gross_minor=invoice.total_minor,
            tax_minor=invoice.tax_minor,
        )


@dataclass(frozen=True, slots=True)
class Renewal:
    """One computed renewal: the subscription moved on (not saved), what it held before, its bill unless it is free from
    now on, and its change of status when a trial became a paid membership."""

    subscription: Subscription
    held: Holding
    bill: Bill | None
    conversion: History | None

    @property
    def is_another_plan(self) -> bool:
        """Whether the plan, its rhythm or the quantity is another one, and not the price alone."""
        old, new = self.held, self.subscription.holding
        was = (old.price.plan_id, old.price.rhythm, old.quantity)
        return (new.price.plan_id, new.price.rhythm, new.quantity) != was


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
            due = _claim(Subscription.objects.due(now)[: settings.RENEWAL_BATCH])
            claimed = [subscription.pk for subscription in due]
            _bill_or_park(due, now=now)
    except Exception as problem:
        if not claimed or is_outage(problem):
            raise
        log.exception("A batch of %s renewals could not be written; billing one by one", len(claimed))
        for subscription_id in claimed:
            bill_one(subscription_id, now=now)
    return len(claimed)


def bill_one(subscription_id: int, *, now: datetime) -> None:
    """Bill the next period of one subscription if it is due, as the sweep would: for a customer who has just resumed,
    and to find the culprit of a batch. One that cannot be billed is parked; when the database is gone, nobody is at
    fault: it raises, and the next sweep goes on."""
    try:
        with transaction.atomic():
            _bill_or_park(_claim(Subscription.objects.due(now).filter(pk=subscription_id)), now=now)
    except Exception as problem:
        if is_outage(problem):
            raise
        log.exception("Subscription %s could not be billed", subscription_id)
        parking.park({subscription_id: _reason(problem)}, now=now)


def bill_early(subscription_id: int, *, now: datetime) -> str:
    """Bill the next period of a subscription that the caller has locked, before it begins; the periods stay where they
    are. Returns why it could not be computed, or nothing: it is not parked. Runs in the caller's transaction."""
    return "".join(_bill(_claim(Subscription.objects.filter(pk=subscription_id)), now=now).values())


def _claim(due: QuerySet[Subscription]) -> list[Subscription]:
    claimed = due.select_for_update(skip_locked=True, of=("self",)).select_related("customer")
    # Thousands of members share a handful of prices: read once each, not once for each member.
    return list(claimed.prefetch_related("price__plan", "pending_price__plan", "promotion"))


def _bill_or_park(due: list[Subscription], *, now: datetime) -> None:
    if failed := _bill(due, now=now):
        parking.park(failed, now=now)


def _bill(due: list[Subscription], *, now: datetime) -> dict[int, str]:
    """Bill the next period of claimed subscriptions; returns those that could not be computed, and why. Runs in the
    transaction of the claim."""
    if not due:
        return {}
    terms_before = {subscription.pk: subscription.terms for subscription in due}
    settlement = promises.prepare(due, now=now)
    assessor = tax.Assessor([subscription.customer for subscription in settlement.to_bill], now=now)
    sent_to = destinations.of(settlement.to_bill)
    renewals: list[Renewal] = []
    failed: dict[int, str] = {}
    for locale, members in groupby(settlement.to_bill, key=lambda subscription: subscription.customer.locale):
        with override(locale):
            for subscription in members:
                try:
                    start = subscription.begins_next()
                    country = sent_to.get(subscription.pk, "")
                    renewals.append(_compute(subscription, start, assessor, sent_to=country, now=now))
                except Exception as problem:
                    log.exception("Subscription %s could not be computed", subscription.pk)
                    failed[subscription.pk] = _reason(problem)
    _write(renewals, terms_before=terms_before, now=now)
    promises.record(settlement, failed=failed, now=now)
    return failed


def _compute(
    subscription: Subscription, start: datetime, assessor: tax.Assessor, *, sent_to: str, now: datetime
) -> Renewal:
    """The subscription in its next period, from `start`, and what to invoice for it: taxed at the rate of the day on
    which the period begins where the customer lives, or in the country `sent_to` where goods go; of today where it is
    paid and sent before (Directive 2006/112/EC, Art. 65), described in the active language. No database but for the
    rates of a day, once for the batch."""
    held = subscription.holding
    end = _move_on(subscription, start)
    conversion = lifecycle.leave_trial(subscription, now=now) if subscription.is_trial else None
    if end is None:
        return Renewal(subscription, held, None, conversion)
    customer = subscription.customer
    taxation = assessor.taxation(customer, country=sent_to)
    rate = assessor.rate(customer, on=quotes.local_day(min(start, now), subscription.zone), country=sent_to)
    span = periods.Period(subscription.period_number, start, end)
    promotion = subscription.promotion
    lines = rules.period_lines(
        subscription.price,
        span,
        promotion=promotion,
        tax_basis_points=rate,
        quantity=subscription.quantity,
        anchor=subscription.anchor,
        zone=subscription.zone,
    )
    subscription.use_discounted_period()
    draft = Draft(
        customer=customer,
        key=f"period:{subscription.pk}:{start.isoformat()}",
        currency=subscription.price.currency,
        reason="renewal",
        lines=lines,
        taxation=taxation,
        country=sent_to,
        collect_at=now,
        scope=subscription.price.plan.slug,
    )
    bill = Bill(
        subscription_id=subscription.pk,
        draft=draft,
        span=span,
        price_id=subscription.price_id,
        promotion_id=None if promotion is None else promotion.pk,
        tax_basis_points=taxation.charged(rate),
    )
    return Renewal(subscription, held, bill, conversion)


def _move_on(subscription: Subscription, start: datetime) -> datetime | None:
    """The next period, with the price and the quantity that waited for it, and its end; None when the plan is free from
    now on.

    A new rhythm starts a new anchor; so do the first period after a trial and the end of a pause, which have set the
    anchor to this start already.

    The start is the stored end of the last period, not computed again: should the rules of a time zone change, the
    periods still leave no gap.
    """
    number = 0 if subscription.anchor == start else subscription.period_number + 1
    if subscription.pending_quantity is not None:
        subscription.quantity, subscription.pending_quantity = subscription.pending_quantity, None
    if subscription.pending_price is not None:
        if subscription.pending_price.rhythm != subscription.price.rhythm:
            subscription.anchor, number = start, 0
        subscription.price = subscription.pending_price
        subscription.plan = subscription.pending_price.plan
        subscription.pending_price = None
        subscription.end_by_itself()
    subscription.period_number = number
    subscription.current_start = start
    end = None
    if not subscription.price.is_free:
        end = periods.boundary(subscription.anchor, number + 1, subscription.price.interval, subscription.zone)
    subscription.current_end = subscription.next_bill_at = end
    return end


def _write(renewals: list[Renewal], *, terms_before: Mapping[int, tuple], now: datetime) -> None:
    bills = [renewal.bill for renewal in renewals if renewal.bill is not None]
    issued = invoices.issue([bill.draft for bill in bills], now=now)
    copying.write(Period, [bill.under(invoice) for bill, invoice in zip(bills, issued, strict=True)])
    Subscription.objects.advance((renewal.subscription for renewal in renewals), terms_before=terms_before)
    settling.paid_at_issue([invoice.pk for invoice in issued if invoice.status == Invoice.Status.PAID], now=now)
    changed = [renewal for renewal in renewals if renewal.subscription.holding != renewal.held]
    plans = [
        History(
            subscription=renewal.subscription,
            kind=HistoryKind.PLAN,
            old=str(renewal.held),
            new=str(renewal.subscription.holding),
            reason="start of the period",
            actor=lifecycle.SYSTEM,
            at=now,
        )
        for renewal in changed
    ]
    History.objects.bulk_create([*(r.conversion for r in renewals if r.conversion is not None), *plans])
    for renewal in changed:
        if renewal.is_another_plan:
            subscription_changed.send(Subscription, subscription_id=renewal.subscription.pk, now=now)


def _reason(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:2000]
