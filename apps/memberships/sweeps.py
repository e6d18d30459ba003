"""What the workers do for memberships."""

from datetime import datetime

from django.db.models import Min

from apps.core import sweeps

from . import clearing, declarations, ending, renewals, resting, trials
from .gifts import settling as gifts
from .models import Gift, Handling, PlanChange, PriceChange, PricePromise, Signup, Subscription
from .services import promises


def _next_bill(*, now: datetime) -> datetime | None:
    return Subscription.objects.next_bill()


def _next_pause(*, now: datetime) -> datetime | None:
    return Subscription.objects.pausing().aggregate(at=Min("pause_at"))["at"]


def _next_resume(*, now: datetime) -> datetime | None:
    return Subscription.objects.resuming().aggregate(at=Min("resumes_at"))["at"]


def _next_reminder(*, now: datetime) -> datetime | None:
    return resting.next_reminder(now=now)


def _next_end(*, now: datetime) -> datetime | None:
    return Subscription.objects.next_end()


def _next_abandoned(*, now: datetime) -> datetime | None:
    signup = Signup.objects.unfinished().aggregate(at=Min("created_at"))["at"]
    change = PlanChange.objects.unfinished().aggregate(at=Min("created_at"))["at"]
    gift = Gift.objects.unfinished().aggregate(at=Min("created_at"))["at"]
    ends = [
        gift and gift + clearing.GIFT_LASTS,
        signup and signup + clearing.SIGNUP_LASTS,
        change and change + clearing.CHANGE_LASTS,
    ]
    return min((end for end in ends if end is not None), default=None)


@sweeps.register(name="memberships.pause", order=90, next_due=_next_pause)
def pause(*, now: datetime) -> int:
    """Begin the pauses whose paid period is over."""
    return resting.pause_due(now=now)


@sweeps.register(name="memberships.resume", order=95, next_due=_next_resume)
def resume(*, now: datetime) -> int:
    """Resume the memberships whose pause is over, so that they are billed in the same pass."""
    return resting.resume_due(now=now)


@sweeps.register(name="memberships.remind", order=105, next_due=_next_reminder)
def remind(*, now: datetime) -> int:
    """Tell customers some days before their membership resumes what will be charged."""
    return resting.remind_due(now=now)


def _next_promise(*, now: datetime) -> datetime | None:
    """Now when a price change has something to write, close or finish; else the next notice."""
    if not (PriceChange.objects.planned().exists() or PricePromise.objects.open().exists()):
        return None
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


def _next_trial(*, now: datetime) -> datetime | None:
    return trials.next_due(now=now)


@sweeps.register(name="memberships.trials", order=90, next_due=_next_trial)
def announce_trials(*, now: datetime) -> int:
    """Tell customers that their free trial ends soon, and what is charged then."""
    return trials.announce_due(now=now)


@sweeps.register(name="memberships.bill", order=100, next_due=_next_bill, wakes=("billing.collect",))
def bill(*, now: datetime) -> int:
    """Bill the periods that have begun."""
    return renewals.bill_due(now=now)


@sweeps.register(name="memberships.ending", order=105, next_due=ending.next_due)
def announce_ends(*, now: datetime) -> int:
    """Remind customers some days before that their gift or agreed term ends by itself."""
    return ending.announce_due(now=now)


@sweeps.register(name="memberships.end", order=110, next_due=_next_end)
def end(*, now: datetime) -> int:
    """End memberships that were cancelled, and terms, whose paid time is over."""
    return clearing.end_due(now=now)


def _next_lapse(*, now: datetime) -> datetime | None:
    return Gift.objects.waiting().aggregate(at=Min("expires_at"))["at"]


@sweeps.register(name="memberships.gifts", order=115, next_due=_next_lapse)
def lapse(*, now: datetime) -> int:
    """Close the gifts that nobody redeemed in time."""
    return gifts.lapse_due(now=now)


@sweeps.register(name="memberships.abandon", order=120, next_due=_next_abandoned)
def abandon(*, now: datetime) -> int:
    """Close sign-ups, plan changes and gifts that were left half-way."""
    return clearing.abandon_due(now=now)


def _next_declaration(*, now: datetime) -> datetime | None:
    return Handling.objects.open_to_workers().aggregate(at=Min("act_at"))["at"]


# Before the bills: what is cancelled is not renewed in the same pass.
@sweeps.register(
    name="memberships.declarations", order=85, next_due=_next_declaration, wakes=("billing.refund", "mail.deliver")
)
def handle_declarations(*, now: datetime) -> int:
    """Carry out what was declared without a login."""
    return declarations.handle_due(now=now)
