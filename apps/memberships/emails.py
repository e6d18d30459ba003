"""The letters of a membership. Each has a key, so that it is written once for its occasion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.accounts import letters
from apps.accounts.models import User
from apps.billing import credit
from apps.core.money import Money
from apps.loyalty import rules as loyalty

from . import quotes
from .models import Pause, PauseKind, Period, Plan, PlanChange, Price, Subscription

ACCOUNT = "/account/"
MEMBERSHIP_PAGES = "/account/membership/"
PARCEL_PAGES = "/account/boxes/{group}/"
CARD = "/account/card/"
PRICING = "/pricing/"
PARCELS = "/boxes/"


def membership_confirmation(subscription: Subscription, *, now: datetime) -> None:
    """The durable confirmation of the contract: what, price, period, renewal, how to cancel and to withdraw."""
    first = Period.objects.latest_of(subscription)
    price = subscription.price
    _put(
        "membership-confirmation",
        subscription,
        occasion=f"membership-confirmation:{subscription.pk}",
        now=now,
        context=lambda: {
            **_price(price, subscription),
            "is_free": price.is_free,
            "is_trial": subscription.is_trial,
            "first_total": first.gross if first else Money(0, price.currency),
            "period_start": subscription.current_start,
            "period_end": subscription.current_end,
            **_next_charge(subscription, now=now),
            "term_ends_at": subscription.term_ends_at,
            "discount": subscription.promotion.name_i18n if subscription.promotion else "",
            "benefits": [benefit.text_i18n for benefit in price.plan.benefits.all()],
        },
    )


def cancellation_receipt(subscription: Subscription, *, now: datetime) -> None:
    """The receipt of a cancellation: when it arrived and when the membership ends."""
    _put(
        "cancellation-receipt",
        subscription,
        occasion=f"cancellation-receipt:{subscription.pk}:{now.isoformat()}",
        now=now,
        context=lambda: {
            **_price(subscription.price, subscription),
            "reference": subscription.pk,
            "received_at": now,
            "ends_at": subscription.ends_at or subscription.ended_at,
            "at_once": subscription.ended_at is not None,
        },
    )


def cancellation_undone(subscription: Subscription, *, now: datetime) -> None:
    """The membership goes on."""
    _put(
        "cancellation-undone",
        subscription,
        occasion=f"cancellation-undone:{subscription.pk}:{now.isoformat()}",
        now=now,
        context=lambda: {
            **_price(subscription.price, subscription),
            **_next_charge(subscription, now=now),
            "pause_at": subscription.pause_at,
            "term_ends_at": subscription.term_ends_at,
        },
    )


def trial_ending(subscription: Subscription, *, now: datetime) -> None:
    """The free trial ends soon: when, what is charged then, and how to leave before."""
    ends_at = subscription.begins_next()
    price = subscription.pending_price or subscription.price
    _put(
        "trial-ending",
        subscription,
        occasion=f"trial-ending:{subscription.pk}:{ends_at:%Y-%m-%d}",
        now=now,
        context=lambda: {
            **_price(price, subscription),
            "quantity": subscription.holding_next.quantity,
            "is_free": price.is_free,
            "ends_at": ends_at,
            **_next_charge(subscription, now=now),
            "term_ends_at": subscription.natural_end(),
        },
    )


def complimentary(subscription: Subscription, *, now: datetime) -> None:
    """A membership with our compliments: what it grants, until when, and that nothing is ever charged."""
    _put(
        "membership-complimentary",
        subscription,
        occasion=f"membership-complimentary:{subscription.pk}",
        now=now,
        context=lambda: {
            "plan": subscription.plan.name_i18n,
            "ends_at": subscription.ends_at,
            "benefits": [benefit.text_i18n for benefit in subscription.plan.benefits.all()],
        },
    )


def pause_confirmation(subscription: Subscription, pause: Pause, *, now: datetime) -> None:
    """The membership will pause: until when it lasts, when it resumes and at what price, and how to take it back."""
    _put(
        "pause-confirmation",
        subscription,
        occasion=f"pause-confirmation:{pause.pk}",
        now=now,
        context=lambda: _pause(subscription, pause, now=now),
    )


def pause_undone(subscription: Subscription, pause: Pause, *, now: datetime) -> None:
    """The pause was taken back; the membership renews as before."""
    _put(
        "pause-undone",
        subscription,
        occasion=f"pause-undone:{pause.pk}",
        now=now,
        context=lambda: _pause(subscription, pause, now=now) | {"next_charge_at": subscription.next_charge_at},
    )


def resuming(subscription: Subscription, pause: Pause, *, charge: Money, now: datetime) -> None:
    """The pause is over in some days: what will be charged, after `charge` less the credit that pays first."""
    balance = credit.balance(subscription.customer, charge.currency)
    used = min(charge, balance)
    _put(
        "resuming",
        subscription,
        occasion=f"resuming:{subscription.pk}:{pause.resumes_at:%Y-%m-%d}",
        now=now,
        context=lambda: (
            _pause(subscription, pause, now=now) | {"next_total": charge, "credit": used, "due": charge - used}
        ),
    )


def resumed(subscription: Subscription, pause: Pause, *, now: datetime) -> None:
    """The membership is back; the invoice and its receipt follow."""
    _put(
        "resumed",
        subscription,
        occasion=f"resumed:{pause.pk}",
        now=now,
        context=lambda: _pause(subscription, pause, now=now),
    )


def plan_changed(
    subscription: Subscription,
    *,
    old: Price,
    new: Price,
    quantity: int,
    effective_at: datetime,
    charged: Money | None,
    now: datetime,
) -> None:
    """The plan has changed, or will at the end of the period (`effective_at` after `now`)."""
    _put(
        "plan-changed",
        subscription,
        occasion=f"plan-changed:{subscription.pk}:{new.pk}:{now.isoformat()}",
        now=now,
        context=lambda: {
            **_price(new, subscription),
            "quantity": quantity,
            "old_plan": old.plan.name_i18n,
            "is_other_plan": new.plan_id != old.plan_id,
            "is_free": new.is_free,
            "effective_at": effective_at,
            "is_later": effective_at > now,
            "charged": charged,
            **_next_charge(subscription, now=now),
            "term_ends_at": subscription.term_ends_at,
        },
    )


def plan_kept(subscription: Subscription, change: PlanChange, *, now: datetime) -> None:
    """A change that waited for its payment came to nothing; the membership stays as it was."""
    _put(
        "plan-change-failed",
        subscription,
        occasion=f"plan-change-failed:{change.pk}",
        now=now,
        context=lambda: {**_price(subscription.price, subscription), "new_plan": change.price.plan.name_i18n},
    )


def membership_ended(subscription: Subscription, *, now: datetime) -> None:
    """The membership is over, and why."""
    _put(
        "membership-ended",
        subscription,
        occasion=f"membership-ended:{subscription.pk}",
        now=now,
        context=lambda: {
            **_price(subscription.price, subscription),
            "reason": subscription.end_reason,
            "ended_at": subscription.ended_at,
        },
    )


def points_redeemed(customer: User, *, points: int, credit: Money, balance: int, key: str, now: datetime) -> None:
    """Points became credit for the next invoice."""
    letters.put(
        "points-redeemed",
        customer,
        key=f"points-redeemed:{key}",
        context={
            "greeting_name": customer.short_name,
            "points": points,
            "credit": credit,
            "balance": balance,
            "balance_worth": loyalty.value_of(balance, credit.currency),
            "account_url": settings.SITE_URL + ACCOUNT,
        },
        now=now,
    )


def about(plan: Plan) -> dict:
    """What every letter about a subscription to the plan needs: whether it sends goods, and where its pages are."""
    pages = PARCEL_PAGES.format(group=plan.group) if plan.sends_goods else MEMBERSHIP_PAGES
    return {
        "sends_goods": plan.sends_goods,
        "account_url": settings.SITE_URL + (pages if plan.sends_goods else ACCOUNT),
        "cancel_url": f"{settings.SITE_URL}{pages}cancel/",
        "change_url": f"{settings.SITE_URL}{pages}change/",
        "pause_url": f"{settings.SITE_URL}{pages}pause/",
        "resume_url": f"{settings.SITE_URL}{pages}resume/",
        "pricing_url": settings.SITE_URL + (PARCELS if plan.sends_goods else PRICING),
    }


def _pause(subscription: Subscription, pause: Pause, *, now: datetime) -> dict:
    return {
        **_price(subscription.price, subscription),
        "is_skip": pause.kind == PauseKind.SKIP,
        "begins_at": pause.begins_at,
        "resumes_at": pause.resumes_at,
        "next_total": quotes.next_total(subscription, now=now),
        "card_url": settings.SITE_URL + CARD,
    }


def _price(price: Price, subscription: Subscription) -> dict:
    return {
        "plan": price.plan.name_i18n,
        "price": price.amount,
        "per": price.per,
        "tax_included": price.tax_included,
        "quantity": subscription.quantity,
    }


def _next_charge(subscription: Subscription, *, now: datetime) -> dict:
    """What the next period costs and when it is charged; nothing after the last period of a term."""
    return {"next_charge_at": subscription.next_charge_at, "next_total": quotes.next_total(subscription, now=now)}


def _put(
    kind: str, subscription: Subscription, *, occasion: str, now: datetime, context: Callable[[], dict[str, Any]]
) -> None:
    customer = subscription.customer
    letters.put(
        kind,
        customer,
        key=occasion,
        context=lambda: {"greeting_name": customer.short_name, **about(subscription.plan), **context()},
        now=now,
    )
