"""Carrying out the outbox: claim a batch, send it over one connection, note each result.

Nothing is sent inside a transaction. A mail is sent at least once: a worker killed between handing a mail over and
noting it leaves a lease behind, and the next worker sends the same mail with the same Message-ID.
"""

import time
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers

from . import lifecycle
from .models import Message, Stream
from .signals import marketing_about_to_leave

BATCH = 200
# Far inside the lease: what one run has claimed it sends or gives back before anybody else may take it.
LONGEST_RUN = timedelta(minutes=4)


def deliver_due(*, now: datetime, batch: int = BATCH) -> int:
    """Send what is due at `now`; returns how many messages were handled, whatever became of them.

    A mail that cannot be sent waits as `lifecycle.BACK_OFF` says and does not hold up the others. A long queue is
    left to the next run after four minutes of machine time.
    """
    stop_at = time.monotonic() + LONGEST_RUN.total_seconds()
    handled = 0
    while time.monotonic() < stop_at:
        messages = lifecycle.claim(now=now, limit=batch)
        if not messages:
            break
        handled += _send_batch(messages, now=now, stop_at=stop_at)
    return handled


def _send_batch(messages: list[Message], *, now: datetime, stop_at: float) -> int:
    connection = mailers.default
    handled = 0
    try:
        for message in messages:
            if time.monotonic() >= stop_at:
                lifecycle.release(message, now=now)
                continue
            _send(message, connection, now=now)
            handled += 1
    finally:
        _close(connection)
    return handled


def _send(message: Message, connection, *, now: datetime) -> None:
    if message.stream == Stream.MARKETING and not _still_wanted(message):
        lifecycle.refused(message, now=now)
        return
    # A connection breaks in as many ways as there are servers and backends: any of them is a failed attempt of this
    # mail, and the next mail begins with a new connection.
    try:
        connection.open()
        if not connection.send_messages([compose(message)]):
            raise ConnectionError("The mail server took no recipient")
    except Exception as problem:
        lifecycle.attempt_failed(message, error=f"{type(problem).__name__}: {problem}", now=now)
        _close(connection)
    else:
        lifecycle.sent(message, now=now)


def compose(message: Message) -> EmailMultiAlternatives:
    """The e-mail as it goes to the server: text first, HTML as its alternative."""
    email = EmailMultiAlternatives(
        message.subject, message.text, settings.DEFAULT_FROM_EMAIL, [message.to_email], headers=message.headers
    )
    email.attach_alternative(message.html, "text/html")
    return email


def _still_wanted(message: Message) -> bool:
    answers = marketing_about_to_leave.send(sender=Message, user_id=message.user_id)
    return all(answer is not False for _receiver, answer in answers)


def _close(connection) -> None:
    # A broken connection may not even close; the backend has forgotten it all the same.
    with suppress(OSError):
        connection.close()
