"""Every change of a message's status.

    pending -> sending -> sent
    sending -> pending     the attempt failed and there is another one, or the worker ran out of time
    sending -> failed      the last attempt failed: it waits for a person
    failed  -> pending     a person sends it again
    pending | sending | failed -> cancelled

A claim is a lease: a worker that dies leaves the row behind, and once the lease is over another one takes it.
`attempts` grows with each claim and fences the old holder out: whoever no longer holds the claim changes nothing.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from .models import Message, MessageQuerySet, Status

LEASE = timedelta(minutes=10)
# The wait after the first, second, … failed attempt; the attempt after the last wait is final.
BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
MAX_ATTEMPTS = len(BACK_OFF) + 1
ABANDONED = "The worker stopped while sending this, on every attempt."


@transaction.atomic
def claim(*, now: datetime, limit: int) -> list[Message]:
    """pending -> sending for up to `limit` messages that are due at `now`, oldest first; returns them.

    Rows that another worker is claiming are passed over. A message whose worker died on its last attempt fails
    instead.
    """
    rows = list(Message.objects.due(now).select_for_update(skip_locked=True).order_by("next_attempt_at", "pk")[:limit])
    exhausted = [row.pk for row in rows if row.attempts >= MAX_ATTEMPTS]
    claimed = [row for row in rows if row.attempts < MAX_ATTEMPTS]
    if exhausted:
        Message.objects.filter(pk__in=exhausted).update(
            status=Status.FAILED, lease_until=None, next_attempt_at=None, last_error=ABANDONED
        )
    until = now + LEASE
    Message.objects.filter(pk__in=[row.pk for row in claimed]).update(
        status=Status.SENDING, lease_until=until, attempts=F("attempts") + 1
    )
    for row in claimed:
        row.status, row.lease_until, row.attempts = Status.SENDING, until, row.attempts + 1
    return claimed


def sent(message: Message, *, now: datetime) -> bool:
    """sending -> sent. False when this worker no longer holds the claim."""
    return _settle(message, status=Status.SENT, sent_at=now, next_attempt_at=None, last_error="")


def sent_on_paper(*, now: datetime) -> int:
    """pending | sending -> sent for all that is due at `now`, while nothing leaves; returns how many.

    For rehearsals, which work on a copy of the outbox.
    """
    return Message.objects.due(now).update(
        status=Status.SENT, sent_at=now, lease_until=None, next_attempt_at=None, last_error=""
    )


def attempt_failed(message: Message, *, error: str, now: datetime) -> bool:
    """sending -> pending with the next wait of BACK_OFF, or -> failed after the last. False as in `sent`."""
    error = error[:2000] or "Unknown error"
    if message.attempts >= MAX_ATTEMPTS:
        return _settle(message, status=Status.FAILED, next_attempt_at=None, last_error=error)
    wait = BACK_OFF[message.attempts - 1]
    return _settle(message, status=Status.PENDING, next_attempt_at=now + wait, last_error=error)


def release(message: Message, *, now: datetime) -> bool:
    """sending -> pending without an attempt having been made. False as in `sent`."""
    return _settle(message, status=Status.PENDING, next_attempt_at=now, attempts=F("attempts") - 1)


def refused(message: Message, *, now: datetime) -> bool:
    """sending -> cancelled: the customer no longer wants marketing. False as in `sent`."""
    return _settle(message, status=Status.CANCELLED, cancelled_at=now, next_attempt_at=None)


def cancel(messages: MessageQuerySet, *, now: datetime) -> int:
    """pending | failed -> cancelled; returns how many. Others are left as they are."""
    return messages.cancellable().update(status=Status.CANCELLED, cancelled_at=now, next_attempt_at=None)


def send_again(messages: MessageQuerySet, *, now: datetime) -> int:
    """failed -> pending, due at `now` with all attempts before it; returns how many. Others are left as they are."""
    return messages.waiting_for_a_person().update(status=Status.PENDING, next_attempt_at=now, attempts=0)


def _settle(message: Message, **changes) -> bool:
    held = Message.objects.filter(pk=message.pk, status=Status.SENDING, attempts=message.attempts)
    return bool(held.update(lease_until=None, **changes))
