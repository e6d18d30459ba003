"""The arithmetic of a membership: what a period costs, what a change of plan gives back and charges, which way it goes.

No database, no clock. Amounts are integers in minor units, with or without tax as the price is; shares are taken to the
second and rounded half up.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from apps.billing.drafts import LineDraft
from apps.billing.models import Supply
from apps.billing.rules import WHOLE, prorated, tax_given_back
from apps.core.periods import Period
from apps.promotions import rules as promotions

from .models import intervals

if TYPE_CHECKING:
    from datetime import datetime

    from apps.promotions.models import Promotion

    from .models import Plan, Price


class Direction(StrEnum):
    """When a change of plan takes effect: up at once, down at the end of the period."""

    UP = "up"
    DOWN = "down"
    SAME = "same"


def direction(old: Price, new: Price, *, held: int = 1, wanted: int = 1, tax_basis_points: int = 0) -> Direction:
    """Which way a change goes, from `held` of the old price to `wanted` of the new one.

    What sends goods always waits for the next period: the parcel of this one is paid for, and packed or on its way. So
    does a shorter interval. The same plan at a longer interval is up, unless there will be fewer of it. Otherwise what
    it all costs per day decides, and at equal cost the rank; `tax_basis_points` is the rate at which a price without
    tax compares with one that includes it.
    """
    same_price = new.pk == old.pk or (new.plan_id == old.plan_id and new.rhythm == old.rhythm)
    if same_price and wanted == held:
        return Direction.SAME
    old_length, new_length = old.interval.days_per_interval, new.interval.days_per_interval
    if new_length < old_length or old.plan.sends_goods or new.plan.sends_goods:
        return Direction.DOWN
    if new.plan_id == old.plan_id and new_length > old_length and wanted >= held:
        return Direction.UP
    before, after = (_daily(price, tax_basis_points) for price in (old, new))
    return Direction.UP if (after * wanted, new.plan.rank) > (before * held, old.plan.rank) else Direction.DOWN


def _daily(price: Price, tax_basis_points: int) -> Fraction:
    """Minor units per day with tax, exact."""
    return price.per_day * (1 if price.tax_included else 1 + Fraction(tax_basis_points, WHOLE))


def discounted(price: Price, promotion: Promotion | None, *, quantity: int = 1) -> int:
    """What one period of so many at the price costs under the promotion, with or without tax as the price is."""
    return price.amount_minor * quantity - discount(price, promotion, quantity=quantity)


def discount(price: Price, promotion: Promotion | None, *, quantity: int = 1) -> int:
    """What the promotion takes off one period; an amount is taken off once, not for each of the quantity. Nothing in
    another currency."""
    if promotion is None or not promotions.applies(promotion, price.currency):
        return 0
    return promotions.discount(price.amount_minor * quantity, promotion)


def period_lines(
    price: Price,
    period: Period,
    *,
    promotion: Promotion | None,
    tax_basis_points: int,
    anchor: datetime,
    zone: str,
    quantity: int = 1,
) -> list[LineDraft]:
    """The lines of one full period of so many at the price, described in the active language. `anchor` and `zone`
    (IANA) are those from which the period was counted: the line of the plan keeps them, so that it can be counted
    again."""
    counted = {
        "period": period.number,
        "anchor": anchor.isoformat(),
        "zone": zone,
        "interval_unit": price.interval_unit,
        "interval_count": price.interval_count,
    }
    return _lines(price, promotion, counted, quantity, rate=tax_basis_points, span=period)


def price_lines(
    price: Price, *, promotion: Promotion | None, tax_basis_points: int, quantity: int = 1
) -> list[LineDraft]:
    """The lines of a period of so many that is not counted yet, to say what any one will cost."""
    return _lines(price, promotion, {}, quantity, rate=tax_basis_points, span=None)


def _lines(
    price: Price,
    promotion: Promotion | None,
    counted: Mapping[str, Any],
    quantity: int,
    *,
    rate: int,
    span: Period | None,
) -> list[LineDraft]:
    full = price.amount_minor * quantity
    shared: dict[str, Any] = {
        "tax_basis_points": rate,
        "tax_included": price.tax_included,
        "period_start": span and span.start,
        "period_end": span and span.end,
        "supply": Supply.GOODS if price.plan.sends_goods else Supply.SERVICE,
    }
    lines = [
        LineDraft(
            kind="plan",
            description=described(price.plan, _named(price, quantity), intervals.length(price.interval)),
            amount_minor=full,
            quantity=quantity,
            unit_minor=price.amount_minor,
            inputs={"unit_minor": price.amount_minor, "quantity": quantity, **told(price), **counted},
            **shared,
        )
    ]
    off = discount(price, promotion, quantity=quantity)
    if off and promotion is not None:
        size: dict[str, int | None] = (
            {"percent_basis_points": promotion.percent_basis_points}
            if promotion.percent_basis_points is not None
            else {"off_minor": promotion.amount_minor}
        )
        lines.append(
            LineDraft(
                kind="discount",
                description=_("Discount: %(name)s") % {"name": promotion.name_i18n},
                amount_minor=-off,
                inputs={"base_minor": full, **size, "promotion": promotion.pk, "name": promotion.name_i18n},
                **shared,
            )
        )
    return lines


def credit_line(
    price: Price, *, paid_minor: int, paid_tax_minor: int, span: Period, now: datetime, tax_basis_points: int
) -> LineDraft:
    """What is given back of `paid_minor`, which was paid for `span`, from `now` on; with it goes the same share of
    `paid_tax_minor`, the tax that was charged as a part of it."""
    inputs = {
        "base_minor": paid_minor,
        "base_tax_minor": paid_tax_minor,
        **_share(span, now=now),
        **told(price),
    }
    return LineDraft(
        kind="proration_credit",
        description=_("Unused time on %(plan)s") % {"plan": price.plan.name_i18n},
        amount_minor=-_prorated(inputs),
        charged_tax_minor=tax_given_back(inputs),
        tax_basis_points=tax_basis_points,
        period_start=now,
        period_end=span.end,
        inputs=inputs,
    )


def charge_line(
    price: Price, *, promotion: Promotion | None, span: Period, now: datetime, tax_basis_points: int, quantity: int = 1
) -> LineDraft:
    """What the rest of the period costs at the new price; a discount on the present period goes on to its end."""
    inputs = {
        "base_minor": discounted(price, promotion, quantity=quantity),
        "quantity": quantity,
        **_share(span, now=now),
        **told(price),
    }
    return LineDraft(
        kind="proration_charge",
        description=_("%(plan)s for the rest of the period") % {"plan": _named(price, quantity)},
        amount_minor=_prorated(inputs),
        tax_basis_points=tax_basis_points,
        tax_included=price.tax_included,
        period_start=now,
        period_end=span.end,
        inputs=inputs,
    )


def _share(span: Period, *, now: datetime) -> dict[str, Any]:
    """The part of the span that is left at `now`, to the second."""
    whole = int((span.end - span.start).total_seconds())
    return {
        "seconds_left": max(0, min(whole, int((span.end - now).total_seconds()))),
        "seconds_whole": whole,
        "span_start": span.start.isoformat(),
        "span_end": span.end.isoformat(),
    }


def _prorated(inputs: dict[str, Any]) -> int:
    return prorated(inputs["base_minor"], seconds_left=inputs["seconds_left"], seconds_whole=inputs["seconds_whole"])


def _named(price: Price, quantity: int) -> str:
    return price.plan.name_i18n if quantity == 1 else f"{quantity} × {price.plan.name_i18n}"


def described(plan: Plan, name: str, length: str) -> str:
    """What somebody pays for, in the active language: "Grove membership, one month", "Small box, one month". `name` is
    the plan's, maybe with a quantity."""
    sentence = _("%(plan)s, %(interval)s") if plan.sends_goods else _("%(plan)s membership, %(interval)s")
    return sentence % {"plan": name, "interval": length}


def told(price: Price) -> dict:
    """What a reader of the invoice wants to know of the price; and of which group a parcel is, for the letters."""
    facts = {"plan": price.plan.slug, "price": price.pk, "version": price.version, "price_minor": price.amount_minor}
    return facts | {"parcels": price.plan.group} if price.plan.sends_goods else facts
