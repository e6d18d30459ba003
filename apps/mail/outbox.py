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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from . import lifecycle
from .models import LIST_UNSUBSCRIBE, Message, Status, Stream
from .rendering import evidence, render


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A service mail that is still to be put; see `put` for what the fields mean."""

    kind: str
    key: str
    to: str
    user_id: int | None
    locale: str
    context: Mapping[str, Any]
    zone: str = "UTC"


@transaction.atomic
def put_all(letters: Iterable[Letter], *, now: datetime) -> None:
    """Write many service mails in one statement, whatever their number, and leave them for the worker.

    One whose key exists already is not written again. Raises as `put` does, and then writes none.
    """
    messages = [_message(letter, now=now, due=now) for letter in letters]
    Message.objects.bulk_create(messages, ignore_conflicts=True)


@transaction.atomic
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
) -> Message:
    """Write a mail and leave it for the worker; with a key that exists already, return the first mail and do nothing.

    `context` goes to the template and is stored as evidence: plain values, dates and Money, no model instances
    (TypeError). Templates also get `site_url`, `shop_name`, `shop_address` and `unsubscribe_url`. Dates are shown in
    the IANA time zone `zone`. A `secret` mail carries a way into the account and is not shown to staff. `now` and
    `send_after` are aware; the mail never leaves before `send_after`.

    Raises ValueError for an unknown stream, an empty address, marketing without `unsubscribe_url` or `user_id`, and a
    letter that comes out empty; TemplateDoesNotExist for an unknown kind.
    """
    if stream not in Stream.values:
        raise ValueError(f"There is no stream {stream!r}")
    if stream == Stream.MARKETING and not (unsubscribe_url and user_id):
        raise ValueError("Marketing mail needs an unsubscribe_url and a user_id")
    existing = Message.objects.filter(key=key).first()
    if existing is not None:
        return existing

    letter = Letter(kind=kind, key=key, to=to, user_id=user_id, locale=locale, context=context, zone=zone)
    due = max(send_after or now, now)
    message = _message(letter, now=now, due=due, stream=stream, unsubscribe_url=unsubscribe_url, secret=secret)
    # Another transaction may be putting the same key: the database keeps one of the two, and both get it.
    Message.objects.bulk_create([message], ignore_conflicts=True)
    return Message.objects.get(key=key)


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


def _message(
    letter: Letter,
    *,
    now: datetime,
    due: datetime,
    stream: str = Stream.SERVICE,
    unsubscribe_url: str = "",
    **columns: Any,
) -> Message:
    """The row of a mail with everything it says, not saved."""
    if not letter.to:
        raise ValueError("A mail needs an address")
    written = render(
        letter.kind, letter.context, locale=letter.locale, zone=letter.zone, unsubscribe_url=unsubscribe_url
    )
    marketing_url = unsubscribe_url if stream == Stream.MARKETING else ""
    return Message(
        key=letter.key,
        kind=letter.kind,
        stream=stream,
        to_email=letter.to,
        user_id=letter.user_id,
        locale=letter.locale,
        context=evidence(letter.context, locale=letter.locale),
        subject=written.subject[:250],
        text=written.text,
        html=written.html,
        headers=_headers(letter.key, locale=letter.locale, unsubscribe_url=marketing_url),
        send_after=due,
        next_attempt_at=due,
        created_at=now,
        **columns,
    )


def _headers(key: str, *, locale: str, unsubscribe_url: str) -> dict[str, str]:
    """The Message-ID comes from the key, so that a mail delivered twice by a killed worker shows as one."""
    domain = urlsplit(settings.SITE_URL).hostname or "localhost"
    headers = {
        "Message-ID": f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": locale,
    }
    if unsubscribe_url:
        headers[LIST_UNSUBSCRIBE] = f"<{unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
