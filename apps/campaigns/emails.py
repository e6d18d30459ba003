"""The letters of campaigns. Each goes out in the customer's language, with the link that stops them all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.accounts import letters
from apps.accounts.models import User
from apps.accounts.services import unsubscribe_url
from apps.catalog.models import Product
from apps.loyalty import rules as loyalty
from apps.loyalty.models import PointsAccount
from apps.mail.models import Stream
from apps.memberships.models import Subscription
from apps.offers import services as offers
from apps.offers import winback
from apps.offers.models import Arm, Offer
from apps.offers.models import Status as OfferStatus

from . import rules
from .models import Enrollment, Letter, Outcome, Step

GUIDES_SHOWN = 3


def send(enrollment: Enrollment, step: Step, *, now: datetime) -> Outcome | None:
    """Put the letter of a step in the outbox, once for each enrollment and step.

    Returns None when it was put, or why the journey ends without it. The caller has asked for consent and frequency.
    """
    return _LETTERS[Letter(step.letter)](enrollment, step, now)


def _first_steps(enrollment: Enrollment, step: Step, now: datetime) -> Outcome | None:
    if not enrollment.subscription.is_open_at(now):
        return Outcome.LEFT
    plan = enrollment.subscription.plan
    guides = (
        Product.objects.published()
        .guides()
        .filter(member_min_rank__lte=plan.rank)
        .order_by("-member_min_rank", "position")
    )

    def context() -> dict[str, Any]:
        return {
            "plan": plan.name_i18n,
            "benefits": [benefit.text_i18n for benefit in plan.benefits.all()],
            "guides": [[str(guide), settings.SITE_URL + guide.get_absolute_url()] for guide in guides[:GUIDES_SHOWN]],
        }

    _put("welcome-first-steps", enrollment, step, context, now=now)
    return None


def _points(enrollment: Enrollment, step: Step, now: datetime) -> Outcome | None:
    subscription = enrollment.subscription
    if not subscription.is_open_at(now):
        return Outcome.LEFT
    if subscription.price.is_free:  # a free membership earns nothing: there is nothing true to say about its points
        return Outcome.FINISHED
    balance = PointsAccount.objects.balance_of(enrollment.customer)

    def context() -> dict[str, Any]:
        return {
            "plan": subscription.plan.name_i18n,
            "balance": balance,
            "worth": loyalty.value_of(balance, subscription.price.currency),
            "points_url": settings.SITE_URL + reverse("redeem_points"),
        }

    _put("welcome-points", enrollment, step, context, now=now)
    return None


def _upgrade(enrollment: Enrollment, step: Step, now: datetime) -> Outcome | None:
    offer = (
        Offer.objects.shown()
        .open_at(now)
        .select_related("price__plan", "promotion")
        .filter(enrollments=enrollment)
        .first()
    )
    subscription = enrollment.subscription
    if offer is None or not subscription.is_open_at(now) or subscription.is_cancelling:
        return Outcome.NO_OFFER
    _put("offer-upgrade", enrollment, step, lambda: _about(offer) | {"current": str(subscription.plan)}, now=now)
    offers.mark_shown(offer, now=now)
    return None


def _winback(enrollment: Enrollment, step: Step, now: datetime) -> Outcome | None:
    return _call_back(rules.winback_kind(enrollment.reason), enrollment, step, now)


def _goodbye(enrollment: Enrollment, step: Step, now: datetime) -> Outcome | None:
    return _call_back("winback-goodbye", enrollment, step, now)


def _call_back(kind: str, enrollment: Enrollment, step: Step, now: datetime) -> Outcome | None:
    back = Subscription.objects.open().filter(
        customer=enrollment.customer, plan_group=enrollment.subscription.plan_group, price__amount_minor__gt=0
    )
    if back.exists():
        return Outcome.RETURNED
    offer = winback.make(
        enrollment.subscription,
        reason=enrollment.reason,
        key=f"winback:{enrollment.pk}:{step.position}",
        now=now,
    )
    if offer is None or offer.status != OfferStatus.OPEN:
        return Outcome.NO_OFFER
    enrollment.offer = offer
    enrollment.save(update_fields=["offer"])
    if offer.arm == Arm.CONTROL:
        return Outcome.CONTROL
    _put(kind, enrollment, step, lambda: _about(offer) | {"left": str(enrollment.subscription.plan)}, now=now)
    offers.mark_shown(offer, now=now)
    return None


def _about(offer: Offer) -> dict[str, Any]:
    """What every letter with an offer says: the plan, the price, what is given, until when, and where."""
    return {
        "plan": offer.price.plan.name_i18n,
        "tagline": offer.price.plan.tagline_i18n,
        "terms": offer.terms_text,
        "reason": offer.reason_text,
        "has_discount": offer.promotion_id is not None,
        "points": offer.points,
        "worth": offer.points_value,
        "until": offer.expires_at,
        "offer_url": offer.link,
    }


def _put(
    kind: str, enrollment: Enrollment, step: Step, context: Callable[[], dict[str, Any]], *, now: datetime
) -> None:
    customer: User = enrollment.customer
    account_url = settings.SITE_URL + reverse("account")
    letters.put(
        kind,
        customer,
        key=f"campaign:{enrollment.pk}:{step.position}",
        context=lambda: {**context(), "name": customer.short_name, "account_url": account_url},
        now=now,
        stream=Stream.MARKETING,
        unsubscribe_url=unsubscribe_url(customer),
    )


_LETTERS: dict[Letter, Callable[[Enrollment, Step, datetime], Outcome | None]] = {
    Letter.FIRST_STEPS: _first_steps,
    Letter.POINTS: _points,
    Letter.UPGRADE: _upgrade,
    Letter.WINBACK: _winback,
    Letter.GOODBYE: _goodbye,
}
