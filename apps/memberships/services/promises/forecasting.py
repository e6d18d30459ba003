"""Whom a price change meets, when, and what it does to revenue: computed where the rows are, whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db import connection
from django.db.models import Count, Func, QuerySet, Value
from django.db.models.fields import DateTimeField
from django.db.models.functions import Cast, Greatest, NullIf

from apps.billing import tax
from apps.billing.rules import tax_in
from apps.core.money import Money, round_half_up
from apps.memberships import destinations, promise_rules, rules
from apps.memberships.models import Price, PriceChange, Status, Subscription, WithoutConsent
from apps.promotions.models import Duration, Promotion


class Boundary(Func):
    """The instant so many intervals after an anchor, in a zone; see apps.core.periods."""

    function = "memberships_boundary"
    output_field = DateTimeField()


class RenewalFrom(Func):
    """The first renewal of a subscription at or after an instant."""

    function = "memberships_renewal_from"
    output_field = DateTimeField()


@dataclass(frozen=True, slots=True)
class Month:
    """So many members change between `first` and `last`, in the UTC month that begins at `start`; `notices` are
    (days, first due, last due)."""

    start: datetime
    members: int
    first: datetime
    last: datetime
    notices: list[tuple[int, datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Revenue:
    """Monthly recurring revenue of these members, without tax and without trials: now, and when all or none of them
    agree."""

    now: Money
    all_agree: Money
    none_agrees: Money

    @property
    def gained(self) -> Money:
        """What the change brings a month when all agree."""
        return self.all_agree - self.now

    @property
    def lost(self) -> Money:
        """What it brings when nobody agrees: nothing or less for a rise."""
        return self.none_agrees - self.now


@dataclass(frozen=True, slots=True)
class Forecast:
    """`leaving` have cancelled and are told nothing unless they come back; `protected` change later than the others,
    at the latest after `last_protection`."""

    members: int
    leaving: int
    protected: int
    last_protection: datetime | None
    months: list[Month]
    revenue: Revenue


def members_of(change: PriceChange, *, now: datetime) -> QuerySet[Any]:
    """The subscriptions a change planned at `now` is for, with `price_protected_until` (None: not beyond the effective
    date) and `price_applies_from`.

    A member who is behind with a payment or has cancelled is one of them: both can come to a renewal yet. So is one in
    a free trial, whose first charge counts as a renewal.
    """
    price = change.old_price
    unit, every = Value(price.interval_unit), Value(price.interval_count)
    # GREATEST passes over what is NULL: no protection of one kind, or of both. No protection ends before the date.
    guards: list[Func] = [Cast(Value(change.protected_until), DateTimeField())]
    if change.protected_months:
        guards.append(Boundary("started_at", Value(change.protected_months), Value("month"), Value(1), "zone"))
    # Written late, by a worker that was down: the first notice may still be given in time.
    floor = max(change.effective_at, change.earliest(now) - promise_rules.LATEST)
    effective = Value(change.effective_at, DateTimeField())
    return (
        Subscription.objects.open()
        .filter(price=price, next_bill_at__isnull=False)
        .annotate(
            price_protected_until=NullIf(Greatest(effective, *guards), effective),
            price_applies_from=RenewalFrom(
                "next_bill_at",
                "period_number",
                "anchor",
                unit,
                every,
                "zone",
                Greatest(Value(floor, DateTimeField()), *guards),
            ),
        )
    )


def forecast(change: PriceChange, *, now: datetime) -> Forecast:
    """What planning the change at `now` would mean. A fixed number of queries."""
    members = members_of(change, now=now)
    months = _months(members)
    return Forecast(
        members=sum(row["members"] for row in months),
        leaving=sum(row["leaving"] for row in months),
        protected=sum(row["protected"] for row in months),
        last_protection=max((row["guard"] for row in months if row["guard"]), default=None),
        months=[_month(row, change) for row in months],
        revenue=_revenue(change, members, now=now),
    )


def _months(members: QuerySet[Any]) -> list[dict[str, Any]]:
    """Counts by the UTC month in which the new price applies. Each member's dates are computed once: Django would write
    the expression anew wherever it is used, and it costs more than all the rest."""
    select, values = (
        members.order_by().values_list("ends_at", "price_protected_until", "price_applies_from").query.sql_with_params()
    )
    columns = ["start", "members", "leaving", "protected", "guard", "first", "last"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH members (ends_at, guard, applies_from) AS MATERIALIZED ({select})
            SELECT date_trunc('month', applies_from, 'UTC'), count(*), count(ends_at), count(guard), max(guard),
                min(applies_from), max(applies_from)
            FROM members GROUP BY 1 ORDER BY 1
            """,  # noqa: S608 (Django's own SQL; every value is a parameter)
            values,
        )
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _month(row: Mapping[str, Any], change: PriceChange) -> Month:
    firsts = promise_rules.notice_times(row["first"], change.notice_days)
    lasts = promise_rules.notice_times(row["last"], change.notice_days)
    notices = [(days, first, last) for (days, first), (_days, last) in zip(firsts, lasts, strict=True)]
    return Month(row["start"], row["members"], row["first"], row["last"], notices)


def _revenue(change: PriceChange, members: QuerySet[Any], *, now: datetime) -> Revenue:
    groups = _groups(change, members.exclude(status=Status.TRIALING).order_by())
    lasting = Promotion.objects.filter(duration=Duration.FOREVER).in_bulk({row[1] for row in groups if row[1]})
    rates = tax.rates_on(now.date())
    old = _monthly(change.old_price, groups, lasting=lasting, rates=rates)
    new = _monthly(change.new_price, groups, lasting=lasting, rates=rates)
    without = Money(0, old.currency) if change.without_consent == WithoutConsent.END else old
    return Revenue(old, new, without if change.needs_consent else new)


def _groups(change: PriceChange, members: QuerySet[Any]) -> list[tuple]:
    """How many members have as many, with the same promotion, taxed in the same country."""
    plan, columns = change.old_price.plan, ("quantity", "promotion", "customer__country")
    if not plan.sends_goods:
        return list(members.values_list(*columns).annotate(members=Count("pk")))
    rows = list(members.values_list(*columns, "customer"))
    to = destinations.countries([(customer, plan.group) for *_facts, customer in rows])
    counted = Counter(
        (quantity, promotion, to.get((customer, plan.group), home)) for quantity, promotion, home, customer in rows
    )
    return [(*facts, members) for facts, members in counted.items()]


def _monthly(price: Price, groups: Iterable[tuple], *, lasting: dict[int, Promotion], rates: dict[str, int]) -> Money:
    """For as many as each has, without tax, with discounts that last for ever, per month; rounded once, half up."""
    total = Fraction(0)
    for quantity, promotion_id, country, members in groups:
        amount = rules.discounted(price, lasting.get(promotion_id), quantity=quantity)
        net = amount - tax_in(amount, rates.get(country, 0)) if price.tax_included else amount
        total += Fraction(net * members) / price.interval.months_per_interval
    return Money(round_half_up(total), price.currency)
