"""The letters about declarations: all go to the address that was given, and to no other."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from apps.mail import outbox
from apps.memberships.models import Handling

from . import words

RECEIPT = "/contract/receipt/{token}/"
LINK = "/contract/letter/{secret}/"


def receipt(handling: Handling, *, now: datetime) -> None:
    """What arrived, and when, with the link that undoes it; the same for everybody, whoever they are."""
    declaration = handling.declaration
    _put(
        "declaration-receipt",
        handling,
        now=now,
        context={
            "is_withdrawal": handling.is_withdrawal,
            "is_signed_in": handling.customer_id is not None,
            "received_at": words.moment(declaration.declared_at),
            "words": declaration.words,
        },
    )


def withdrawn(handling: Handling, *, now: datetime) -> None:
    """The contract has ended, and what goes back where."""
    context = {
        **_ended(handling),
        "to_card": handling.to_card,
        "to_credit": handling.to_credit,
        "has_card": bool(handling.to_card),
        "has_credit": bool(handling.to_credit),
    }
    _put("withdrawal-done", handling, now=now, context=context)


def withdrawn_from_goods(handling: Handling, *, now: datetime) -> None:
    """The contract has ended, and what is paid goes back when the parcel is back."""
    _put("withdrawal-parcel", handling, now=now, context=_ended(handling))


def undone(handling: Handling, *, now: datetime) -> None:
    """The declaration is taken back."""
    context = {"received_at": words.moment(handling.declaration.declared_at), "words": handling.declaration.words}
    _put("declaration-undone", handling, now=now, context=context)


def answered(handling: Handling, *, now: datetime) -> None:
    """What a person answers."""
    _put(
        "declaration-answer",
        handling,
        now=now,
        context={
            "received_at": words.moment(handling.declaration.declared_at),
            "words": handling.declaration.words,
            "answer": handling.answer,
        },
    )


def _ended(handling: Handling) -> dict:
    assert handling.subscription is not None, "something was withdrawn from"
    plan = handling.subscription.plan
    received_at = words.moment(handling.declaration.declared_at)
    return {"plan": plan.name, "sends_goods": plan.sends_goods, "received_at": received_at}


def _put(kind: str, handling: Handling, *, now: datetime, context: dict) -> None:
    declaration = handling.declaration
    outbox.put(
        kind,
        key=f"{kind}:{declaration.pk}",
        to=declaration.email,
        user_id=handling.customer_id,
        locale=declaration.locale,
        context={
            "name": declaration.name,
            "link_url": settings.SITE_URL + LINK.format(secret=handling.secret),
            "account_url": f"{settings.SITE_URL}/account/",
            **context,
        },
        secret=True,
        now=now,
    )
