"""Getting on a campaign and off it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.memberships.models import MEMBERSHIP, CancelReason, EndReason, Subscription
from apps.offers.models import Offer

from . import lifecycle
from .models import Campaign, Enrollment, Outcome, Status, Trigger

# Ends by which a customer left, or was left by a card or a price: not those that are the shop's own doing.
LEAVING = {EndReason.CANCELLED, EndReason.PAYMENT, EndReason.PRICE}


@transaction.atomic
def joined(subscription: Subscription, *, now: datetime) -> None:
    """A membership became active: the win-back is over, and the welcome begins.

    Who has been through the welcome is not welcomed again; who is on it starts anew with the new membership. Another
    subscription, such as a box, is no membership.
    """
    if subscription.plan_group != MEMBERSHIP:
        return
    if not subscription.price.is_free:
        _stop_all(subscription.customer_id, Trigger.LEFT, Outcome.RETURNED, now=now)
    _stop_all(subscription.customer_id, Trigger.JOINED, Outcome.REPLACED, now=now)
    for campaign in Campaign.objects.on(Trigger.JOINED):
        if not Enrollment.objects.filter(
            campaign=campaign, customer=subscription.customer, status=Status.DONE
        ).exists():
            _enroll(campaign, subscription, key=f"{campaign.slug}:{subscription.pk}", now=now)


@transaction.atomic
def left(subscription: Subscription, *, reason: str, now: datetime) -> None:
    """A membership ended (`reason`: an EndReason): the welcome is over; a paid member who left may be won back. The end
    of another subscription, such as a box, is none of it."""
    if subscription.plan_group != MEMBERSHIP:
        return
    # Only its own welcome: a free membership ends when a paid one replaces it, whose welcome goes on.
    _stop_all(subscription.customer_id, Trigger.JOINED, Outcome.LEFT, now=now, subscription=subscription)
    if reason not in LEAVING or subscription.price.is_free:
        return
    why = EndReason.PAYMENT if reason == EndReason.PAYMENT else subscription.cancel_reason or CancelReason.OTHER
    for campaign in Campaign.objects.on(Trigger.LEFT):
        _stop_all(subscription.customer_id, Trigger.LEFT, Outcome.REPLACED, now=now)
        _enroll(campaign, subscription, key=f"{campaign.slug}:{subscription.pk}", reason=why, now=now)


@transaction.atomic
def upgrades_suggested(offer_ids: list[int], *, now: datetime) -> None:
    """Upgrade offers were made: their letters go out, one journey for each offer."""
    offers = list(Offer.objects.filter(pk__in=offer_ids).select_related("subscription__customer"))
    for campaign in Campaign.objects.on(Trigger.UPGRADE_SUGGESTED):
        first = next(iter(campaign.steps.all()), None)
        if first is None:
            continue
        busy = set(
            Enrollment.objects.active()
            .filter(campaign=campaign, customer__in=[offer.customer_id for offer in offers])
            .values_list("customer_id", flat=True)
        )
        Enrollment.objects.bulk_create(
            [
                Enrollment(
                    campaign=campaign,
                    customer_id=offer.customer_id,
                    subscription=offer.subscription,
                    offer=offer,
                    key=f"{campaign.slug}:{offer.pk}",
                    position=first.position,
                    next_at=now + first.delay,
                    started_at=now,
                )
                for offer in offers
                if offer.customer_id not in busy
            ],
            ignore_conflicts=True,
        )


def _enroll(campaign: Campaign, subscription: Subscription, *, key: str, now: datetime, reason: str = "") -> None:
    first = next(iter(campaign.steps.all()), None)
    if first is None:
        return
    Enrollment.objects.get_or_create(
        key=key,
        defaults={
            "campaign": campaign,
            "customer_id": subscription.customer_id,
            "subscription": subscription,
            "reason": reason,
            "position": first.position,
            "next_at": now + first.delay,
            "started_at": now,
        },
    )


def _stop_all(
    customer_id: int, trigger: Trigger, outcome: Outcome, *, now: datetime, subscription: Subscription | None = None
) -> None:
    enrollments = Enrollment.objects.active().filter(customer=customer_id, campaign__trigger=trigger)
    if subscription is not None:
        enrollments = enrollments.filter(subscription=subscription)
    for enrollment in enrollments.select_for_update(of=("self",)).order_by("pk"):
        lifecycle.stop(enrollment, outcome, now=now)
