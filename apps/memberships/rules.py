"""The arithmetic of a membership: what a period costs, what a change of plan gives back and charges, which way it goes.

No database, no clock. Amounts are integers in minor units with tax; shares are taken to the second and rounded half up.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from apps.billing.drafts import LineDraft
from apps.billing.rules import prorated
from apps.core.periods import Period
from apps.promotions import rules as promotions

if TYPE_CHECKING:
    from datetime import datetime

    from apps.promotions.models import Promotion

    from .models import Price


class Direction(StrEnum):
    """When a change of plan takes effect: up at once, down at the end of the period."""

    UP = "up"
    DOWN = "down"
    SAME = "same"


def direction(old: Price, new: Price) -> Direction:
    """Which way a change goes.

    A shorter interval always waits for the end of the period that was paid for. The same plan at a longer interval is
    up. Otherwise the price per month decides, and at equal prices the rank.
    """
    if new.pk == old.pk or (new.plan_id == old.plan_id and new.interval == old.interval):
        return Direction.SAME
    old_length, new_length = old.interval.months_per_interval, new.interval.months_per_interval
    if new_length < old_length:
        return Direction.DOWN
    if new.plan_id == old.plan_id:
        return Direction.UP
    return Direction.UP if (new.per_month, new.plan.rank) > (old.per_month, old.plan.rank) else Direction.DOWN


def discounted(price: Price, promotion: Promotion | None) -> int:
    """What one period of the price costs under the promotion."""
    return price.amount_minor - discount(price, promotion)


def discount(price: Price, promotion: Promotion | None) -> int:
    """What the promotion takes off one period of the price; nothing in another currency."""
    if promotion is None or not promotions.applies(promotion, price.currency):
        return 0
    return promotions.discount(price.amount_minor, promotion)


def period_lines(
    price: Price,
    period: Period,
    *,
    promotion: Promotion | None,
    tax_basis_points: int,
    anchor: datetime,
    zone: str,
) -> list[LineDraft]:
    """The lines of one full period, described in the active language. `anchor` and `zone` (IANA) are those from which
    the period was counted: the line keeps them, so that it can be counted again."""
    shared: dict[str, Any] = {
        "tax_basis_points": tax_basis_points,
        "period_start": period.start,
        "period_end": period.end,
    }
    lines = [
        LineDraft(
            kind="plan",
            description=_("%(plan)s membership, one %(interval)s")
            % {"plan": price.plan.name, "interval": price.interval_label}
            if price.interval_count == 1
            else _("%(plan)s membership, %(interval)s") % {"plan": price.plan.name, "interval": price.interval_label},
            amount_minor=price.amount_minor,
            unit_minor=price.amount_minor,
            inputs={
                "unit_minor": price.amount_minor,
                "quantity": 1,
                **_told(price),
                "period": period.number,
                "anchor": anchor.isoformat(),
                "zone": zone,
                "interval_unit": price.interval.unit.value,
                "interval_count": price.interval.count,
            },
            **shared,
        )
    ]
    off = discount(price, promotion)
    if off and promotion is not None:
        rate: dict[str, int | None] = (
            {"percent_basis_points": promotion.percent_basis_points}
            if promotion.percent_basis_points is not None
            else {"off_minor": promotion.amount_minor}
        )
        lines.append(
            LineDraft(
                kind="discount",
                description=_("Discount: %(name)s") % {"name": promotion.name},
                amount_minor=-off,
                inputs={"base_minor": price.amount_minor, **rate, "promotion": promotion.pk, "name": promotion.name},
                **shared,
            )
        )
    return lines


def credit_line(price: Price, *, paid_minor: int, span: Period, now: datetime, tax_basis_points: int) -> LineDraft:
    """What is given back of `paid_minor`, which was paid for `span`, from `now` on."""
    return _share_line(
        "proration_credit",
        _("Unused time on %(plan)s") % {"plan": price.plan.name},
        price,
        base_minor=paid_minor,
        span=span,
        now=now,
        tax_basis_points=tax_basis_points,
    )


def charge_line(
    price: Price, *, promotion: Promotion | None, span: Period, now: datetime, tax_basis_points: int
) -> LineDraft:
    """What the rest of the period costs at the new price; a discount on the present period goes on to its end."""
    return _share_line(
        "proration_charge",
        _("%(plan)s for the rest of the period") % {"plan": price.plan.name},
        price,
        base_minor=discounted(price, promotion),
        span=span,
        now=now,
        tax_basis_points=tax_basis_points,
    )


def _share_line(
    kind: str, description: str, price: Price, *, base_minor: int, span: Period, now: datetime, tax_basis_points: int
) -> LineDraft:
    whole = int((span.end - span.start).total_seconds())
    left = max(0, min(whole, int((span.end - now).total_seconds())))
    share = prorated(base_minor, seconds_left=left, seconds_whole=whole)
    return LineDraft(
        kind=kind,
        description=description,
        amount_minor=-share if kind == "proration_credit" else share,
        tax_basis_points=tax_basis_points,
        period_start=now,
        period_end=span.end,
        inputs={
            "base_minor": base_minor,
            "seconds_left": left,
            "seconds_whole": whole,
            "span_start": span.start.isoformat(),
            "span_end": span.end.isoformat(),
            **_told(price),
        },
    )


def _told(price: Price) -> dict:
    """What a reader of the invoice wants to know of the price."""
    return {"plan": price.plan.slug, "price": price.pk, "version": price.version, "price_minor": price.amount_minor}
