"""What happens to offers: opened, accepted, declined, ended; and new versions of their policies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.loyalty import services as loyalty
from apps.memberships import services as memberships
from apps.memberships.models import Subscription

from . import lifecycle
from .errors import OfferRefused
from .models import Arm, Kind, Offer, OfferPolicy, Status
from .upgrades import suggest_upgrades

__all__ = [
    "accept",
    "decline",
    "expire_due",
    "mark_shown",
    "open_link",
    "revise_policy",
    "settle",
    "suggest_upgrades",
    "withdraw",
]

BATCH = 200


def open_link(token: UUID | str, *, customer, now: datetime) -> Offer:
    """The offer behind a link, for the signed-in customer; the first time, it is marked as shown.

    Raises OfferRefused ("unknown" for another customer's, a control-arm or no offer; "decided", "expired",
    "not_applicable"). Nothing is changed then.
    """
    offer = _find(token, customer=customer)
    _require_open(offer, now=now)
    mark_shown(offer, now=now)
    return offer


def mark_shown(offer: Offer, *, now: datetime) -> None:
    """Note that the customer saw the offer; only the first time counts. A control-arm offer is never marked."""
    if Offer.objects.filter(pk=offer.pk, arm=Arm.TREATMENT, shown_at=None).update(shown_at=now):
        offer.shown_at = now


def accept(
    token: UUID | str, *, customer, now: datetime, quoted_at: datetime | None = None, quoted_minor: int | None = None
) -> memberships.ChangeResult:
    """Take an upgrade offer: changes the plan of the membership, charging the difference now.

    The offer is recorded as accepted with the change itself, in the transaction that makes it (see `receivers`). If the
    card is declined or asks for the customer, the result says so and the offer stays open. Talks to the gateway: never
    call it inside a transaction. Raises OfferRefused as `open_link` does, and "not_applicable" for offers that lead to
    a sign-up (`offer.needs_signup`); and what `memberships.change_plan` raises. `quoted_at` and `quoted_minor` are as
    there.
    """
    offer = _find(token, customer=customer)
    _require_open(offer, now=now)
    if offer.needs_signup:
        raise OfferRefused("not_applicable")
    mark_shown(offer, now=now)
    return memberships.change_plan(
        offer.subscription_id,
        offer.price_id,
        customer=customer,
        now=now,
        quoted_at=quoted_at,
        quoted_minor=quoted_minor,
    )


@transaction.atomic
def decline(token: UUID | str, *, customer, now: datetime) -> Offer:
    """The customer does not want it: no offer of the kind for the policy's quiet time. Raises OfferRefused."""
    found = _find(token, customer=customer)
    offer = Offer.objects.select_for_update().get(pk=found.pk)
    _require_undecided(offer, now=now)
    offer.shown_at = offer.shown_at or now
    offer.save(update_fields=["shown_at"])
    return lifecycle.decline(offer, now=now)


def settle(subscription: Subscription, *, now: datetime) -> list[Offer]:
    """The customer has just joined or changed plan: close the offers this answers; returns them.

    A win-back offer is answered by any paid plan of its group, an upgrade offer by one at least as high. Points
    promised are granted to those who were promised them. Runs in the caller's transaction; safe to repeat.
    """
    if subscription.price.is_free:
        return []
    answered = [
        offer
        for offer in Offer.objects.select_for_update(of=("self",))
        .select_related("price__plan")
        .filter(
            customer_id=subscription.customer_id,
            price__plan__group=subscription.plan_group,
            status=Status.OPEN,
            expires_at__gt=now,
        )
        .order_by("pk")
        if offer.kind == Kind.WINBACK or offer.price.plan.rank <= subscription.plan.rank
    ]
    for offer in answered:
        lifecycle.convert(offer, now=now)
        if offer.points and offer.status == Status.ACCEPTED:
            loyalty.earn(
                offer.customer_id,
                points=offer.points,
                key=f"{offer.kind}:{offer.pk}",
                reason=offer.get_kind_display(),
                currency=offer.price.currency,
                now=now,
            )
    return answered


@transaction.atomic
def withdraw(subscription_id: int, *, now: datetime) -> int:
    """The membership an open upgrade offer was about has ended: the offer ends too. Returns how many."""
    offers = list(
        Offer.objects.select_for_update().filter(subscription=subscription_id, kind=Kind.UPGRADE, status=Status.OPEN)
    )
    for offer in offers:
        lifecycle.expire(offer, now=now)
    return len(offers)


def expire_due(*, now: datetime) -> int:
    """End open offers whose time is over, in batches that several workers share; returns how many."""
    total = 0
    while done := _expire_batch(now):
        total += done
    return total


@transaction.atomic
def _expire_batch(now: datetime) -> int:
    offers = list(Offer.objects.due(now).order_by("expires_at", "pk").select_for_update(skip_locked=True)[:BATCH])
    for offer in offers:
        lifecycle.expire(offer, now=now)
    return len(offers)


@transaction.atomic
def revise_policy(policy: OfferPolicy, *, now: datetime) -> OfferPolicy:
    """Store `policy` as the next version of its kind: policies are never edited, and each offer names its version."""
    last = OfferPolicy.objects.select_for_update().filter(kind=policy.kind).order_by("-version").first()
    policy.pk = None
    policy.version = last.version + 1 if last else 1
    policy.created_at = now
    policy.save(force_insert=True)
    return policy


def _find(token: UUID | str, *, customer) -> Offer:
    try:
        key = UUID(str(token))
    except ValueError:
        raise OfferRefused("unknown") from None
    offer = (
        Offer.objects.shown()
        .filter(token=key, customer=customer)
        .select_related("price__plan", "promotion", "subscription__price", "subscription__plan")
        .first()
    )
    if offer is None:
        raise OfferRefused("unknown")
    return offer


def _require_undecided(offer: Offer, *, now: datetime) -> None:
    if offer.status == Status.EXPIRED or (offer.status == Status.OPEN and offer.expires_at <= now):
        raise OfferRefused("expired")
    if offer.status != Status.OPEN:
        raise OfferRefused("decided")


def _require_open(offer: Offer, *, now: datetime) -> None:
    _require_undecided(offer, now=now)
    current = Subscription.objects.open().filter(
        customer=offer.customer_id, plan_group=offer.price.plan.group, price__amount_minor__gt=0
    )
    if offer.kind == Kind.WINBACK:
        fits = not current.exists()
    else:
        fits = (
            offer.subscription.is_open_at(now)
            and not offer.subscription.is_cancelling
            and offer.subscription.plan.rank < offer.price.plan.rank
        )
    if not (fits and offer.price.is_on_sale_at(now)):
        raise OfferRefused("not_applicable")
