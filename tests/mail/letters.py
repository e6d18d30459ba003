"""Mails for tests. The kind used is one of the shop's own."""

from datetime import datetime

from apps.accounts import services
from apps.accounts.models import User
from apps.mail import outbox
from apps.mail.models import Message

KIND = "account-login-code"


def put_service(user: User, *, key: str, now: datetime, **changes) -> Message:
    """A service mail to this person."""
    facts = {"to": user.email, "user_id": user.pk, "locale": user.locale, "context": {"code": "481 903"}, "now": now}
    outbox.put(KIND, key=key, **{**facts, **changes})
    return Message.objects.get(key=key)


def put_marketing(user: User, *, key: str, now: datetime, **changes) -> Message:
    """A marketing mail to this person."""
    facts = {"stream": "marketing", "unsubscribe_url": services.unsubscribe_url(user)}
    return put_service(user, key=key, now=now, **{**facts, **changes})
