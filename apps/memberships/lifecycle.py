"""The states of a subscription, and the only place that assigns them. A past-due subscription keeps its benefits while
its payment is being recovered, and its next period is billed when the overdue one is paid. A paused one grants nothing
and is not billed. A trial has all benefits before anything is paid; it becomes active when its first period is
billed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from . import emails
from .errors import IllegalMove
from .models import (
    ChangeStatus,
    EndReason,
    History,
    HistoryKind,
    Origin,
    Pause,
    PauseKind,
    PauseOutcome,
    PlanChange,
    Signup,
    SignupStatus,
    Status,
    Subscription,
)
from .signals import subscription_activated, subscription_ended

ARROWS = {
    Status.INCOMPLETE: {Status.ACTIVE, Status.TRIALING, Status.EXPIRED},
    Status.TRIALING: {Status.ACTIVE, Status.ENDED},
    Status.ACTIVE: {Status.PAST_DUE, Status.PAUSED, Status.ENDED},
    Status.PAST_DUE: {Status.ACTIVE, Status.ENDED},
    Status.PAUSED: {Status.ACTIVE, Status.ENDED},
    Status.ENDED: set(),
    Status.EXPIRED: set(),
}

SYSTEM = "system"


@transaction.atomic
def activate(subscription_id: int, *, now: datetime, actor: str = SYSTEM) -> Subscription:
    """INCOMPLETE -> ACTIVE, when the first invoice is paid or the plan is free. Safe to repeat.

    A free or complimentary subscription of the same group ends in the same transaction: the new one takes its place.
    What was given is not billed, and whoever gives it writes to the customer.
    """
    return _begin(subscription_id, Status.ACTIVE, now=now, actor=actor)


@transaction.atomic
def start_trial(subscription_id: int, *, now: datetime, actor: str = SYSTEM) -> Subscription:
    """INCOMPLETE -> TRIALING, when the card is saved and the trial is written down. Safe to repeat.

    A free or complimentary subscription of the same group ends in the same transaction: the new one takes its place.
    """
    return _begin(subscription_id, Status.TRIALING, now=now, actor=actor)


def leave_trial(subscription: Subscription, *, now: datetime, actor: str = SYSTEM) -> History:
    """TRIALING -> ACTIVE, when the first period is billed. The caller holds the lock on the subscription and saves it
    and the history row, so that a batch of them costs no more than one."""
    _check(subscription, Status.ACTIVE)
    old, subscription.status = subscription.status, Status.ACTIVE
    return History(
        subscription=subscription,
        kind=HistoryKind.STATUS,
        old=old,
        new=Status.ACTIVE,
        reason="the trial is over",
        actor=actor,
        at=now,
    )


@transaction.atomic
def fall_behind(subscription_id: int, *, reason: str, now: datetime) -> Subscription:
    """ACTIVE -> PAST_DUE, when a period's payment failed. Safe to repeat; nothing happens to one that has ended."""
    subscription = _locked(subscription_id)
    if subscription.status in (Status.PAST_DUE, Status.ENDED):
        return subscription
    _move(subscription, Status.PAST_DUE, reason=reason, now=now, actor=SYSTEM)
    return subscription


@transaction.atomic
def recover(subscription_id: int, *, reason: str, now: datetime) -> Subscription:
    """PAST_DUE -> ACTIVE, when nothing is owed any more. Safe to repeat; one that has ended stays ended."""
    subscription = _locked(subscription_id)
    if subscription.status in (Status.ACTIVE, Status.ENDED):
        return subscription
    _move(subscription, Status.ACTIVE, reason=reason, now=now, actor=SYSTEM)
    return subscription


