"""Letters to people, each in the language and the time zone of its reader.

What a letter says is stored when it is put, so the names of things in it must be in the reader's language then. A
`context` that is a function is called in that language; one that holds no words may be given as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import override

from apps.mail import outbox

from .models import User

type Context = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


class Reader(NamedTuple):
    """Who reads a letter: an address, and the account it belongs to, if to any."""

    address: str
    user_id: int | None
    locale: str
    zone: str = "UTC"

    @classmethod
    def of(cls, user: User) -> Reader:
        return cls(user.mail_address, user.pk, user.locale, user.time_zone)


def letter(kind: str, to: User | Reader, *, key: str, context: Context, **more: Any) -> outbox.Letter:
    """A letter that is still to be put; `more` are other fields of `outbox.Letter`. Raises what that raises."""
    reader = Reader.of(to) if isinstance(to, User) else to
    if callable(context):
        with override(reader.locale):
            context = context()
    return outbox.Letter(
        kind=kind,
        key=key,
        to=reader.address,
        user_id=reader.user_id,
        locale=reader.locale,
        zone=reader.zone,
        context=context,
        **more,
    )


def put(kind: str, to: User | Reader, *, key: str, context: Context, now: datetime, **more: Any) -> None:
    """Write a letter and leave it for the worker; see `outbox.put` for what it raises, and for `more`."""
    outbox.put_many([letter(kind, to, key=key, context=context, **more)], now=now)
