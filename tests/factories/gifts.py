"""Gifts for tests, bought by the real services on a rehearsed gateway."""

from datetime import datetime

from apps.accounts.models import User
from apps.billing import cards
from apps.billing.gateway.behaviours import Rule
from apps.billing.gateway.rehearsal import Rehearsal
from apps.memberships.gifts import buying
from apps.memberships.models import Gift, Price

from . import accounts, memberships

TERMS = {"terms_version": "gift-1", "terms_text": "I agree to be charged once."}


def begin(
    *,
    now: datetime,
    slug: str = "grove",
    unit: str = "month",
    periods: int = 3,
    currency: str = "EUR",
    buyer: User | None = None,
    price: Price | None = None,
    **recipient,
) -> Gift:
    """A gift agreed to, before the card."""
    price = price or memberships.price(slug, unit=unit, currency=currency)
    return buying.start(
        buyer or accounts.customer(),
        price.pk,
        periods=periods,
        recipient=buying.Recipient(**{"name": "Bea", **recipient}),
        now=now,
        **TERMS,
    )


def pay(gateway: Rehearsal, gift: Gift, *, now: datetime, script: tuple[Rule, ...] = ()) -> Gift:
    """Type a card in, and be charged."""
    started = cards.start_setup(gift.buyer, purpose="gift", now=now)
    buying.attach_setup(gift.token, user=gift.buyer, setup_id=started.id)
    gateway.save_card(started.id, script=script)
    return buying.complete(gift.token, user=gift.buyer, setup_id=started.id, now=now)


def bought(gateway: Rehearsal, *, now: datetime, script: tuple[Rule, ...] = (), **how) -> Gift:
    """A gift that waits to be redeemed: three months of Grove unless told otherwise."""
    return pay(gateway, begin(now=now, **how), now=now, script=script)
