"""What the outbox holds of a person."""

from __future__ import annotations

import json
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.privacy import Person, Row, rows

from . import lifecycle
from .models import LIST_UNSUBSCRIBE, Message, MessageQuerySet, Stream

BLANK = "–"


@privacy.exports("mail", title=_("Messages to you"), why=_("So that you and we can look them up."))
def messages(person: Person) -> list[Row]:
    """Without the words of those that held a way into the account."""
    mine = Message.objects.of_user(person.id)
    told = rows(mine.filter(secret=False), "kind", "stream", "to_email", "subject", "text", "created_at", "sent_at")
    return told + rows(mine.filter(secret=True), "kind", "stream", "to_email", "created_at", "sent_at")


@privacy.erases
def forget(person: Person, *, now: datetime) -> None:
    blank(Message.objects.filter(Q(user_id=person.id) | Q(to_email__in=person.emails)), to=person.alias, now=now)


def take_out(text: str, messages: QuerySet[Message]) -> None:
    """Take one text, such as an address, out of letters to somebody else, who keeps the rest."""
    for message in messages:
        message.subject = message.subject.replace(text, BLANK)
        message.text, message.html = message.text.replace(text, BLANK), message.html.replace(text, BLANK)
        message.context = json.loads(json.dumps(message.context, ensure_ascii=False).replace(text, BLANK))
        message.save(update_fields=["subject", "text", "html", "context"])


def blank(messages: MessageQuerySet, *, to: str, now: datetime) -> None:
    """Take the words and the address out of messages; what has not left is not sent. That they existed stays."""
    lifecycle.cancel(messages, now=now)
    # A marketing message keeps the bare name of its header: the database wants to see that it could be refused.
    refusable = {LIST_UNSUBSCRIBE: BLANK}
    for stream, headers in ((Stream.SERVICE, {}), (Stream.MARKETING, refusable)):
        of_stream = messages.filter(stream=stream)
        of_stream.update(subject=BLANK, text=BLANK, html="", context={}, headers=headers)
    messages.exclude(last_error="").update(last_error=BLANK)
    messages.update(to_email=to)
