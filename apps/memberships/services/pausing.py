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
    if begins_at is not None and begins_at != subscription.current_end:
        raise QuoteChanged(_("Your membership has been renewed since you saw the dates. Please look at them again."))
    if span is None:
        raise CannotPause(_("Your plan cannot be paused for so long."))
    subscription.pause_at, subscription.resumes_at = span.begins_at, span.resumes_at
    subscription.pause_kind = PauseKind.SKIP if span.is_skip else PauseKind.PAUSE
    subscription.save(update_fields=["pause_at", "resumes_at", "pause_kind"])
    pause = Pause.objects.create(
        subscription=subscription,
        customer=customer,
        plan_group=subscription.plan_group,
        kind=subscription.pause_kind,
        begins_at=span.begins_at,
        resumes_at=span.resumes_at,
        actor=actor or customer.email,
        requested_at=now,
    )
    lifecycle.record(
        subscription,
        HistoryKind.PAUSE,
        old=span.begins_at.isoformat(),
        new=span.resumes_at.isoformat(),
        reason=subscription.pause_kind,
        actor=pause.actor,
        now=now,
    )
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
        raise NothingToChange(_("Your membership is not paused."))
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


def _check(subscription: Subscription, *, now: datetime) -> None:
    if not subscription.is_bought:
        raise CannotPause(_("Only a membership that you pay for can be paused."))
    if subscription.is_paused:
        raise NothingToChange(_("Your membership is paused already."))
    if subscription.pause_at is not None:
        raise NothingToChange(_("A pause is planned already. Take it back first to choose another one."))
    if subscription.is_trial:
        raise CannotPause(_("Your free trial is running. Once it is over you can pause your membership."))
    if subscription.term_ends_at is not None:
        raise CannotPause(_("Your membership ends by itself on an agreed day, and cannot be paused."))
    if subscription.ends_at is not None:
        raise CancellationPending(_("Your membership is cancelled. Undo the cancellation to pause it instead."))
    if subscription.status == Status.PAST_DUE:
        raise ChangeInProgress(_("A payment is overdue. Once it is paid you can pause your membership."))
    if subscription.status != Status.ACTIVE or subscription.next_bill_at is None:
        raise NotOpen(_("You have no such membership."))
    if subscription.changing_since is not None:
        raise ChangeInProgress(_("A change of your plan is still waiting for its payment."))
    if subscription.next_bill_at <= now or subscription.parked_at is not None:
        raise ChangeInProgress(_("Your membership is being renewed. Please try again in a minute."))
    if subscription.plan.max_pause_days == 0:
        raise CannotPause(_("Your plan cannot be paused."))
    allowed = subscription.plan.pauses_per_year
    if Pause.objects.counted(subscription, begins_at=subscription.next_bill_at).count() >= allowed:
        raise TooManyPauses(
            ngettext(
                "Your plan can be paused %(count)s time a year, and you have done so.",
                "Your plan can be paused %(count)s times a year, and you have done so.",
                allowed,
            )
            % {"count": allowed}
        )