@transaction.atomic
def pause(subscription_id: int, *, now: datetime) -> Subscription:
    """ACTIVE -> PAUSED, when the paid period before a planned pause is over. Safe to repeat.

    `paused_at` is the end of the paid period, also where a worker is late. One whose pause was taken back is left
    alone.
    """
    subscription = _locked(subscription_id)
    if subscription.status != Status.ACTIVE or subscription.pause_at is None:
        return subscription
    subscription.paused_at, subscription.pause_at = subscription.pause_at, None
    subscription.next_bill_at = None
    Pause.objects.open().filter(subscription=subscription).update(begun_at=subscription.paused_at)
    _move(subscription, Status.PAUSED, reason=subscription.pause_kind, now=now, actor=SYSTEM)
    return subscription


@transaction.atomic
def resume(subscription_id: int, *, at: datetime, now: datetime, actor: str = SYSTEM) -> Subscription:
    """PAUSED -> ACTIVE at the instant `at`; the next period begins then and is due to be billed. Safe to repeat.

    After a pause, and after a skipped period that is cut short, `at` is the new anchor. A period that was skipped to
    its end counts as gone by, so that the next one is where it would have been.
    """
    subscription = _locked(subscription_id)
    if subscription.status != Status.PAUSED:
        return subscription
    assert subscription.paused_at is not None, "a check constraint says so"
    if subscription.pause_kind == PauseKind.SKIP and at == subscription.resumes_at:
        subscription.period_number += 1
        subscription.current_start = subscription.paused_at
    else:
        subscription.anchor = at
    subscription.current_end = subscription.next_bill_at = at
    _forget_pause(subscription)
    close_pause(subscription, PauseOutcome.RESUMED, now=now, closed_at=at)
    _move(subscription, Status.ACTIVE, reason="resumed", now=now, actor=actor)
    return subscription


def close_pause(
    subscription: Subscription, outcome: PauseOutcome, *, now: datetime, closed_at: datetime | None = None
) -> None:
    """Note what became of the planned or running pause, if there is one."""
    Pause.objects.open().filter(subscription=subscription).update(closed_at=closed_at or now, outcome=outcome)


@transaction.atomic
def end(
    subscription_id: int, *, reason: str, now: datetime, actor: str = SYSTEM, ended_at: datetime | None = None
) -> Subscription:
    """ACTIVE, PAST_DUE, TRIALING or PAUSED -> ENDED, for a reason of EndReason. Safe to repeat.

    `ended_at` is the end of the service where it lies before `now` (a late worker). The caller settles what is unpaid.
    """
    subscription = _locked(subscription_id)
    if subscription.status == Status.ENDED:
        return subscription
    _check(subscription, Status.ENDED)
    subscription.ended_at = ended_at or now
    subscription.end_reason = reason
    _forget_intents(subscription)
    close_pause(subscription, PauseOutcome.ENDED, now=now)
    _move(subscription, Status.ENDED, reason=reason, now=now, actor=actor)
    # Of a withdrawal its own letter speaks, with the money that goes back.
    if reason not in (EndReason.UPGRADED, EndReason.WITHDRAWN):
        emails.membership_ended(subscription, now=now)
    subscription_ended.send(Subscription, subscription_id=subscription.pk, reason=reason, now=now)
    return subscription


@transaction.atomic
def expire(subscription_id: int, *, reason: str, now: datetime, actor: str = SYSTEM) -> Subscription:
    """INCOMPLETE -> EXPIRED, when the first payment failed or never came. Safe to repeat."""
    subscription = _locked(subscription_id)
    if subscription.status == Status.EXPIRED:
        return subscription
    _check(subscription, Status.EXPIRED)
    subscription.ended_at = now
    subscription.end_reason = reason
    _forget_intents(subscription)
    _move(subscription, Status.EXPIRED, reason=reason, now=now, actor=actor)
    return subscription


def complete_signup(signup: Signup, *, now: datetime) -> None:
    """OPEN -> COMPLETED, when its subscription became active. Safe to repeat."""
    if signup.status == SignupStatus.OPEN:
        signup.status = SignupStatus.COMPLETED
        signup.completed_at = now
        signup.save(update_fields=["status", "completed_at"])


