"""What a change of plan costs, gives back and when it happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from apps.billing import giving_back, tax
from apps.billing.drafts import LineDraft
from apps.billing.models import Invoice
from apps.billing.taxation import Taxation
from apps.core import periods
from apps.core.money import Money
from apps.core.periods import Period
from apps.memberships import destinations, rules
from apps.memberships.errors import ChangeInProgress, NothingToChange, Refused
from apps.memberships.models import Period as Span
from apps.memberships.models import Price, Subscription
from apps.memberships.rules import Direction

from .totals import local_day, period_total, settlement_json, term_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of plan. Up: `due_now` is `charge - credit`, taken now. Down: nothing is due, it waits for
    `effective_at`. `charge_tax` is the tax in the charge, `tax` what is left of it after the credit.

    `period` is the current period after the change; `next_charge_at` and `next_total` say what comes next (None when
    the new plan is free, or when the membership ends then). `ends_at` is when the membership ends by itself after the
    change. `ends_trial` says that a free trial is given up for it. `sent_to` is the country to which goods go.
    """

    price: Price
    quantity: int
    sent_to: str
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
            **settlement_json(self.lines, self.taxation),
        }


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
        raise ChangeInProgress(_("It is being renewed. Please try again in a minute."))
    if price.plan_id == subscription.plan_id and price.rhythm == subscription.price.rhythm:
        price = subscription.price  # a member stays on the price they joined at
    held = subscription.quantity
    wanted = min(held, price.plan.max_quantity) if quantity is None else quantity
    customer = subscription.customer
    sent_to = destinations.country(customer.pk, price.plan)
    assessor = tax.Assessor([customer], now=now)
    try:
        rate = assessor.rate(customer, on=local_day(now, subscription.zone), country=sent_to)
    except tax.NoTaxRate as problem:
        raise Refused(_("We do not know the taxes of your country well enough to charge you.")) from problem
    way = rules.direction(subscription.price, price, held=held, wanted=wanted, tax_basis_points=rate)
    if way == Direction.UP and subscription.current_end is not None:
        immediate = _at_once(
            subscription, price, quantity=wanted, sent_to=sent_to, assessor=assessor, rate=rate, now=now
        )
        if immediate.due_now.minor >= 0:
            return immediate
        way = Direction.DOWN
    if way == Direction.DOWN and subscription.is_last_period and price.rhythm == subscription.price.rhythm:
        raise NothingToChange(_("It ends with this period: there is nothing left to change."))
    return _at_period_end(subscription, price, quantity=wanted, sent_to=sent_to, way=way, assessor=assessor, now=now)


def _at_once(
    subscription: Subscription,
    price: Price,
    *,
    quantity: int,
    sent_to: str,
    assessor: tax.Assessor,
    rate: int,
    now: datetime,
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
    taxation = assessor.taxation(customer, country=sent_to)
    settlement = taxation.settle([*given_back, *charged])
    credits, charges = settlement.lines[: len(given_back)], settlement.lines[len(given_back) :]
    used_up = starts_anew and subscription.promotion_periods_left == 1
    ends_at = term_end(price, anchor, subscription.zone)
    is_last = period.end == ends_at
    later = None if used_up else subscription.promotion
    on = local_day(period.end, subscription.zone)
    next_total = period_total(
        price, later, quantity=quantity, customer=customer, sent_to=sent_to, on=on, assessor=assessor
    )
    return Change(
        price=price,
        quantity=quantity,
        sent_to=sent_to,
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
    """The line that gives back the unused part of what was paid for the span, and did not go back; none when nothing
    was."""
    if span is None or span.invoice is None or span.invoice.status != Invoice.Status.PAID:
        return []
    lines, paid, tax_in_it = giving_back.unused(span.invoice)
    if not paid:
        return []
    line = rules.credit_line(
        span.price,
        paid_minor=paid.minor,
        paid_tax_minor=tax_in_it.minor,
        span=Period(span.number, span.start, span.end),
        now=now,
        tax_basis_points=span.tax_basis_points,
    )
    return [replace(line, gives_back_of=[one.pk for one in lines])]


def _at_period_end(
    subscription: Subscription,
    price: Price,
    *,
    quantity: int,
    sent_to: str,
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
        sent_to=sent_to,
        direction=way,
        lines=[],
        taxation=assessor.taxation(customer, country=sent_to),
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
        next_total=period_total(
            _billed_next(subscription, price),
            subscription.promotion,
            quantity=quantity,
            customer=customer,
            sent_to=sent_to,
            on=local_day(effective_at, subscription.zone),
            assessor=assessor,
        ),
        ends_at=term_end(price, anchor, subscription.zone),
    )


def _billed_next(subscription: Subscription, price: Price) -> Price:
    """The price that the next period is billed at: who stays at the present one moves to the version agreed to."""
    new_version = subscription.pending_price if subscription.awaits_new_version else None
    return new_version if new_version is not None and price.pk == subscription.price_id else price
