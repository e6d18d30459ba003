"""What joining costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.billing import tax
from apps.billing.drafts import LineDraft
from apps.billing.taxation import Taxation
from apps.core import periods
from apps.core.money import Money
from apps.core.periods import Period
from apps.memberships import destinations, rules
from apps.memberships.models import Price, TrialUse
from apps.promotions.models import Promotion

from .totals import local_day, period_total, settlement_json, term_end


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCharge:
    """The first period of a new membership. `next_charge_at` and `next_total` say what comes after it; None when the
    plan is free, and when the membership ends then. `full_total` is what a period costs when no discount is left.
    `discounted_periods` counts the discounted ones, this one included; None is for ever, 0 none.

    `taxation` is how the customer is taxed, and the invoice will be; `tax_basis_points` the rate that is charged, in
    the country `sent_to` where goods go, or else where the customer lives.

    A free trial of `trial_days` has no lines and costs nothing: `period` is the trial, and the next charge the first
    one. `trial_refused` says that the price has a trial, but this customer or their card had one before. `ends_at` is
    when the membership ends by itself; None for one that renews until cancelled.
    """

    price: Price
    quantity: int
    sent_to: str
    lines: Sequence[LineDraft]
    taxation: Taxation
    total: Money
    tax: Money
    tax_basis_points: int
    period: Period
    next_charge_at: datetime | None
    next_total: Money | None
    full_total: Money | None
    discounted_periods: int | None
    trial_days: int
    trial_refused: bool
    ends_at: datetime | None

    def as_json(self) -> dict:
        """What was shown, for the record: amounts in minor units, instants in ISO 8601."""
        return {
            "price": self.price.pk,
            "quantity": self.quantity,
            "trial_days": self.trial_days,
            "ends_at": self.ends_at and self.ends_at.isoformat(),
            "currency": self.total.currency,
            "total_minor": self.total.minor,
            "tax_minor": self.tax.minor,
            "tax_basis_points": self.tax_basis_points,
            "period_start": self.period.start.isoformat(),
            "period_end": self.period.end.isoformat(),
            "next_charge_at": self.next_charge_at and self.next_charge_at.isoformat(),
            "next_total_minor": None if self.next_total is None else self.next_total.minor,
            **settlement_json(self.lines, self.taxation),
        }


def first_charge(
    price: Price, *, customer: User, promotion: Promotion | None = None, quantity: int = 1, now: datetime
) -> FirstCharge:
    """What joining at `now` with so many of the plan costs: nothing during a free trial, which each person and each
    card has once.

    Raises billing's NoTaxRate when the shop cannot sell to the customer's country, or that to which goods go.
    """
    zone = customer.time_zone
    sent_to = destinations.country(customer.pk, price.plan)
    assessor = tax.Assessor([customer], now=now)
    taxation = assessor.taxation(customer, country=sent_to)
    rate = assessor.rate(customer, on=local_day(now, zone), country=sent_to)
    refused = price.trial_days > 0 and TrialUse.objects.by(customer, groups=[price.plan.group]).exists()
    trial_days = 0 if refused else price.trial_days
    anchor = periods.days_after(now, trial_days, zone)
    first = periods.period(anchor, 0, price.interval, zone)
    ends_at = term_end(price, anchor, zone)
    granted = promotion.periods_granted() if promotion and rules.discount(price, promotion, quantity=quantity) else 0
    lines: list[LineDraft] = []
    if not price.is_free and not trial_days:
        lines = rules.period_lines(
            price,
            first,
            promotion=promotion,
            tax_basis_points=rate,
            quantity=quantity,
            anchor=anchor,
            zone=zone,
        )
    settlement = taxation.settle(lines)
    period = Period(0, now, anchor) if trial_days else first
    used_up = granted == 1 and not trial_days
    is_last = price.is_free or period.end == ends_at

    def later(promotion: Promotion | None) -> Money | None:
        on = local_day(period.end, zone)
        return period_total(
            price, promotion, quantity=quantity, customer=customer, sent_to=sent_to, on=on, assessor=assessor
        )

    return FirstCharge(
        price=price,
        quantity=quantity,
        sent_to=sent_to,
        lines=lines,
        taxation=taxation,
        total=Money(settlement.total_minor, price.currency),
        tax=Money(settlement.tax_minor, price.currency),
        tax_basis_points=taxation.charged(rate),
        period=period,
        next_charge_at=None if is_last else period.end,
        next_total=None if is_last else later(None if used_up else promotion),
        full_total=later(None),
        discounted_periods=granted,
        trial_days=trial_days,
        trial_refused=refused,
        ends_at=ends_at,
    )
