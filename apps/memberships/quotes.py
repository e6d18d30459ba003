"""What a purchase costs, before and when it is made: the page that shows it and the invoice that charges it both come
from here, so they cannot differ. Totals include the tax that the customer is charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import tax
from apps.billing.drafts import LineDraft
from apps.billing.models import CreditNote, Invoice
from apps.billing.taxation import Settlement, Taxation
from apps.core import periods
from apps.core.money import Money
from apps.core.periods import Period
from apps.promotions.models import Promotion

from . import rules
from .errors import ChangeInProgress, NothingToChange, Refused
from .models import Period as Span
from .models import Price, Subscription, TrialUse
from .rules import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCharge:
    """The first period of a new membership. `next_charge_at` and `next_total` say what comes after it; None when the
    plan is free, and when the membership ends then. `full_total` is what a period costs when no discount is left.
    `discounted_periods` counts the discounted ones, this one included; None is for ever, 0 none.

    `taxation` is how the customer is taxed, and the invoice will be; `tax_basis_points` the rate that is charged.

    A free trial of `trial_days` has no lines and costs nothing: `period` is the trial, and the next charge the first
    one. `trial_refused` says that the price has a trial, but this customer or their card had one before. `ends_at` is
    when the membership ends by itself; None for one that renews until cancelled.
    """

    price: Price
    quantity: int
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
            **_settlement_json(self.lines, self.taxation),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of plan. Up: `due_now` is `charge - credit`, taken now. Down: nothing is due, it waits for
    `effective_at`. `charge_tax` is the tax in the charge, `tax` what is left of it after the credit.

    `period` is the current period after the change; `next_charge_at` and `next_total` say what comes next (None when
    the new plan is free, or when the membership ends then). `ends_at` is when the membership ends by itself after the
    change. `ends_trial` says that a free trial is given up for it.
    """

    price: Price
    quantity: int
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


