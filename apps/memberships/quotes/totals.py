"""What a period costs, and when a term ends: what all quotes reckon with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from apps.accounts.models import User
from apps.billing import tax
from apps.billing.drafts import LineDraft
from apps.billing.taxation import Settlement, Taxation
from apps.core import periods
from apps.core.money import Money
from apps.memberships import destinations, rules
from apps.memberships.models import Price, Subscription
from apps.promotions.models import Promotion


def next_total(subscription: Subscription, *, now: datetime) -> Money | None:
    """What the next period costs as far as is known at `now`, with the tax of the day on which it begins, before
    credit; None when the plan is free then, when the agreed term ends before it, or when the shop knows no rate for
    that day."""
    if subscription.is_last_period:
        return None
    return renewal_total(subscription, subscription.pending_price or subscription.price, now=now)


def renewal_total(subscription: Subscription, price: Price, *, now: datetime, on: date | None = None) -> Money | None:
    """What the next period would cost at a price, for as many as it will be, with the tax of the day `on`, or else of
    the day on which it begins; see `next_total`."""
    return period_total(
        price,
        subscription.promotion,
        quantity=subscription.holding_next.quantity,
        customer=subscription.customer,
        sent_to=destinations.country(subscription.customer_id, price.plan),
        on=on or local_day(subscription.next_bill_at or now, subscription.zone),
        assessor=tax.Assessor([subscription.customer], now=now),
    )


def local_day(moment: datetime, zone: str) -> date:
    """The day of the service, by which the tax rate is chosen: that of `moment` in the customer's (IANA) zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def term_end(price: Price, anchor: datetime, zone: str) -> datetime | None:
    """When a membership at the price, whose periods count from the anchor, ends by itself."""
    return None if price.term_periods is None else periods.boundary(anchor, price.term_periods, price.interval, zone)


def period_total(
    price: Price,
    promotion: Promotion | None,
    *,
    quantity: int,
    customer: User,
    sent_to: str,
    on: date,
    assessor: tax.Assessor,
) -> Money | None:
    """A full period that begins on a day, of which goods go to the country `sent_to`; None when it is free, or when the
    shop knows no rate for that day."""
    if price.is_free:
        return None
    taxation = assessor.taxation(customer, country=sent_to)
    if price.tax_included and not taxation.is_reverse_charge:
        # Whatever the tax in it.
        return Money(rules.discounted(price, promotion, quantity=quantity), price.currency)
    try:
        rate = assessor.rate(customer, on=on, country=sent_to)
    except tax.NoTaxRate:
        return None
    lines = rules.price_lines(price, promotion=promotion, tax_basis_points=rate, quantity=quantity)
    return Money(taxation.settle(lines).total_minor, price.currency)


def settlement_json(lines: Sequence[LineDraft], taxation: Taxation) -> dict:
    """The lines as they are shown: without tax where the tax is added below them, else with it."""
    settlement: Settlement = taxation.settle(lines)
    shown = zip(lines, settlement.shown_minor, strict=True)
    return {
        "treatment": taxation.treatment.value,
        "tax_number": taxation.tax_number,
        "adds_tax": settlement.adds_tax,
        "net_minor": settlement.net_minor,
        "lines": [
            {"kind": line.kind, "description": line.description, "amount_minor": amount} for line, amount in shown
        ],
    }
