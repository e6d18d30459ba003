"""What a purchase costs, before and when it is made: the page that shows it and the invoice that charges it both come
from here, so they cannot differ. Totals include the tax that the customer is charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import tax
from apps.billing.drafts import LineDraft
from apps.billing.models import Invoice
from apps.billing.taxation import Settlement, Taxation
from apps.core import periods
from apps.core.money import Money
from apps.core.periods import Period
from apps.promotions.models import Promotion

from . import rules
from .errors import ChangeInProgress, Refused
from .models import Period as Span
from .models import Price, Subscription
from .rules import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCharge:
    """The first period of a new membership. `next_charge_at` and `next_total` say what comes after it; None when the
    plan is free. `discounted_periods` counts the discounted ones, this one included; None is for ever, 0 none.

    `taxation` is how the customer is taxed, and the invoice will be; `tax_basis_points` the rate that is charged.
    """

    price: Price
    lines: Sequence[LineDraft]
    taxation: Taxation
    total: Money
    tax: Money
    tax_basis_points: int
    period: Period
    next_charge_at: datetime | None
    next_total: Money | None
    discounted_periods: int | None

    def as_json(self) -> dict:
        """What was shown, for the record: amounts in minor units, instants in ISO 8601."""
        return {
            "price": self.price.pk,
            "currency": self.total.currency,
            "total_minor": self.total.minor,
            "tax_minor": self.tax.minor,
            "tax_basis_points": self.tax_basis_points,
            "period_start": self.period.start.isoformat(),
            "period_end": self.period.end.isoformat(),
            "next_charge_at": self.next_charge_at and self.next_charge_at.isoformat(),
            "next_total_minor": None if self.next_total is None else self.next_total.minor,
            **_settlement_json(self.lines, self.taxation),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of plan. Up: `due_now` is `charge - credit`, taken now. Down: nothing is due, it waits for
    `effective_at`. `charge_tax` is the tax in the charge, `tax` what is left of it after the credit.

    `period` is the current period after the change; `next_charge_at` and `next_total` say what comes next (None when
    the new plan is free).
    """

    price: Price
    direction: Direction
    lines: Sequence[LineDraft]
    taxation: Taxation
    due_now: Money
    credit: Money
    charge: Money
    charge_tax: Money
    tax: Money
    tax_basis_points: int
    period: Period
    starts_anew: bool
    effective_at: datetime
    next_charge_at: datetime | None
    next_total: Money | None

    def as_json(self) -> dict:
        """What was shown, for the record."""
        return {
            "price": self.price.pk,
            "direction": self.direction.value,
            "currency": self.due_now.currency,
            "due_now_minor": self.due_now.minor,
            "credit_minor": self.credit.minor,
            "charge_minor": self.charge.minor,
            "charge_tax_minor": self.charge_tax.minor,
            "tax_minor": self.tax.minor,
            "tax_basis_points": self.tax_basis_points,
            "effective_at": self.effective_at.isoformat(),
            "starts_anew": self.starts_anew,
            "period_start": self.period.start.isoformat(),
            "period_end": self.period.end.isoformat(),
            "next_charge_at": self.next_charge_at and self.next_charge_at.isoformat(),
            "next_total_minor": None if self.next_total is None else self.next_total.minor,
            **_settlement_json(self.lines, self.taxation),
        }


def first_charge(price: Price, *, customer: User, promotion: Promotion | None = None, now: datetime) -> FirstCharge:
    """What joining at `now` costs. Raises billing's NoTaxRate when the shop cannot sell to the customer's country."""
    assessor = tax.Assessor([customer], now=now)
    taxation = assessor.taxation(customer)
    rate = assessor.rate(customer, on=local_day(now, customer.time_zone))
    period = periods.period(now, 0, price.interval, customer.time_zone)
    lines: list[LineDraft] = []
    if not price.is_free:
        lines = rules.period_lines(
            price, period, promotion=promotion, tax_basis_points=rate, anchor=now, zone=customer.time_zone
        )
    settlement = taxation.settle(lines)
    granted = promotion.periods_granted() if promotion and rules.discount(price, promotion) else 0
    later = promotion if granted != 1 else None
    return FirstCharge(
        price=price,
        lines=lines,
        taxation=taxation,
        total=Money(settlement.total_minor, price.currency),
        tax=Money(settlement.tax_minor, price.currency),
        tax_basis_points=taxation.charged(rate),
        period=period,
        next_charge_at=None if price.is_free else period.end,
        next_total=_period_total(
            price, later, customer=customer, on=local_day(period.end, customer.time_zone), assessor=assessor
        ),
        discounted_periods=granted,
    )


def change(subscription: Subscription, price: Price, *, now: datetime) -> Change:
    """What changing to `price` at `now` costs, gives back and when it happens.

    The credit is the unused share, to the second, of what was really paid for the current span (after discounts), and
    of the tax that was charged in it; it is never more than was paid. A change that would give back more than it
    charges waits for the end of the period instead.

    Raises ChangeInProgress when the present period is over and its renewal is not billed yet: there is nothing to
    share; and Refused when the shop does not know the tax of the customer's country.
    """
    if subscription.current_end is not None and subscription.current_end <= now:
        raise ChangeInProgress(_("Your membership is being renewed. Please try again in a minute."))
    customer = subscription.customer
    assessor = tax.Assessor([customer], now=now)
    try:
        rate = assessor.rate(customer, on=local_day(now, subscription.zone))
    except tax.NoTaxRate as problem:
        raise Refused(_("We do not know the taxes of your country well enough to charge you.")) from problem
    way = rules.direction(subscription.price, price, tax_basis_points=rate)
    if way == Direction.UP and subscription.current_end is not None:
        immediate = _at_once(subscription, price, assessor=assessor, rate=rate, now=now)
        if immediate.due_now.minor >= 0:
            return immediate
        way = Direction.DOWN
    return _at_period_end(subscription, price, way=way, assessor=assessor, now=now)


