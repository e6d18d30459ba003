"""Writing a declaration down, and the receipt. The same happens for everybody: whose contract it is, if anybody's, is
found out later and elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language

from apps.accounts.models import User
from apps.memberships.models import Declaration, Handling, Manner

from . import emails, limits, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What somebody typed. `kind` is a DeclarationKind, `manner` a Manner; `contract` in any words."""

    kind: str
    name: str
    email: str
    manner: str = Manner.ORDINARY
    cause: str = ""
    contract: str = ""
    wanted_on: date | None = None

    def lines(self) -> list[tuple[str, str]]:
        """As the receipt says it, (label, value), in the active language."""
        return words.lines(
            kind=self.kind,
            manner=self.manner,
            cause=self.cause,
            name=self.name,
            email=self.email,
            contract=self.contract,
            wanted_on=self.wanted_on,
        )


@transaction.atomic
def declare(
    declared: Declared, *, token: UUID, client: str, now: datetime, source: str = "page", customer: User | None = None
) -> Declaration:
    """Store the declaration and put its receipt, to the address that was given, in the active language.

    `token` comes with the form: sent twice, the first declaration is returned. `client` is the sender's IP address, of
    which a keyed hash is kept. `customer` is given where they are signed in. Raises TooManyDeclarations.
    """
    existing = Declaration.objects.filter(token=token).first()
    if existing is not None:
        return existing
    email = declared.email.lower()
    client_hash = salted_hmac("memberships.declarations", client, algorithm="sha256").hexdigest()
    limits.check(email=email, client_hash=client_hash, now=now)
    said = words.text(declared.lines())
    declaration, created = Declaration.objects.get_or_create(
        token=token,
        defaults={
            "kind": declared.kind,
            "manner": declared.manner,
            "cause": declared.cause,
            "name": declared.name,
            "email": email,
            "contract": declared.contract,
            "wanted_on": declared.wanted_on,
            "words": said,
            "words_hash": sha256(said.encode()).hexdigest(),
            "locale": get_language() or "en",
            "client_hash": client_hash,
            "source": source,
            "declared_at": now,
        },
    )
    if created:
        handling = Handling.objects.create(declaration=declaration, customer=customer, act_at=now)
        emails.receipt(handling, now=now)
    return declaration
