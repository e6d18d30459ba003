"""The right of withdrawal: until when, and what it covers. No database, no clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from apps.core.periods import days_after

from .models import Origin

if TYPE_CHECKING:
    from .models import Subscription

DAYS = 14
# Of goods that are sent again and again the days begin when the first parcel arrives (Directive 2011/83/EU, Art.
# 9(2)(b)(iii)). Nobody tells the shop when that is: so many days after the beginning it has arrived.
DAYS_TO_ARRIVE = 14
_SATURDAY, _WEEK = 5, 7


def ends(made_at: datetime, zone: str) -> datetime:
    """The instant (UTC) before which a contract made at `made_at` can be withdrawn from, where the customer lives.

    Fourteen days, of which the day of the contract is none, to the end of the last one (Directive 2011/83/EU, Art. 9);
    a last day at a weekend becomes the Monday after it (Regulation 1182/71, Art. 3(4)).
    """
    last = made_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=DAYS)
    if last.weekday() >= _SATURDAY:
        last += timedelta(days=_WEEK - last.weekday())
    return datetime.combine(last + timedelta(days=1), time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def until(subscription: Subscription) -> datetime | None:
    """Until when the customer can withdraw from what they bought; None where there is no such right: it was given to
    them, or it has not begun. The plan is loaded.

    Nothing is kept for the days that were used: checkout never asks the customer to have the service begin before the
    fourteen days are over, so it may not be charged for (Directive 2011/83/EU, Art. 14(4)(a)).
    """
    if subscription.origin != Origin.PURCHASE or subscription.started_at is None:
        return None
    days = DAYS_TO_ARRIVE if subscription.plan.sends_goods else 0
    return ends(days_after(subscription.started_at, days, subscription.zone), subscription.zone)


def may_withdraw(subscription: Subscription, *, now: datetime) -> bool:
    """Whether a withdrawal declared at `now` comes in time."""
    limit = until(subscription)
    return limit is not None and now < limit
