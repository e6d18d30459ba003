"""Between allauth and the shop: its mails go through the outbox."""

import hashlib
from datetime import date, datetime
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.utils.translation import get_language

from apps.core import clock

from . import letters
from .models import User

# Whoever holds one of these can enter the account, so staff do not get to read them.
SECRET_KINDS = frozenset(
    {
        "account-email-confirmation",
        "account-email-confirmation-signup",
        "account-login-code",
        "account-password-reset-code",
        "account-password-reset-key",
    }
)


class AccountAdapter(DefaultAccountAdapter):
    """allauth decides when to write and what to say; the outbox writes and the worker sends, within seconds."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put allauth's mail `account/email/password_reset_key` as the kind `account-password-reset-key`.

        The same mail asked for twice within a minute, as by a doubled click, goes once.
        """
        now = clock.now()
        kind = "account-" + template_prefix.rpartition("/")[2].removeprefix("account_").replace("_", "-")
        facts = {name: value for name, value in context.items() if isinstance(value, str | int | date | datetime)}
        person = User.objects.filter(email=email).first() or context.get("user")
        reader = letters.Reader(email, None, get_language() or settings.LANGUAGE_CODE, settings.TIME_ZONE)
        letters.put(
            kind,
            letters.Reader.of(person)._replace(address=email) if person else reader,
            key=f"{kind}:{_digest(email, facts)}:{now:%Y%m%d%H%M}",
            context={**facts, "email": email, "name": person.short_name if person else ""},
            secret=kind in SECRET_KINDS,
            now=now,
        )


def _digest(email: str, facts: dict[str, Any]) -> str:
    # The second at which a notice was made is not part of what it says.
    parts = [email, *(f"{name}={facts[name]}" for name in sorted(facts) if name != "timestamp")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
