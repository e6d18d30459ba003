"""Prices are never edited: a new version is added, and those who joined at the old one keep it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.memberships.errors import ClosedPlan, Refused
from apps.memberships.models import Plan, Price


@transaction.atomic
def new_price_version(
    price: Price,
    *,
    amount_minor: int,
    now: datetime,
    tax_included: bool | None = None,
    trial_days: int | None = None,
) -> Price:
    """Close the price for new customers and put its next version on sale at once, with the same trial and with or
    without tax as before unless `trial_days` and `tax_included` say otherwise.

    Subscriptions on the old version keep it. Raises ValueError for a negative amount, ClosedPlan for a price that was
    closed before.
    """
    if amount_minor < 0:
        raise ValueError("A price is not negative")
    old = Price.objects.select_for_update(of=("self",)).select_related("plan").get(pk=price.pk)
    if old.closed_at is not None:
        raise ClosedPlan(_("This price has a newer version already."))
    old.closed_at = now
    old.save(update_fields=["closed_at"])
    return _add(
        plan=old.plan,
        currency=old.currency,
        interval_unit=old.interval_unit,
        interval_count=old.interval_count,
        term_periods=old.term_periods,
        amount_minor=amount_minor,
        tax_included=old.tax_included if tax_included is None else tax_included,
        trial_days=old.trial_days if trial_days is None else trial_days,
        now=now,
    )


@transaction.atomic
def add_price(
    plan: Plan,
    *,
    currency: str,
    amount_minor: int,
    interval_unit: str,
    interval_count: int,
    now: datetime,
    term_periods: int | None = None,
    trial_days: int = 0,
    tax_included: bool = True,
) -> Price:
    """Put a price on sale for a currency, interval and term that the plan has no open price for; `tax_included` False
    adds tax to the amount.

    Raises ValueError for a negative amount, Refused when there is an open price: that gets a new version instead.
    """
    if amount_minor < 0:
        raise ValueError("A price is not negative")
    Plan.objects.select_for_update().get(pk=plan.pk)
    family = {
        "currency": currency,
        "interval_unit": interval_unit,
        "interval_count": interval_count,
        "term_periods": term_periods,
    }
    if plan.prices.filter(closed_at=None, **family).exists():
        raise Refused(_("There is a price for this currency and interval already: give it a new version."))
    return _add(
        plan=plan, amount_minor=amount_minor, tax_included=tax_included, trial_days=trial_days, now=now, **family
    )


def _add(*, plan: Plan, amount_minor: int, tax_included: bool, trial_days: int, now: datetime, **family) -> Price:
    last = plan.prices.filter(**family).aggregate(last=Max("version"))["last"] or 0
    return Price.objects.create(
        plan=plan,
        amount_minor=amount_minor,
        tax_included=tax_included,
        trial_days=trial_days if amount_minor else 0,
        version=last + 1,
        available_from=now,
        **family,
    )