def fail_signup(signup: Signup, *, message: str) -> None:
    """OPEN -> FAILED, when its payment was refused; `message` is for the customer. Safe to repeat."""
    if signup.status == SignupStatus.OPEN:
        signup.status = SignupStatus.FAILED
        signup.message = message
        signup.save(update_fields=["status", "message"])


def expire_signup(signup: Signup) -> None:
    """OPEN -> EXPIRED, when it was not finished in time. Safe to repeat."""
    if signup.status == SignupStatus.OPEN:
        signup.status = SignupStatus.EXPIRED
        signup.save(update_fields=["status"])


def complete_change(change: PlanChange, *, now: datetime) -> None:
    """OPEN -> DONE, when its invoice is paid and the plan is changed."""
    _settle_change(change, ChangeStatus.DONE, message="", now=now)


def fail_change(change: PlanChange, *, message: str, now: datetime) -> None:
    """OPEN -> FAILED, when its payment was refused or never came; `message` is for the customer."""
    _settle_change(change, ChangeStatus.FAILED, message=message, now=now)


def _settle_change(change: PlanChange, status: ChangeStatus, *, message: str, now: datetime) -> None:
    if change.status != ChangeStatus.OPEN:
        raise IllegalMove(f"Plan change {change.pk}: {change.status} -> {status}")
    change.status = status
    change.message = message
    change.settled_at = now
    change.save(update_fields=["status", "message", "settled_at"])


def record(subscription: Subscription, kind: HistoryKind, *, now: datetime, actor: str, **what: str) -> History:
    """Write a history row about something other than the status; `what` is old, new and reason."""
    return History.objects.create(subscription=subscription, kind=kind, actor=actor, at=now, **what)


def _begin(subscription_id: int, new: Status, *, now: datetime, actor: str) -> Subscription:
    subscription = _locked(subscription_id)
    if subscription.status == new:
        return subscription
    if subscription.status != Status.INCOMPLETE:
        raise IllegalMove(f"Subscription {subscription.pk}: {subscription.status} -> {new}")
    for other in Subscription.objects.open().filter(
        customer=subscription.customer_id, plan_group=subscription.plan_group, price__amount_minor=0
    ):
        end(other.pk, reason=EndReason.UPGRADED, now=now, actor=actor)
    subscription.started_at = now
    if subscription.origin == Origin.PURCHASE:
        subscription.next_bill_at = subscription.current_end
        subscription.end_by_itself()
    _move(subscription, new, reason="", now=now, actor=actor)
    if subscription.origin == Origin.PURCHASE:
        emails.membership_confirmation(subscription, now=now)
    subscription_activated.send(Subscription, subscription_id=subscription.pk, now=now)
    return subscription


def _locked(subscription_id: int) -> Subscription:
    return (
        Subscription.objects.select_for_update(of=("self",))
        .select_related("customer", "plan", "price__plan", "pending_price__plan", "promotion")
        .get(pk=subscription_id)
    )


def _check(subscription: Subscription, new: Status) -> None:
    if new not in ARROWS[Status(subscription.status)]:
        raise IllegalMove(f"Subscription {subscription.pk}: {subscription.status} -> {new}")


def _forget_intents(subscription: Subscription) -> None:
    subscription.next_bill_at = None
    subscription.pending_price = None
    subscription.pending_quantity = None
    subscription.changing_since = None
    subscription.parked_at = None
    subscription.parked_reason = ""
    _forget_pause(subscription)


def _forget_pause(subscription: Subscription) -> None:
    subscription.pause_at = subscription.paused_at = subscription.resumes_at = None
    subscription.pause_kind = ""


def _move(subscription: Subscription, new: Status, *, reason: str, now: datetime, actor: str) -> None:
    _check(subscription, new)
    old = subscription.status
    subscription.status = new
    subscription.save()
    record(subscription, HistoryKind.STATUS, old=old, new=new, reason=reason, now=now, actor=actor)