def first_charge(
    price: Price, *, customer: User, promotion: Promotion | None = None, quantity: int = 1, now: datetime
) -> FirstCharge:
    """What joining at `now` with so many of the plan costs: nothing during a free trial, which each person and each
    card has once.

    Raises billing's NoTaxRate when the shop cannot sell to the customer's country.
    """
    zone = customer.time_zone
    assessor = tax.Assessor([customer], now=now)
    taxation = assessor.taxation(customer)
    rate = assessor.rate(customer, on=local_day(now, zone))
    refused = price.trial_days > 0 and TrialUse.objects.by(customer, groups=[price.plan.group]).exists()
    trial_days = 0 if refused else price.trial_days
    anchor = periods.days_after(now, trial_days, zone)
    first = periods.period(anchor, 0, price.interval, zone)
    ends_at = _term_end(price, anchor, zone)
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
        return _period_total(price, promotion, quantity=quantity, customer=customer, on=on, assessor=assessor)

    return FirstCharge(
        price=price,
        quantity=quantity,
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


def change(subscription: Subscription, price: Price, *, quantity: int | None = None, now: datetime) -> Change:
    """What changing to so many at `price` at `now` costs, gives back and when it happens. Without a `quantity` it stays
    as it is, as far as the plan allows.

    The credit is the unused share, to the second, of what was really paid for the current span (after discounts and
    what was credited back), and of the tax that was charged in it; it is never more than was paid. A change that would
    give back more than it charges waits for the end of the period instead. During a free trial a change up ends the
    trial and begins the first period; one down waits for the end of the trial.

    Raises ChangeInProgress when the present period is over and its renewal is not billed yet: there is nothing to
    share; NothingToChange when the change would wait for the end of a term, with which the membership ends; and Refused
    when the shop does not know the tax of the customer's country.
    """
    if subscription.current_end is not None and subscription.current_end <= now:
        raise ChangeInProgress(_("Your membership is being renewed. Please try again in a minute."))
    if price.plan_id == subscription.plan_id and price.rhythm == subscription.price.rhythm:
        price = subscription.price  # a member stays on the price they joined at
    held = subscription.quantity
    wanted = min(held, price.plan.max_quantity) if quantity is None else quantity
    customer = subscription.customer
    assessor = tax.Assessor([customer], now=now)
    try:
        rate = assessor.rate(customer, on=local_day(now, subscription.zone))
    except tax.NoTaxRate as problem:
        raise Refused(_("We do not know the taxes of your country well enough to charge you.")) from problem
    way = rules.direction(subscription.price, price, held=held, wanted=wanted, tax_basis_points=rate)
    if way == Direction.UP and subscription.current_end is not None:
        immediate = _at_once(subscription, price, quantity=wanted, assessor=assessor, rate=rate, now=now)
        if immediate.due_now.minor >= 0:
            return immediate
        way = Direction.DOWN
    if way == Direction.DOWN and subscription.is_last_period and price.rhythm == subscription.price.rhythm:
        raise NothingToChange(_("Your membership ends with this period: there is nothing left to change."))
    return _at_period_end(subscription, price, quantity=wanted, way=way, assessor=assessor, now=now)


def next_total(subscription: Subscription, *, now: datetime) -> Money | None:
    """What the next period costs as far as is known at `now`, with the tax of the day on which it begins, before
    credit; None when the plan is free then, when the agreed term ends before it, or when the shop knows no rate for
    that day."""
    if subscription.is_last_period:
        return None
    return renewal_total(subscription, subscription.pending_price or subscription.price, now=now)


def renewal_total(subscription: Subscription, price: Price, *, now: datetime) -> Money | None:
    """What the next period would cost at a price, for as many as it will be, with tax; see `next_total`."""
    return _period_total(
        price,
        subscription.promotion,
        quantity=subscription.holding_next.quantity,
        customer=subscription.customer,
        on=local_day(subscription.next_bill_at or now, subscription.zone),
        assessor=tax.Assessor([subscription.customer], now=now),
    )


def local_day(moment: datetime, zone: str) -> date:
    """The day of the service, by which the tax rate is chosen: that of `moment` in the customer's (IANA) zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def _at_once(
    subscription: Subscription, price: Price, *, quantity: int, assessor: tax.Assessor, rate: int, now: datetime
) -> Change:
    starts_anew = subscription.is_trial or price.rhythm != subscription.price.rhythm
    span = Span.objects.latest_of(subscription)
    given_back = _given_back(span, now=now)
    if starts_anew:
        period = periods.period(now, 0, price.interval, subscription.zone)
        promotion, anchor = subscription.promotion, now
        charged = rules.period_lines(
            price,
            period,
            promotion=promotion,
            tax_basis_points=rate,
            quantity=quantity,
            anchor=now,
            zone=subscription.zone,
        )
    else:
        period, anchor = subscription.current_period(), subscription.anchor
        promotion = span.promotion if span is not None else None
        charged = [
            rules.charge_line(
                price, promotion=promotion, span=period, now=now, tax_basis_points=rate, quantity=quantity
            )
        ]
    customer = subscription.customer
    taxation = assessor.taxation(customer)
    settlement = taxation.settle([*given_back, *charged])
    credits, charges = settlement.lines[: len(given_back)], settlement.lines[len(given_back) :]
    used_up = starts_anew and subscription.promotion_periods_left == 1
    ends_at = _term_end(price, anchor, subscription.zone)
    is_last = period.end == ends_at
    later = None if used_up else subscription.promotion
    on = local_day(period.end, subscription.zone)
    next_total = _period_total(price, later, quantity=quantity, customer=customer, on=on, assessor=assessor)
    return Change(
        price=price,
        quantity=quantity,
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
        next_charge_at=None if is_last else period.end,
        next_total=None if is_last else next_total,
        ends_at=ends_at,
        ends_trial=subscription.is_trial,
    )


def _given_back(span: Span | None, *, now: datetime) -> list[LineDraft]:
    """The line that gives back the unused part of what was paid for the span, and was not credited back; none when
    nothing was."""
    if span is None or span.invoice is None or span.invoice.status != Invoice.Status.PAID:
        return []
    notes = CreditNote.objects.filter(invoice=span.invoice).aggregate(total=Sum("total_minor"), tax=Sum("tax_minor"))
    paid = span.gross_minor - (notes["total"] or 0)
    if paid <= 0:
        return []
    line = rules.credit_line(
        span.price,
        paid_minor=paid,
        paid_tax_minor=max(0, span.tax_minor - (notes["tax"] or 0)),
        span=Period(span.number, span.start, span.end),
        now=now,
        tax_basis_points=span.tax_basis_points,
    )
    return [line]


def _at_period_end(
    subscription: Subscription,
    price: Price,
    *,
    quantity: int,
    way: Direction,
    assessor: tax.Assessor,
    now: datetime,
) -> Change:
    effective_at = subscription.current_end or now
    customer = subscription.customer
    nothing = Money(0, price.currency)
    goes_on = price.rhythm == subscription.price.rhythm and not subscription.is_trial
    anchor = subscription.anchor if goes_on else effective_at
    return Change(
        price=price,
        quantity=quantity,
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
        starts_anew=not goes_on,
        effective_at=effective_at,
        next_charge_at=None if price.is_free else effective_at,
        next_total=_period_total(
            _billed_next(subscription, price),
            subscription.promotion,
            quantity=quantity,
            customer=customer,
            on=local_day(effective_at, subscription.zone),
            assessor=assessor,
        ),
        ends_at=_term_end(price, anchor, subscription.zone),
    )


def _billed_next(subscription: Subscription, price: Price) -> Price:
    """The price that the next period is billed at: who stays at the present one moves to the version agreed to."""
    new_version = subscription.pending_price if subscription.awaits_new_version else None
    return new_version if new_version is not None and price.pk == subscription.price_id else price


def _term_end(price: Price, anchor: datetime, zone: str) -> datetime | None:
    """When a membership at the price, whose periods count from the anchor, ends by itself."""
    return None if price.term_periods is None else periods.boundary(anchor, price.term_periods, price.interval, zone)


def _period_total(
    price: Price, promotion: Promotion | None, *, quantity: int, customer: User, on: date, assessor: tax.Assessor
) -> Money | None:
    """A full period that begins on a day; None when it is free, or when the shop knows no rate for that day."""
    if price.is_free:
        return None
    taxation = assessor.taxation(customer)
    if price.tax_included and not taxation.is_reverse_charge:
        # Whatever the tax in it.
        return Money(rules.discounted(price, promotion, quantity=quantity), price.currency)
    try:
        rate = assessor.rate(customer, on=on)
    except tax.NoTaxRate:
        return None
    lines = rules.price_lines(price, promotion=promotion, tax_basis_points=rate, quantity=quantity)
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
