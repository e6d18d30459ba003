"""Carrying enrollments on: the next letter of everybody whose time has come."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from apps.accounts.models import User
from apps.mail.models import Message, Stream
from apps.mail.models import Status as MailStatus

from . import emails, lifecycle, rules
from .models import Enrollment, Outcome, Step

BATCH = 200
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Recipients:
    """What is true of the customers of a batch at this instant; their rows are locked until it is committed."""

    users: dict[int, User]
    marketable: set[int]
    last_mail_at: dict[int, datetime]


def advance(*, now: datetime) -> int:
    """Send the due letters of all campaigns, in batches that several workers share; returns the enrollments handled."""
    total = 0
    while (done := _advance_batch(now)) is not None:
        total += done
    return total


def next_due(*, now: datetime) -> datetime | None:
    """When the next letter of an active campaign is due, or None."""
    waiting = Enrollment.objects.active().filter(campaign__is_active=True).order_by("next_at")
    return waiting.values_list("next_at", flat=True).first()


@transaction.atomic
def _advance_batch(now: datetime) -> int | None:
    """Carry on the due enrollments of one batch of customers; how many, or None when nobody is waiting.

    The customers are claimed, not the enrollments, and in the order in which a sign-up locks them too. While they are
    held, a withdrawal of consent waits and then finds the mail to cancel, and two campaigns of one customer take turns,
    so that the frequency cap holds between workers.
    """
    waiting = Enrollment.objects.due(now).order_by().filter(customer=OuterRef("pk"))
    users = list(
        User.objects.filter(Exists(waiting)).order_by("pk").select_for_update(skip_locked=True, no_key=True)[:BATCH]
    )
    if not users:
        return None
    recipients = _look_at(users, now=now)
    enrollments = list(
        Enrollment.objects.due(now)
        .filter(customer__in=users)
        .select_for_update(of=("self",))
        .select_related("campaign", "subscription__plan", "subscription__price__plan", "offer")
        .prefetch_related("campaign__steps")
    )
    for enrollment in enrollments:
        _carry_on(enrollment, recipients, now=now)
    return len(enrollments)


def _look_at(users: list[User], *, now: datetime) -> Recipients:
    by_id = {user.pk: user for user in users}
    last = (
        Message.objects.filter(user_id__in=by_id, stream=Stream.MARKETING, created_at__gt=now - rules.FREQUENCY)
        .exclude(status=MailStatus.CANCELLED)
        .order_by()
        .values_list("user_id")
        .annotate(Max("created_at"))
    )
    return Recipients(
        users=by_id,
        marketable=set(User.objects.marketable().filter(pk__in=by_id).values_list("pk", flat=True)),
        last_mail_at=dict(last),
    )


def _carry_on(enrollment: Enrollment, recipients: Recipients, *, now: datetime) -> None:
    steps = list(enrollment.campaign.steps.all())
    step = next((step for step in steps if step.position >= enrollment.position), None)
    if step is None:
        lifecycle.finish(enrollment, now=now)
        return
    if enrollment.customer_id not in recipients.marketable:
        lifecycle.stop(enrollment, Outcome.NO_CONSENT, now=now)
        return
    free_at = rules.free_at(recipients.last_mail_at.get(enrollment.customer_id), now=now)
    if free_at > now:
        enrollment.next_at = free_at
        enrollment.save(update_fields=["next_at"])
        return
    enrollment.customer = recipients.users[enrollment.customer_id]
    if _send(enrollment, step, now=now):
        recipients.last_mail_at[enrollment.customer_id] = now
        _next(enrollment, step, steps, now=now)


def _send(enrollment: Enrollment, step: Step, *, now: datetime) -> bool:
    """Send the step's letter; False when the journey was stopped instead."""
    try:
        with transaction.atomic():
            obstacle = emails.send(enrollment, step, now=now)
    except Exception as problem:  # one letter that cannot be written must not hold up the others of the batch
        _log.exception("Enrollment %s: the letter %s could not be written", enrollment.pk, step.letter)
        lifecycle.stop(enrollment, Outcome.ERROR, now=now, error=f"{type(problem).__name__}: {problem}")
        return False
    if obstacle == Outcome.FINISHED:
        lifecycle.finish(enrollment, now=now)
    elif obstacle:
        lifecycle.stop(enrollment, obstacle, now=now)
    return obstacle is None


def _next(enrollment: Enrollment, sent: Step, steps: list[Step], *, now: datetime) -> None:
    following = next((step for step in steps if step.position > sent.position), None)
    if following is None:
        lifecycle.finish(enrollment, now=now)
        return
    enrollment.position = following.position
    enrollment.next_at = max(enrollment.started_at + following.delay, now)
    enrollment.save(update_fields=["position", "next_at", "offer"])
