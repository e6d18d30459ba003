"""The right of withdrawal: until when, and what it covers. No database, no clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from .models import Origin

if TYPE_CHECKING:
    from .models import Subscription

DAYS = 14
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
    """Until when the customer can withdraw from a membership they bought; None where there is no such right: it was
    given to them, or it has not begun.

    Nothing is kept for the days that were used: checkout never asks the customer to have the service begin before the
    fourteen days are over, so it may not be charged for (Directive 2011/83/EU, Art. 14(4)(a)).
    """
    if subscription.origin != Origin.PURCHASE or subscription.started_at is None:
        return None
    return ends(subscription.started_at, subscription.zone)


def may_withdraw(subscription: Subscription, *, now: datetime) -> bool:
    """Whether a withdrawal declared at `now` comes in time."""
    limit = until(subscription)
    return limit is not None and now < limit
