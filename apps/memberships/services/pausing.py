"""Pausing with the end of the paid period, skipping the next one, taking it back, and coming back early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.memberships import emails, lifecycle, pause_rules
from apps.memberships.errors import (
    CancellationPending,
    CannotPause,
    ChangeInProgress,
    NothingToChange,
    NotOpen,
    QuoteChanged,
    TooManyPauses,
)
from apps.memberships.models import HistoryKind, Pause, PauseKind, PauseOutcome, Status, Subscription
from apps.memberships.pause_rules import PauseSpan

from . import finding


@dataclass(frozen=True, slots=True)
class PauseChoice:
    """What can be chosen now: the next period to skip, or None, and the pauses by length."""

    skip: PauseSpan | None
    pauses: Sequence[PauseSpan]

    def span(self, months: int) -> PauseSpan | None:
        """The span of so many months; 0 is the skipped period."""
        if months == 0:
            return self.skip
        return next((span for span in self.pauses if span.months == months), None)


def pause_choice(subscription: Subscription, *, now: datetime) -> PauseChoice:
    """What the customer may choose at `now`.

    Raises CannotPause where the membership or its plan cannot be paused at all, ChangeInProgress while a payment, a
    plan change or a renewal is on its way, CancellationPending, NothingToChange when a pause is planned or runs
    already, and TooManyPauses when the plan's yearly number is used up.
    """
    _check(subscription, now=now)
    choice = PauseChoice(pause_rules.skip_of(subscription), pause_rules.pauses_of(subscription))
    if choice.skip is None and not choice.pauses:
        raise CannotPause(_("Your plan cannot be paused."))
    return choice


@transaction.atomic
def request_pause(
    subscription_id: int,
    *,
    months: int,
    customer: User,
    now: datetime,
    begins_at: datetime | None = None,
    actor: str = "",
) -> Subscription:
    """Pause for `months` from the end of the paid period, or skip the next period where `months` is 0.

    Nothing is refunded, benefits last to the end of what is paid. `begins_at` is the beginning that the customer was
    shown: QuoteChanged if it is another one by now, as after a renewal. Raises NotOpen, what `pause_choice` raises, and
    CannotPause for a length that the plan does not allow; nothing is changed then.
    """
    subscription = finding.open_subscription(subscription_id, customer=customer)
    span = pause_choice(subscription, now=now).span(months)
    _refuse_other_beginning(subscription, begins_at)
    if span is None:
        raise CannotPause(_("Your plan cannot be paused for so long."))
    kind = PauseKind.SKIP if span.is_skip else PauseKind.PAUSE
    pause = _plan(subscription, span.resumes_at, kind, actor=actor or customer.email, now=now)
    emails.pause_confirmation(subscription, pause, now=now)
    return subscription


def latest_pause_end(subscription: Subscription) -> datetime | None:
    """The last instant (UTC) to which the next period can be put off; None where the plan cannot be paused at all.
    Whether it can be at this moment, `check_until` says."""
    return pause_rules.latest_end(subscription) if subscription.is_bought else None


def check_until(subscription: Subscription, *, until: datetime, now: datetime) -> None:
    """Whether the next period can begin at the instant `until` instead. Raises what `pause_choice` raises, and
    CannotPause for an instant that is no later, or later than the plan allows."""
    _check(subscription, now=now)
    _check_end(subscription, until)


@transaction.atomic
def request_pause_until(
    subscription_id: int,
    *,
    until: datetime,
    customer: User,
    now: datetime,
    begins_at: datetime | None = None,
    actor: str = "",
    by_shop: bool = False,
) -> Subscription:
    """Pause from the end of the paid period to the instant `until`, at which the next one begins: a new anchor.

    Like `request_pause`. `by_shop`: the shop asks for it, not the customer. It does not count towards the yearly number
    of pauses, nor is it refused because of it, and the caller writes to the customer. Raises NotOpen, QuoteChanged and
    what `check_until` raises; nothing is changed then.
    """
    subscription = finding.open_subscription(subscription_id, customer=customer)
    _check(subscription, now=now, counts=not by_shop)
    _refuse_other_beginning(subscription, begins_at)
    _check_end(subscription, until)
    pause = _plan(subscription, until, PauseKind.PAUSE, actor=actor or customer.email, by_shop=by_shop, now=now)
    if not by_shop:
        emails.pause_confirmation(subscription, pause, now=now)
    return subscription


@transaction.atomic
def undo_pause(subscription_id: int, *, customer: User, now: datetime, actor: str = "") -> Subscription:
    """Take a planned pause back, until it begins; the membership renews as if nothing had been.

    Raises NotOpen, NothingToChange when no pause is planned or it has begun.
    """
    subscription = finding.open_subscription(subscription_id, customer=customer)
    pause_at, resumes_at = subscription.pause_at, subscription.resumes_at
    if pause_at is None or resumes_at is None:
        raise NothingToChange(_("No pause is planned."))
    if pause_at <= now:
        raise NothingToChange(_("Your pause has begun. You can end it at any time by resuming."))
    pause = Pause.objects.open().get(subscription=subscription)
    lifecycle.close_pause(subscription, PauseOutcome.UNDONE, now=now)
    subscription.pause_at = subscription.resumes_at = None
    subscription.pause_kind = ""
    subscription.save(update_fields=["pause_at", "resumes_at", "pause_kind"])
    lifecycle.record(
        subscription,
        HistoryKind.UNPAUSE,
        old=pause_at.isoformat(),
        new=resumes_at.isoformat(),
        actor=actor or customer.email,
        now=now,
    )
    emails.pause_undone(subscription, pause, now=now)
    return subscription


@transaction.atomic
def resume(subscription_id: int, *, customer: User, now: datetime, actor: str = "") -> Subscription:
    """Come back from a pause before its date: benefits at once, and a full period from `now` on is due to be billed.

    Raises NotOpen for a membership that is over or not theirs, and NothingToChange for one that is not paused: a second
    click changes nothing.
    """
    subscription = finding.open_subscription(subscription_id, customer=customer)
    if not subscription.is_paused:
        raise NothingToChange(_("It is not paused."))
    return bring_back(subscription.pk, at=now, now=now, actor=actor or customer.email)


@transaction.atomic
def bring_back(subscription_id: int, *, at: datetime, now: datetime, actor: str = lifecycle.SYSTEM) -> Subscription:
    """Resume at the instant `at`, and write to the customer. Safe to repeat: one that is not paused is left alone."""
    pause = Pause.objects.open().filter(subscription=subscription_id).first()
    was_paused = Subscription.objects.select_for_update().get(pk=subscription_id).is_paused
    subscription = lifecycle.resume(subscription_id, at=at, now=now, actor=actor)
    if was_paused and pause is not None:
        emails.resumed(subscription, pause, now=now)
    return subscription


def _plan(
    subscription: Subscription,
    resumes_at: datetime,
    kind: PauseKind,
    *,
    actor: str,
    now: datetime,
    by_shop: bool = False,
) -> Pause:
    """Write down a pause from the end of the paid period."""
    assert subscription.current_end is not None, "checked before"
    subscription.pause_at, subscription.resumes_at = subscription.current_end, resumes_at
    subscription.pause_kind = kind
    subscription.save(update_fields=["pause_at", "resumes_at", "pause_kind"])
    pause = Pause.objects.create(
        subscription=subscription,
        customer=subscription.customer,
        plan_group=subscription.plan_group,
        kind=kind,
        begins_at=subscription.current_end,
        resumes_at=resumes_at,
        by_shop=by_shop,
        actor=actor,
        requested_at=now,
    )
    lifecycle.record(
        subscription,
        HistoryKind.PAUSE,
        old=pause.begins_at.isoformat(),
        new=pause.resumes_at.isoformat(),
        reason=kind,
        actor=actor,
        now=now,
    )
    return pause


def _refuse_other_beginning(subscription: Subscription, shown: datetime | None) -> None:
    if shown is not None and shown != subscription.current_end:
        raise QuoteChanged(_("It has been renewed since you saw the dates. Please look at them again."))


def _check_end(subscription: Subscription, until: datetime) -> None:
    latest = pause_rules.latest_end(subscription)
    if subscription.current_end is None or until <= subscription.current_end:
        raise CannotPause(_("Please choose a later day."))
    if latest is None or pause_rules.days_between(latest, until, subscription.zone) > 0:
        raise CannotPause(_("Your plan cannot be paused for so long."))


def _check(subscription: Subscription, *, now: datetime, counts: bool = True) -> None:
    """Whether it can be paused at all; `counts` asks whether this year's number is used up, too."""
    if not subscription.is_bought:
        raise CannotPause(_("Only what you pay for can be paused."))
    if subscription.is_paused:
        raise NothingToChange(_("It is paused already."))
    if subscription.pause_at is not None:
        raise NothingToChange(_("A pause is planned already. Take it back first to choose another one."))
    if subscription.is_trial:
        raise CannotPause(_("Your free trial is running. You can pause once it is over."))
    if subscription.term_ends_at is not None:
        raise CannotPause(_("It ends by itself on an agreed day, and cannot be paused."))
    if subscription.ends_at is not None:
        raise CancellationPending(_("It is cancelled. Undo the cancellation to pause instead."))
    if subscription.status == Status.PAST_DUE:
        raise ChangeInProgress(_("A payment is overdue. You can pause once it is paid."))
    if subscription.status != Status.ACTIVE or subscription.next_bill_at is None:
        raise NotOpen(_("You have no such subscription."))
    if subscription.changing_since is not None:
        raise ChangeInProgress(_("A change of your plan is still waiting for its payment."))
    if subscription.next_bill_at <= now or subscription.parked_at is not None:
        raise ChangeInProgress(_("It is being renewed. Please try again in a minute."))
    if subscription.plan.max_pause_days == 0:
        raise CannotPause(_("Your plan cannot be paused."))
    allowed = subscription.plan.pauses_per_year
    if counts and Pause.objects.counted(subscription, begins_at=subscription.next_bill_at).count() >= allowed:
        raise TooManyPauses(
            ngettext(
                "Your plan can be paused %(count)s time a year, and you have done so.",
                "Your plan can be paused %(count)s times a year, and you have done so.",
                allowed,
            )
            % {"count": allowed}
        )
