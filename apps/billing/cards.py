"""Customers' cards: opening a profile at the gateway, saving a card, forgetting it.

Every function here talks to the gateway and must be called outside of any transaction; the writes say so themselves
(`durable`), and raise RuntimeError otherwise. All raise GatewayUnavailable and GatewayMisconfigured.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User

from . import gateway
from .models import Card, Profile

# As long as Stripe remembers an idempotency key: what is older is not the page the customer has just left.
SETUP_LIFETIME = timedelta(hours=24)

REFUSALS = {
    "unknown": _("We could not find this card set-up. Please enter your card again."),
    "foreign": _("This card set-up belongs to another account. Please enter your card again."),
    "unfinished": _("Your card was not saved: your bank has not confirmed it yet, or declined it."),
    "not_a_card": _("Only cards can be saved here. Please enter a card."),
    "stale": _("This card set-up is too old. Please enter your card again."),
    "used": _("This card was removed in the meantime. Please enter your card again."),
}


class SetupRefused(Exception):
    """A card cannot be saved from this set-up. `code` is a key of REFUSALS; the text is for the customer."""

    def __init__(self, code: str) -> None:
        super().__init__(REFUSALS[code])
        self.code = code


def ensure_profile(user: User, *, now: datetime) -> Profile:
    """The customer's profile with their customer at the gateway, opened when missing. Safe to repeat, doubled too."""
    with transaction.atomic(durable=True):
        profile, _created = Profile.objects.get_or_create(user=user, defaults={"created_at": now})
    if profile.gateway_customer_id:
        return profile
    customer_id = gateway.get().create_customer(key=_customer_key(user), email=user.mail_address, name=user.name)
    with transaction.atomic(durable=True):
        # The first one to come back wins, so that everyone goes on with one customer.
        Profile.objects.filter(pk=profile.pk, gateway_customer_id=None).update(gateway_customer_id=customer_id)
    profile.refresh_from_db()
    return profile


def start_setup(user: User, *, purpose: str, now: datetime) -> gateway.SetupStarted:
    """Begin saving a card; the page goes on with the client secret. `purpose` is written at the gateway, for staff."""
    profile = ensure_profile(user, now=now)
    return gateway.get().start_setup(
        customer_id=profile.gateway_customer_id or "",
        key=f"setup:{uuid4()}",
        metadata={"purpose": purpose, "user": str(user.pk)},
    )


def complete_setup(user: User, setup_id: str, *, now: datetime) -> Card:
    """Save the card of a finished set-up and make it the default.

    Repeating it returns the same card and changes nothing, so that a page left open cannot bring an old card back as
    the default. Raises SetupRefused.
    """
    setup = _read(setup_id)
    profile = Profile.objects.of(user)
    if profile is None or not setup.customer_id or setup.customer_id != profile.gateway_customer_id:
        raise SetupRefused("foreign")
    if setup.status != "succeeded":
        raise SetupRefused("unfinished")
    if setup.card is None:
        raise SetupRefused("not_a_card")
    # The gateway stamps real time, which the shop's clock may have left behind.
    if datetime.now(UTC) - setup.created_at > SETUP_LIFETIME:
        raise SetupRefused("stale")
    if setup.card.customer_id != setup.customer_id:
        raise SetupRefused("used")
    return _save(profile, setup.card, now=now)


def detach(user: User, card_id: int, *, now: datetime) -> Card:
    """Forget one of the customer's cards, at the gateway first: if we are stopped half-way, its event tells us.

    Raises Card.DoesNotExist when it is not theirs or already removed.
    """
    card = Card.objects.of(user).get(pk=card_id)
    gateway.get().detach_card(card.gateway_id)
    return mark_detached(card.gateway_id, now=now) or card


def forget_customer(user: User) -> None:
    """Nothing at the gateway names the customer any more: their cards have been detached, and what it keeps of them is
    emptied. Safe to repeat; talks to the gateway. Raises GatewayError when that did not happen."""
    profile = Profile.objects.of(user)
    if profile is not None and profile.gateway_customer_id:
        gateway.get().forget_customer(profile.gateway_customer_id)


def refresh(gateway_id: str, *, now: datetime) -> Card | None:
    """Take over what the gateway now knows of a card of ours: a new expiry date, or that it is gone."""
    if not Card.objects.usable().filter(gateway_id=gateway_id).exists():
        return None
    details = gateway.get().read_card(gateway_id)
    if details is None:
        return mark_detached(gateway_id, now=now)
    with transaction.atomic():
        Card.objects.filter(gateway_id=gateway_id).update(
            brand=details.brand,
            last4=details.last4,
            exp_month=details.exp_month,
            exp_year=details.exp_year,
            fingerprint=details.fingerprint,
        )
    return Card.objects.get(gateway_id=gateway_id)


@transaction.atomic
def mark_detached(gateway_id: str, *, now: datetime) -> Card | None:
    """Write down that a card is gone. No other card takes its place: which one to charge is the customer's choice."""
    card = Card.objects.select_for_update().filter(gateway_id=gateway_id).first()
    if card is None or card.detached_at:
        return card
    card.detached_at = now
    card.save(update_fields=["detached_at"])
    Profile.objects.filter(default_card=card).update(default_card=None)
    return card


@transaction.atomic
def make_default(user: User, card_id: int) -> Card:
    """Charge this card from now on. Raises Card.DoesNotExist when it is not theirs or was removed."""
    card = Card.objects.of(user).select_for_update(of=("self",)).get(pk=card_id)
    Profile.objects.filter(pk=card.profile_id).update(default_card=card)
    return card


def _customer_key(user: User) -> str:
    """The same for a doubled call; another once the data differ, as Stripe refuses other data under a known key."""
    told = f"{user.pk}|{user.joined_at.isoformat()}|{user.mail_address}|{user.name}"
    return f"customer:{sha256(told.encode()).hexdigest()}"


def _read(setup_id: str) -> gateway.Setup:
    try:
        return gateway.get().read_setup(setup_id)
    except gateway.GatewayRefused as refusal:
        raise SetupRefused("unknown") from refusal


def _save(profile: Profile, details: gateway.CardDetails, *, now: datetime) -> Card:
    with transaction.atomic(durable=True):
        Profile.objects.select_for_update().get(pk=profile.pk)
        card, created = Card.objects.get_or_create(
            gateway_id=details.method_id,
            defaults={
                "profile": profile,
                "brand": details.brand,
                "last4": details.last4,
                "exp_month": details.exp_month,
                "exp_year": details.exp_year,
                "fingerprint": details.fingerprint,
                "created_at": now,
            },
        )
        if card.detached_at:
            raise SetupRefused("used")
        if created:
            Profile.objects.filter(pk=profile.pk).update(default_card=card)
        return card
