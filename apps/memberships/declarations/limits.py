"""How many declarations are taken from one address and from one sender. Both are counted as they were typed, whoever
they belong to, so that a refusal tells nobody anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from apps.memberships.errors import TooManyDeclarations
from apps.memberships.models import Declaration

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# How many within how long. A household, or an office, shares the address of the sender.
OF_ADDRESS = ((HOUR, 4), (DAY, 10))
OF_CLIENT = ((HOUR, 12), (DAY, 40))


def check(*, email: str, client_hash: str, now: datetime) -> None:
    """Raise TooManyDeclarations when one more would be too many. Those of one address, and of one sender, are counted
    one after the other until the transaction ends."""
    for name in sorted([f"declared:{email}", f"declared:{client_hash}"]):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    for limits, whose in ((OF_ADDRESS, {"email": email}), (OF_CLIENT, {"client_hash": client_hash})):
        for span, most in limits:
            if Declaration.objects.since(now - span).filter(**whose)[:most].count() == most:
                raise TooManyDeclarations(
                    _("We have taken several declarations already. Please try again later, or send us an e-mail.")
                )
