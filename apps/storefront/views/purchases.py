"""The card that pays for what was just agreed to, a membership or a gift: entered, or the one we know, charged once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import cards
from apps.billing.cards import SetupRefused
from apps.billing.gateway import GatewayError
from apps.billing.models import Card

from .. import gateway_page
from ..forms import number
from ..signed_in import SignedInRequest
from . import account
from . import cards as card_pages


class Purchase(Protocol):
    """What `memberships.signup`, `memberships.gifts.buying` and `orders.buying` have in common."""

    def attach_setup(self, token: UUID, *, user: User, setup_id: str) -> Any: ...
    def complete(self, token: UUID, *, user: User, setup_id: str, now: datetime) -> Any: ...
    def complete_with_card(self, token: UUID, *, user: User, card_id: int, now: datetime) -> Any: ...


def card_entry(
    request: SignedInRequest,
    purchase: Purchase,
    token: UUID,
    *,
    purpose: str,
    page: str,
    now: datetime,
    payer: User | None = None,
) -> dict[str, Any]:
    """The context of the page named `page`, on which a card is entered, with the known one unless it has expired.

    `payer` is who pays when nobody is signed in: a guest. Raises GatewayError and, when there is nothing to pay for any
    more, Refused.
    """
    user = payer or request.user
    setup = cards.start_setup(user, purpose=purpose, now=now)
    purchase.attach_setup(token, user=user, setup_id=setup.id)
    here = reverse(page, kwargs={"token": token})
    form = gateway_page.context(request, mode="setup", client_secret=setup.client_secret, path=here)
    return form | {"card": _chargeable(user, now=now)}


def charge(
    request: SignedInRequest,
    purchase: Purchase,
    token: UUID,
    *,
    page: str,
    outcome: str,
    now: datetime,
    payer: User | None = None,
) -> HttpResponse:
    """Charge the card that was posted and go on to the page named `outcome`, or back to `page` where another card is
    needed. Raises Refused when nothing can be bought any more."""
    user = payer or request.user
    known = request.POST.get("card", "")
    try:
        if known:
            purchase.complete_with_card(token, user=user, card_id=number(known), now=now)
        else:
            purchase.complete(token, user=user, setup_id=request.POST.get("setup_intent", ""), now=now)
    except SetupRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(page, token=token)
    except Card.DoesNotExist:
        messages.error(request, _("This card was removed in the meantime. Please enter your card again."))
        return redirect(page, token=token)
    except GatewayError:
        return card_pages.unavailable(request)
    return redirect(outcome, token=token)


def _chargeable(user: User, *, now: datetime) -> Card | None:
    """The customer's card, when it has not expired."""
    card = account.card_of(user)
    return card if card and (card.exp_year, card.exp_month) >= (now.year, now.month) else None
