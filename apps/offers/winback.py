"""What brings somebody back, by the reason for which they left."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import translations
from apps.memberships.models import Price, Subscription
from apps.promotions.models import Promotion

from . import lifecycle, rules
from .models import Arm, Kind, Offer, OfferPolicy, PlanRule, PriceMatch, Status, WinbackIncentive


@transaction.atomic
def make(subscription: Subscription, *, reason: str, now: datetime, key: str | None = None) -> Offer | None:
    """The win-back offer for an ended paid membership; the customer's open one if there is one already.

    The incentive comes from the table, by `reason` (a CancelReason, or "payment"); "other" stands in for a reason
    without a row. Somebody who was won back within the policy's quiet time gets the way back without an incentive:
    leaving again and again must not be the cheapest way to stay. None when the policy or the incentive is switched off,
    or when no plan fits that is on sale. `key` names the occasion; with a key that exists already, returns its offer.
    """
    customer_id = subscription.customer_id
    key = key or f"winback:{subscription.pk}"
    known = (
        Offer.objects.filter(key=key).first()
        or Offer.objects.filter(customer=customer_id, kind=Kind.WINBACK).open_at(now).first()
    )
    if known is not None:
        return known
    # One past its end that the sweep has not come to yet: it must not stand in the way of the new one.
    for over in Offer.objects.due(now).filter(customer=customer_id, kind=Kind.WINBACK).select_for_update():
        lifecycle.expire(over, now=now)
    policy = OfferPolicy.objects.current(Kind.WINBACK)
    incentive = _incentive(reason)
    if incentive is None or not policy.is_active:
        return None
    price, promotion, points = _terms(subscription, incentive, now=now)
    if price is None:
        return None
    if _won_back_lately(customer_id, policy, now=now):
        promotion, points = None, 0
    is_control = rules.is_control(customer_id, Kind.WINBACK, holdout_percent=policy.holdout_percent)
    return Offer.objects.create(
        kind=Kind.WINBACK,
        customer_id=customer_id,
        subscription=subscription,
        policy=policy,
        key=key,
        arm=Arm.CONTROL if is_control else Arm.TREATMENT,
        price=price,
        promotion=promotion,
        points=points,
        reason_code=reason,
        reason={"left": subscription.plan.name},
        created_at=now,
        expires_at=now + timedelta(days=policy.valid_days),
    )


def _incentive(reason: str) -> WinbackIncentive | None:
    rows = {
        row.reason: row
        for row in WinbackIncentive.objects.filter(reason__in=[reason, "other"]).select_related("promotion")
    }
    row = rows.get(reason, rows.get("other"))
    return row if row is not None and row.is_active else None


def _won_back_lately(customer_id: int, policy: OfferPolicy, *, now: datetime) -> bool:
    since = now - timedelta(days=policy.quiet_days)
    return Offer.objects.filter(
        customer=customer_id, kind=Kind.WINBACK, status=Status.ACCEPTED, decided_at__gt=since
    ).exists()


def _terms(
    subscription: Subscription, incentive: WinbackIncentive, *, now: datetime
) -> tuple[Price | None, Promotion | None, int]:
    """Price, promotion and points by the incentive's rule."""
    prices = _comparable(subscription.price, now=now)
    promotion = incentive.promotion
    if promotion is not None and not Promotion.objects.running(now).filter(pk=promotion.pk).exists():
        promotion = None
    old = subscription.plan.rank
    same = min(prices, key=lambda price: (abs(price.plan.rank - old), price.plan.rank), default=None)
    match incentive.plan_rule:
        case PlanRule.LOWER:
            lower = max((price for price in prices if price.plan.rank < old), key=lambda p: p.plan.rank, default=None)
            if lower is not None:
                return lower, promotion, incentive.points
            return same, promotion, incentive.fallback_points
        case PlanRule.HIGHER_AT_OLD_PRICE:
            higher = min((price for price in prices if price.plan.rank > old), key=lambda p: p.plan.rank, default=None)
            if higher is not None and higher.amount_minor > subscription.price.amount_minor:
                matched = _price_match(subscription.price, higher, periods=incentive.old_price_periods, now=now)
                return higher, matched, incentive.points
            return same, promotion, incentive.fallback_points
        case _:
            return same, promotion, incentive.points


def _comparable(price: Price, *, now: datetime) -> list[Price]:
    """Paid prices on sale in the same group, currency and interval, with tax or without as it is: the newest of each
    plan."""
    newest: dict[int, Price] = {}
    for candidate in (
        Price.objects.on_sale(now)
        .renewing()
        .filter(
            plan__group=price.plan.group,
            currency=price.currency,
            interval_unit=price.interval_unit,
            interval_count=price.interval_count,
            tax_included=price.tax_included,
            amount_minor__gt=0,
        )
        .order_by("version")
    ):
        newest[candidate.plan_id] = candidate
    return list(newest.values())


def _price_match(paid: Price, sold: Price, *, periods: int, now: datetime) -> Promotion:
    """The promotion by which `sold` costs what `paid` cost, for so many periods. Made once for each pair of prices."""
    match = PriceMatch.objects.filter(paid=paid, sold=sold, periods=periods).select_related("promotion").first()
    if match is not None:
        return match.promotion
    promotion = Promotion.objects.create(
        **translations.in_each(
            "name",
            lambda: _("%(sold)s at the price of %(paid)s") % {"sold": sold.plan.name_i18n, "paid": paid.plan.name_i18n},
        ),
        amount_minor=sold.amount_minor - paid.amount_minor,
        currency=sold.currency,
        duration="repeating",
        periods=periods,
        valid_from=now,
    )
    return PriceMatch.objects.create(paid=paid, sold=sold, periods=periods, promotion=promotion).promotion
