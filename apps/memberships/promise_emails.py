"""The letters of a price change. They are returned, not put: the worker puts a batch of them at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from apps.accounts import letters
from apps.mail.outbox import Letter

from . import emails
from .models import PricePromise, WithoutConsent


def notice_key(promise: PricePromise, *, days: int) -> str:
    """Names a notice: one for each promise, date and number of days before it."""
    return f"price-change:{promise.pk}:{promise.applies_from:%Y-%m-%d}:{days}"


def notice(promise: PricePromise, *, days: int) -> Letter:
    """What the price is, what it will be, from when, what happens without an answer, and how to leave."""
    return _letter(
        "price-change-notice",
        promise,
        key=notice_key(promise, days=days),
        context=lambda: {"explanation": promise.change.explanation_i18n, "answer_url": link(promise)},
    )


def answered(promise: PricePromise, *, text: str, now: datetime) -> Letter:
    """The durable confirmation of what the member said, in the words they said it in."""
    return _letter(
        "price-change-answer",
        promise,
        key=f"price-change-answer:{promise.pk}:{promise.consent_id}",
        context=lambda: {"words": text, "answered_at": now, "answer_url": link(promise)},
    )


def withdrawn(promise: PricePromise) -> Letter:
    """The change that was announced does not come."""
    return _letter("price-change-withdrawn", promise, key=f"price-change-withdrawn:{promise.pk}", context=dict)


def link(promise: PricePromise) -> str:
    """The address of the page on which the member answers, without a login."""
    return settings.SITE_URL + reverse("price_change", args=[promise.token])


def _letter(kind: str, promise: PricePromise, *, key: str, context: Callable[[], dict]) -> Letter:
    subscription = promise.subscription
    customer = subscription.customer
    return letters.letter(
        kind,
        customer,
        key=key,
        context=lambda: {
            "greeting_name": customer.short_name,
            "plan": promise.old_price.plan.name_i18n,
            "old_price": promise.old_total,
            "new_price": promise.new_total,
            "difference": promise.difference,
            "per": promise.old_price.per,
            # Both versions are alike in this: a change from one to the other cannot be planned.
            "tax_included": promise.old_price.tax_included,
            "applies_from": promise.applies_from,
            "protected_until": promise.protected_until,
            "is_rise": promise.needs_consent,
            "has_agreed": promise.has_agreed,
            "has_refused": bool(promise.answer) and not promise.has_agreed,
            "ends_without_consent": promise.change.without_consent == WithoutConsent.END,
            **emails.about(promise.old_price.plan),
            **context(),
        },
    )
