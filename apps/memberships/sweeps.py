"""What the workers do for memberships."""

from datetime import datetime

from django.db.models import Min

from apps.core import sweeps

from . import clearing, renewals
from .models import PlanChange, PriceChange, PricePromise, Signup, Subscription
from .services import promises


def _next_bill(*, now: datetime) -> datetime | None:
    return Subscription.objects.next_bill()


def _next_end(*, now: datetime) -> datetime | None:
    return Subscription.objects.next_end()


def _next_abandoned(*, now: datetime) -> datetime | None:
    signup = Signup.objects.unfinished().aggregate(at=Min("created_at"))["at"]
    change = PlanChange.objects.unfinished().aggregate(at=Min("created_at"))["at"]
    ends = [
        signup and signup + clearing.SIGNUP_LASTS,
        change and change + clearing.CHANGE_LASTS,
    ]
    return min((end for end in ends if end is not None), default=None)


def _next_promise(*, now: datetime) -> datetime | None:
    """Now when a price change has something to write, close or finish; else the next notice."""
    waits = PriceChange.objects.to_write().exists() or PriceChange.objects.to_finish().exists()
    if waits or PricePromise.objects.to_close().exists() or PricePromise.objects.overtaken(now).exists():
        return now
    return PricePromise.objects.next_notice()


# Before the bills and the renewal notices of the same instant, which then speak of the price agreed to.
@sweeps.register(name="memberships.promises", order=90, next_due=_next_promise)
def keep_promises(*, now: datetime) -> int:
    """Write down and close price promises, and give the notices of price changes."""
    handled = promises.lapse_due(now=now) + promises.advance_due(now=now)
    return handled + promises.give_due(now=now)


@sweeps.register(name="memberships.bill", order=100, next_due=_next_bill)
def bill(*, now: datetime) -> int:
    """Bill the periods that have begun."""
    return renewals.bill_due(now=now)


@sweeps.register(name="memberships.end", order=110, next_due=_next_end)
def end(*, now: datetime) -> int:
    """End cancelled memberships whose paid time is over."""
    return clearing.end_due(now=now)


@sweeps.register(name="memberships.abandon", order=120, next_due=_next_abandoned)
def abandon(*, now: datetime) -> int:
    """Close sign-ups and plan changes that were left half-way."""
    return clearing.abandon_due(now=now)
