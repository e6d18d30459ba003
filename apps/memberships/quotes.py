"""What a purchase costs, before and when it is made: the page that shows it and the invoice that charges it both come
from here, so they cannot differ. Amounts include tax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import tax
from apps.billing.drafts import LineDraft
from apps.billing.models import Invoice
from apps.core import periods
from apps.core.money import Money
from apps.core.periods import Period
from apps.promotions.models import Promotion

from . import rules
from .errors import ChangeInProgress
from .models import Period as Span
from .models import Price, Subscription
from .rules import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCharge:
    """The first period of a new membership. `next_charge_at` and `next_total` say what comes after it; None when the
    plan is free. `discounted_periods` counts the discounted ones, this one included; None is for ever, 0 none."""

    price: Price
    lines: Sequence[LineDraft]
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
            "next_total_minor": self.next_total and self.next_total.minor,
            "lines": _lines_json(self.lines),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of plan. Up: `due_now` is `charge - credit`, taken now. Down: nothing is due, it waits for
    `effective_at`.

    `period` is the current period after the change; `next_charge_at` and `next_total` say what comes next (None when
    the new plan is free).
    """

    price: Price
    direction: Direction
    lines: Sequence[LineDraft]
    due_now: Money
    credit: Money
    charge: Money
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
            "tax_minor": self.tax.minor,
            "tax_basis_points": self.tax_basis_points,
            "effective_at": self.effective_at.isoformat(),
            "starts_anew": self.starts_anew,
            "period_start": self.period.start.isoformat(),
            "period_end": self.period.end.isoformat(),
            "next_charge_at": self.next_charge_at and self.next_charge_at.isoformat(),
            "next_total_minor": self.next_total and self.next_total.minor,
            "lines": _lines_json(self.lines),
        }


def first_charge(price: Price, *, customer: User, promotion: Promotion | None = None, now: datetime) -> FirstCharge:
    """What joining at `now` costs. Raises billing's NoTaxRate when the shop cannot sell to the customer's country."""
    rate = tax.rate_for(customer.country, now.date()).basis_points
    period = periods.period(now, 0, price.interval, customer.time_zone)
    lines = []
    if not price.is_free:
        lines = rules.period_lines(
            price, period, promotion=promotion, tax_basis_points=rate, anchor=now, zone=customer.time_zone
        )
    granted = promotion.periods_granted() if promotion and rules.discount(price, promotion) else 0
    return FirstCharge(
        price=price,
        lines=lines,
        total=Money(sum(line.amount_minor for line in lines), price.currency),
        tax=Money(sum(line.tax_minor for line in lines), price.currency),
        tax_basis_points=rate,
        period=period,
        next_charge_at=None if price.is_free else period.end,
        next_total=_next_total(price, promotion if granted != 1 else None),
        discounted_periods=granted,
    )


def change(subscription: Subscription, price: Price, *, now: datetime) -> Change:
    """What changing to `price` at `now` costs, gives back and when it happens.

    The credit is the unused share, to the second, of what was really paid for the current span (after discounts); it is
    never more than was paid. A change that would give back more than it charges waits for the end of the period
    instead.

    Raises ChangeInProgress when the present period is over and its renewal is not billed yet: there is nothing to
    share.
    """
    if subscription.current_end is not None and subscription.current_end <= now:
        raise ChangeInProgress(_("Your membership is being renewed. Please try again in a minute."))
    way = rules.direction(subscription.price, price)
    if way == Direction.UP and subscription.current_end is not None:
        immediate = _at_once(subscription, price, now=now)
        if immediate.due_now.minor >= 0:
            return immediate
        way = Direction.DOWN
    return _at_period_end(subscription, price, way=way, now=now)


def next_total(subscription: Subscription) -> Money | None:
    """What the next period costs, with tax, before credit; None when the plan is free then."""
    return _next_total(subscription.pending_price or subscription.price, subscription.promotion)


def _at_once(subscription: Subscription, price: Price, *, now: datetime) -> Change:
    rate = tax.rate_for(subscription.customer.country, now.date()).basis_points
    starts_anew = price.interval != subscription.price.interval
    current = subscription.current_period()
    span = Span.objects.latest_of(subscription)
    lines = []
    if (
        span is not None
        and span.invoice is not None
        and span.invoice.status == Invoice.Status.PAID
        and span.gross_minor
    ):
        paid_for = Period(span.number, span.start, span.end)
        lines.append(
            rules.credit_line(
                span.price, paid_minor=span.gross_minor, span=paid_for, now=now, tax_basis_points=span.tax_basis_points
            )
        )
    credit = -sum(line.amount_minor for line in lines)
    if starts_anew:
        period = periods.period(now, 0, price.interval, subscription.zone)
        promotion = subscription.promotion
        lines += rules.period_lines(
            price, period, promotion=promotion, tax_basis_points=rate, anchor=now, zone=subscription.zone
        )
    else:
        period = current
        promotion = span.promotion if span is not None else None
        lines.append(rules.charge_line(price, promotion=promotion, span=period, now=now, tax_basis_points=rate))
    total = sum(line.amount_minor for line in lines)
    used_up = starts_anew and subscription.promotion_periods_left == 1
    return Change(
        price=price,
        direction=Direction.UP,
        lines=lines,
        due_now=Money(total, price.currency),
        credit=Money(credit, price.currency),
        charge=Money(total + credit, price.currency),
        tax=Money(sum(line.tax_minor for line in lines), price.currency),
        tax_basis_points=rate,
        period=period,
        starts_anew=starts_anew,
        effective_at=now,
        next_charge_at=period.end,
        next_total=_next_total(price, None if used_up else subscription.promotion),
    )


def _at_period_end(subscription: Subscription, price: Price, *, way: Direction, now: datetime) -> Change:
    effective_at = subscription.current_end or now
    nothing = Money(0, price.currency)
    return Change(
        price=price,
        direction=way,
        lines=[],
        due_now=nothing,
        credit=nothing,
        charge=nothing,
        tax=nothing,
        tax_basis_points=0,
        period=Period(subscription.period_number, subscription.current_start, effective_at),
        starts_anew=price.interval != subscription.price.interval,
        effective_at=effective_at,
        next_charge_at=None if price.is_free else effective_at,
        next_total=_next_total(price, subscription.promotion),
    )


def _next_total(price: Price, promotion: Promotion | None) -> Money | None:
    return None if price.is_free else Money(rules.discounted(price, promotion), price.currency)


def _lines_json(lines: Sequence[LineDraft]) -> list[dict]:
    return [{"kind": line.kind, "description": line.description, "amount_minor": line.amount_minor} for line in lines]
