"""What the workers do for memberships."""

from datetime import datetime

from django.db.models import Min

from apps.core import sweeps

from . import clearing, renewals, trials
from .models import PlanChange, Signup, Subscription


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


def _next_trial(*, now: datetime) -> datetime | None:
    return trials.next_due(now=now)


@sweeps.register(name="memberships.trials", order=90, next_due=_next_trial)
def announce_trials(*, now: datetime) -> int:
    """Tell customers that their free trial ends soon, and what is charged then."""
    return trials.announce_due(now=now)


@sweeps.register(name="memberships.bill", order=100, next_due=_next_bill)
def bill(*, now: datetime) -> int:
    """Bill the periods that have begun."""
    return renewals.bill_due(now=now)


@sweeps.register(name="memberships.end", order=110, next_due=_next_end)
def end(*, now: datetime) -> int:
    """End memberships that were cancelled, and terms, whose paid time is over."""
    return clearing.end_due(now=now)


@sweeps.register(name="memberships.abandon", order=120, next_due=_next_abandoned)
def abandon(*, now: datetime) -> int:
    """Close sign-ups and plan changes that were left half-way."""
    return clearing.abandon_due(now=now)
