"""The outbox: how every app writes to people.

A mail is put, not sent: `put` renders it and stores a row in the caller's transaction, so that it exists exactly when
the thing it speaks of does. The sweep `mail.deliver` sends it within seconds.

    outbox.put(
        "receipt",                                  # templates/mail/receipt.html, see apps.mail.rendering
        key=f"receipt:{invoice.pk}",                # the occasion: a second mail with this key is never made
        to=user.email, user_id=user.pk, locale=user.locale, zone=user.time_zone,
        context={"name": user.short_name, "total": invoice.total, "invoice_url": url},
        now=now,
    )

Two streams, never mixed. *Service* mail speaks of something the customer has or did (receipts, notices, security) and
always goes. *Marketing* mail needs the customer's consent, carries a one-click unsubscribe link (RFC 8058), and is
checked again right before it leaves. Callers ask for the consent before putting; mail lives below the app that knows
it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.core import copying

from . import lifecycle
from .models import LIST_UNSUBSCRIBE, Message, Status, Stream
from .rendering import Rendered, evidence, render

# While only samples are written: the kinds and languages of which there is one.
_written: ContextVar[set[tuple[str, str]] | None] = ContextVar("mail_written", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to put; `put` says what the fields mean. Raises ValueError for one that could never be sent."""

    kind: str
    key: str
    to: str
    user_id: int | None
    locale: str
    context: Mapping[str, Any]
    stream: str = Stream.SERVICE
    send_after: datetime | None = None
    unsubscribe_url: str = ""
    zone: str = "UTC"
    secret: bool = False

    def __post_init__(self) -> None:
        if self.stream not in Stream.values:
            raise ValueError(f"There is no stream {self.stream!r}")
        if self.stream == Stream.MARKETING and not (self.unsubscribe_url and self.user_id):
            raise ValueError("Marketing mail needs an unsubscribe_url and a user_id")
        if not self.to:
            raise ValueError("A mail needs an address")


def put(
    kind: str,
    *,
    key: str,
    to: str,
    user_id: int | None,
    locale: str,
    context: Mapping[str, Any],
    now: datetime,
    stream: str = Stream.SERVICE,
    send_after: datetime | None = None,
    unsubscribe_url: str = "",
    zone: str = "UTC",
    secret: bool = False,
) -> None:
    """Write a mail and leave it for the worker; with a key that exists already, do nothing.

    `context` goes to the template and is stored as evidence: plain values, dates and Money, no model instances
    (TypeError). Templates also get `site_url`, `shop_name`, `shop_address` and `unsubscribe_url`. Dates are shown in
    the IANA time zone `zone`. A `secret` mail carries a way into the account and is not shown to staff. `now` and
    `send_after` are aware; the mail never leaves before `send_after`.

    Raises ValueError for an unknown stream, an empty address, marketing without `unsubscribe_url` or `user_id`, and a
    letter that comes out empty; TemplateDoesNotExist for an unknown kind.
    """
    letter = Letter(
        kind=kind,
        key=key,
        to=to,
        user_id=user_id,
        locale=locale,
        context=context,
        stream=stream,
        send_after=send_after,
        unsubscribe_url=unsubscribe_url,
        zone=zone,
        secret=secret,
    )
    put_many([letter], now=now)


def put_many(letters: Sequence[Letter], *, now: datetime) -> None:
    """Write many mails in a few statements; see `put`, which does the same for one."""
    known = set(Message.objects.filter(key__in=[letter.key for letter in letters]).values_list("key", flat=True))
    messages = {letter.key: _message(letter, now=now) for letter in letters if letter.key not in known}
    try:
        with transaction.atomic():
            copying.insert(list(messages.values()))
    except IntegrityError:
        # Another transaction has put one of them meanwhile: the database keeps one of the two.
        Message.objects.bulk_create(messages.values(), ignore_conflicts=True)


@contextmanager
def samples() -> Iterator[None]:
    """Until the block ends, write only the first letter of each kind in each language; the others are stored without
    their words. For what counts letters and sends none."""
    token = _written.set(set())
    try:
        yield
    finally:
        _written.reset(token)


def _write(letter: Letter) -> Rendered:
    written = _written.get()
    if written is not None and (letter.kind, letter.locale) in written:
        return Rendered(subject=letter.kind, text=letter.kind, html=letter.kind)
    words = render(
        letter.kind,
        letter.context,
        locale=letter.locale,
        zone=letter.zone,
        unsubscribe_url=letter.unsubscribe_url,
    )
    if written is not None:
        written.add((letter.kind, letter.locale))
    return words


def _message(letter: Letter, *, now: datetime) -> Message:
    written = _write(letter)
    due = max(letter.send_after or now, now)
    return Message(
        key=letter.key,
        kind=letter.kind,
        stream=letter.stream,
        to_email=letter.to,
        user_id=letter.user_id,
        locale=letter.locale,
        context=evidence(letter.context, locale=letter.locale),
        subject=written.subject[:250],
        text=written.text,
        html=written.html,
        headers=_headers(letter),
        secret=letter.secret,
        send_after=due,
        next_attempt_at=due,
        created_at=now,
    )


def cancel(*, user_id: int, stream: str, now: datetime) -> int:
    """Cancel what is still to leave for one person in one stream; returns how many mails.

    One that a worker holds at this moment is not touched here: marketing is checked again right before it leaves.
    """
    return lifecycle.cancel(Message.objects.pending_for(user_id=user_id, stream=stream), now=now)


def cancel_keys(prefix: str, *, now: datetime) -> int:
    """Cancel pending mails whose key begins with `prefix` (`trial-ending:42:`); returns how many.

    Raises ValueError for an empty prefix, which would mean every mail of the shop.
    """
    if not prefix:
        raise ValueError("cancel_keys needs a prefix")
    return lifecycle.cancel(Message.objects.filter(status=Status.PENDING, key__startswith=prefix), now=now)


def _headers(letter: Letter) -> dict[str, str]:
    """The Message-ID comes from the key, so that a mail delivered twice by a killed worker shows as one."""
    domain = urlsplit(settings.SITE_URL).hostname or "localhost"
    headers = {
        "Message-ID": f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:40]}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": letter.locale,
    }
    if letter.stream == Stream.MARKETING:
        headers[LIST_UNSUBSCRIBE] = f"<{letter.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