def next_total(subscription: Subscription, *, now: datetime) -> Money | None:
    """What the next period costs as far as is known at `now`, with the tax of the day on which it begins, before
    credit; None when the plan is free then, or when the shop knows no rate for that day."""
    return renewal_total(subscription, subscription.pending_price or subscription.price, now=now)


def renewal_total(subscription: Subscription, price: Price, *, now: datetime) -> Money | None:
    """What the next period would cost at a price, with tax; see `next_total`."""
    return _period_total(
        price,
        subscription.promotion,
        customer=subscription.customer,
        on=local_day(subscription.next_bill_at or now, subscription.zone),
        assessor=tax.Assessor([subscription.customer], now=now),
    )


def local_day(moment: datetime, zone: str) -> date:
    """The day of the service, by which the tax rate is chosen: that of `moment` in the customer's (IANA) zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def _at_once(subscription: Subscription, price: Price, *, assessor: tax.Assessor, rate: int, now: datetime) -> Change:
    starts_anew = price.interval != subscription.price.interval
    current = subscription.current_period()
    span = Span.objects.latest_of(subscription)
    given_back = _given_back(span, now=now)
    if starts_anew:
        period = periods.period(now, 0, price.interval, subscription.zone)
        promotion = subscription.promotion
        charged = rules.period_lines(
            price, period, promotion=promotion, tax_basis_points=rate, anchor=now, zone=subscription.zone
        )
    else:
        period = current
        promotion = span.promotion if span is not None else None
        charged = [rules.charge_line(price, promotion=promotion, span=period, now=now, tax_basis_points=rate)]
    customer = subscription.customer
    taxation = assessor.taxation(customer)
    settlement = taxation.settle([*given_back, *charged])
    credits, charges = settlement.lines[: len(given_back)], settlement.lines[len(given_back) :]
    used_up = starts_anew and subscription.promotion_periods_left == 1
    later = None if used_up else subscription.promotion
    return Change(
        price=price,
        direction=Direction.UP,
        lines=[*given_back, *charged],
        taxation=taxation,
        due_now=Money(settlement.total_minor, price.currency),
        credit=Money(-sum(line.amount_minor for line in credits), price.currency),
        charge=Money(sum(line.amount_minor for line in charges), price.currency),
        charge_tax=Money(sum(line.tax_minor for line in charges), price.currency),
        tax=Money(settlement.tax_minor, price.currency),
        tax_basis_points=taxation.charged(rate),
        period=period,
        starts_anew=starts_anew,
        effective_at=now,
        next_charge_at=period.end,
        next_total=_period_total(
            price, later, customer=customer, on=local_day(period.end, subscription.zone), assessor=assessor
        ),
    )


def _given_back(span: Span | None, *, now: datetime) -> list[LineDraft]:
    """The unused share of a span that was paid for."""
    if span is None or span.invoice is None or span.invoice.status != Invoice.Status.PAID or not span.gross_minor:
        return []
    line = rules.credit_line(
        span.price,
        paid_minor=span.gross_minor,
        paid_tax_minor=span.tax_minor,
        span=Period(span.number, span.start, span.end),
        now=now,
        tax_basis_points=span.tax_basis_points,
    )
    return [line]


def _at_period_end(
    subscription: Subscription, price: Price, *, way: Direction, assessor: tax.Assessor, now: datetime
) -> Change:
    effective_at = subscription.current_end or now
    customer = subscription.customer
    nothing = Money(0, price.currency)
    return Change(
        price=price,
        direction=way,
        lines=[],
        taxation=assessor.taxation(customer),
        due_now=nothing,
        credit=nothing,
        charge=nothing,
        charge_tax=nothing,
        tax=nothing,
        tax_basis_points=0,
        period=Period(subscription.period_number, subscription.current_start, effective_at),
        starts_anew=price.interval != subscription.price.interval,
        effective_at=effective_at,
        next_charge_at=None if price.is_free else effective_at,
        next_total=_period_total(
            price,
            subscription.promotion,
            customer=customer,
            on=local_day(effective_at, subscription.zone),
            assessor=assessor,
        ),
    )


def _period_total(
    price: Price, promotion: Promotion | None, *, customer: User, on: date, assessor: tax.Assessor
) -> Money | None:
    """A full period that begins on a day; None when it is free, or when the shop knows no rate for that day."""
    if price.is_free:
        return None
    taxation = assessor.taxation(customer)
    if price.tax_included and not taxation.is_reverse_charge:
        # Whatever the tax in it.
        return Money(rules.discounted(price, promotion), price.currency)
    try:
        rate = assessor.rate(customer, on=on)
    except tax.NoTaxRate:
        return None
    lines = rules.price_lines(price, promotion=promotion, tax_basis_points=rate)
    return Money(taxation.settle(lines).total_minor, price.currency)


def _settlement_json(lines: Sequence[LineDraft], taxation: Taxation) -> dict:
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
