"""The letters about declarations: all go to the address that was given, and to no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.accounts import letters
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
        context=lambda: {
            "is_withdrawal": handling.is_withdrawal,
            "is_signed_in": handling.customer_id is not None,
            "received_at": words.moment(declaration.declared_at),
            "words": declaration.words,
        },
    )


def withdrawn(handling: Handling, *, now: datetime) -> None:
    """The contract has ended, and what goes back where."""

    def context() -> dict[str, Any]:
        return {
            **_ended(handling),
            "to_card": handling.to_card,
            "to_credit": handling.to_credit,
            "has_card": bool(handling.to_card),
            "has_credit": bool(handling.to_credit),
        }

    _put("withdrawal-done", handling, now=now, context=context)


def withdrawn_from_goods(handling: Handling, *, now: datetime) -> None:
    """The contract has ended, and what is paid goes back when the parcel is back."""
    _put("withdrawal-parcel", handling, now=now, context=lambda: _ended(handling))


def undone(handling: Handling, *, now: datetime) -> None:
    """The declaration is taken back."""
    _put("declaration-undone", handling, now=now, context=lambda: _said(handling))


def answered(handling: Handling, *, now: datetime) -> None:
    """What a person answers."""
    _put(
        "declaration-answer",
        handling,
        now=now,
        context=lambda: {**_said(handling), "answer": handling.answer},
    )


def _said(handling: Handling) -> dict[str, Any]:
    declaration = handling.declaration
    return {"received_at": words.moment(declaration.declared_at), "words": declaration.words}


def _ended(handling: Handling) -> dict[str, Any]:
    assert handling.subscription is not None, "something was withdrawn from"
    plan = handling.subscription.plan
    received_at = words.moment(handling.declaration.declared_at)
    return {"plan": plan.name_i18n, "sends_goods": plan.sends_goods, "received_at": received_at}


def _put(kind: str, handling: Handling, *, now: datetime, context: Callable[[], dict[str, Any]]) -> None:
    declaration = handling.declaration
    letters.put(
        kind,
        letters.Reader(declaration.email, handling.customer_id, declaration.locale),
        key=f"{kind}:{declaration.pk}",
        context=lambda: {
            "name": declaration.name,
            "link_url": settings.SITE_URL + LINK.format(secret=handling.secret),
            "account_url": f"{settings.SITE_URL}/account/",
            **context(),
        },
        secret=True,
        now=now,
    )
