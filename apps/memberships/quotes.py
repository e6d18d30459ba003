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
from apps.billing.models import Invoice, Refund
from apps.core import periods
from apps.core.money import Money
from apps.core.periods import Period
from apps.promotions.models import Promotion

from . import rules
from .errors import ChangeInProgress, NothingToChange
from .models import Period as Span
from .models import Price, Subscription, TrialUse
from .rules import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCharge:
    """The first period of a new membership. `next_charge_at` and `next_total` say what comes after it; None when the
    plan is free. `discounted_periods` counts the discounted ones, this one included; None is for ever, 0 none.

    A free trial of `trial_days` has no lines and costs nothing: `period` is the trial, and the next charge the first
    one. `trial_refused` says that the price has a trial, but this customer or their card had one before. `ends_at` is
    when the membership ends by itself; None for one that renews until cancelled.
    """

    price: Price
    quantity: int
    lines: Sequence[LineDraft]
    total: Money
    tax: Money
    tax_basis_points: int
    period: Period
    next_charge_at: datetime | None
    next_total: Money | None
    discounted_periods: int | None
    trial_days: int
    trial_refused: bool
    ends_at: datetime | None

    @property
    def full_total(self) -> Money:
        """What a period costs when no discount is left."""
        return self.price.amount * self.quantity

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
            "lines": _lines_json(self.lines),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of plan. Up: `due_now` is `charge - credit`, taken now. Down: nothing is due, it waits for
    `effective_at`.

    `period` is the current period after the change; `next_charge_at` and `next_total` say what comes next (None when
    the new plan is free, or when the membership ends then). `ends_at` is when the membership ends by itself after the
    change. `ends_trial` says that a free trial is given up for it.
    """

    price: Price
    quantity: int
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
    ends_at: datetime | None
    ends_trial: bool = False

    def as_json(self) -> dict:
        """What was shown, for the record."""
        return {
            "price": self.price.pk,
            "quantity": self.quantity,
            "ends_at": self.ends_at and self.ends_at.isoformat(),
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
            "next_total_minor": None if self.next_total is None else self.next_total.minor,
            "lines": _lines_json(self.lines),
        }


def first_charge(
    price: Price, *, customer: User, promotion: Promotion | None = None, quantity: int = 1, now: datetime
) -> FirstCharge:
    """What joining at `now` with so many of the plan costs: nothing during a free trial, which each person and each
    card has once.

    Raises billing's NoTaxRate when the shop cannot sell to the customer's country.
    """
    rate = tax.rate_for(customer.country, now.date()).basis_points
    refused = price.trial_days > 0 and TrialUse.objects.by(customer, groups=[price.plan.group]).exists()
    trial_days = 0 if refused else price.trial_days
    anchor = periods.days_after(now, trial_days, customer.time_zone)
    first = periods.period(anchor, 0, price.interval, customer.time_zone)
    ends_at = _term_end(price, anchor, customer.time_zone)
    granted = promotion.periods_granted() if promotion and rules.discount(price, promotion, quantity=quantity) else 0
    lines: list[LineDraft] = []
    if not price.is_free and not trial_days:
        lines = rules.period_lines(price, first, promotion=promotion, tax_basis_points=rate, quantity=quantity)
    period = Period(0, now, anchor) if trial_days else first
    used_up = granted == 1 and not trial_days
    is_last = price.is_free or period.end == ends_at
    return FirstCharge(
        price=price,
        quantity=quantity,
        lines=lines,
        total=Money(sum(line.amount_minor for line in lines), price.currency),
        tax=Money(sum(line.tax_minor for line in lines), price.currency),
        tax_basis_points=rate,
        period=period,
        next_charge_at=None if is_last else period.end,
        next_total=None if is_last else _next_total(price, None if used_up else promotion, quantity=quantity),
        discounted_periods=granted,
        trial_days=trial_days,
        trial_refused=refused,
        ends_at=ends_at,
    )


def change(subscription: Subscription, price: Price, *, quantity: int | None = None, now: datetime) -> Change:
    """What changing to so many at `price` at `now` costs, gives back and when it happens. Without a `quantity` it stays
    as it is, as far as the plan allows.

    The credit is the unused share, to the second, of what was really paid for the current span (after discounts and
    refunds); it is never more than was paid. A change that would give back more than it charges waits for the end of
    the period instead. During a free trial a change up ends the trial and begins the first period; one down waits for
    the end of the trial.

    Raises ChangeInProgress when the present period is over and its renewal is not billed yet: there is nothing to
    share. Raises NothingToChange when the change would wait for the end of a term, with which the membership ends.
    """
    if subscription.current_end is not None and subscription.current_end <= now:
        raise ChangeInProgress(_("Your membership is being renewed. Please try again in a minute."))
    if price.plan_id == subscription.plan_id and price.rhythm == subscription.price.rhythm:
        price = subscription.price  # a member stays on the price they joined at
    held = subscription.quantity
    wanted = min(held, price.plan.max_quantity) if quantity is None else quantity
    way = rules.direction(subscription.price, price, held=held, wanted=wanted)
    if way == Direction.UP and subscription.current_end is not None:
        immediate = _at_once(subscription, price, quantity=wanted, now=now)
        if immediate.due_now.minor >= 0:
            return immediate
        way = Direction.DOWN
    if way == Direction.DOWN and subscription.is_last_period and price.rhythm == subscription.price.rhythm:
        raise NothingToChange(_("Your membership ends with this period: there is nothing left to change."))
    return _at_period_end(subscription, price, quantity=wanted, way=way, now=now)


def next_total(subscription: Subscription) -> Money | None:
    """What the next period costs, with tax, before credit; None when the plan is free then."""
    return _next_total(
        subscription.pending_price or subscription.price,
        subscription.promotion,
        quantity=subscription.pending_quantity or subscription.quantity,
    )


def _at_once(subscription: Subscription, price: Price, *, quantity: int, now: datetime) -> Change:
    rate = tax.rate_for(subscription.customer.country, now.date()).basis_points
    starts_anew = subscription.is_trial or price.rhythm != subscription.price.rhythm
    span = Span.objects.latest_of(subscription)
    lines = _given_back(span, now=now)
    credit = -sum(line.amount_minor for line in lines)
    if starts_anew:
        period = periods.period(now, 0, price.interval, subscription.zone)
        promotion, anchor = subscription.promotion, now
        lines += rules.period_lines(price, period, promotion=promotion, tax_basis_points=rate, quantity=quantity)
    else:
        period, anchor = subscription.current_period(), subscription.anchor
        promotion = span.promotion if span is not None else None
        lines.append(
            rules.charge_line(
                price, promotion=promotion, span=period, now=now, tax_basis_points=rate, quantity=quantity
            )
        )
    total = sum(line.amount_minor for line in lines)
    used_up = starts_anew and subscription.promotion_periods_left == 1
    ends_at = _term_end(price, anchor, subscription.zone)
    is_last = period.end == ends_at
    later = None if used_up else subscription.promotion
    return Change(
        price=price,
        quantity=quantity,
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
        next_charge_at=None if is_last else period.end,
        next_total=None if is_last else _next_total(price, later, quantity=quantity),
        ends_at=ends_at,
        ends_trial=subscription.is_trial,
    )


def _given_back(span: Span | None, *, now: datetime) -> list[LineDraft]:
    """The line that gives back the unused part of what was paid for the span, and was not refunded; none when nothing
    was."""
    if span is None or span.invoice is None or span.invoice.status != Invoice.Status.PAID:
        return []
    refunded = Refund.objects.filter(payment__invoice=span.invoice).counted().total_minor()
    paid = max(0, span.gross_minor - refunded)
    if not paid:
        return []
    paid_for = Period(span.number, span.start, span.end)
    return [
        rules.credit_line(span.price, paid_minor=paid, span=paid_for, now=now, tax_basis_points=span.tax_basis_points)
    ]


def _at_period_end(subscription: Subscription, price: Price, *, quantity: int, way: Direction, now: datetime) -> Change:
    effective_at = subscription.current_end or now
    nothing = Money(0, price.currency)
    goes_on = price.rhythm == subscription.price.rhythm and not subscription.is_trial
    anchor = subscription.anchor if goes_on else effective_at
    return Change(
        price=price,
        quantity=quantity,
        direction=way,
        lines=[],
        due_now=nothing,
        credit=nothing,
        charge=nothing,
        tax=nothing,
        tax_basis_points=0,
        period=Period(subscription.period_number, subscription.current_start, effective_at),
        starts_anew=not goes_on,
        effective_at=effective_at,
        next_charge_at=None if price.is_free else effective_at,
        next_total=_next_total(price, subscription.promotion, quantity=quantity),
        ends_at=_term_end(price, anchor, subscription.zone),
    )


def _term_end(price: Price, anchor: datetime, zone: str) -> datetime | None:
    """When a membership at the price, whose periods count from the anchor, ends by itself."""
    return None if price.term_periods is None else periods.boundary(anchor, price.term_periods, price.interval, zone)


def _next_total(price: Price, promotion: Promotion | None, *, quantity: int) -> Money | None:
    return None if price.is_free else Money(rules.discounted(price, promotion, quantity=quantity), price.currency)


def _lines_json(lines: Sequence[LineDraft]) -> list[dict]:
    return [{"kind": line.kind, "description": line.description, "amount_minor": line.amount_minor} for line in lines]
