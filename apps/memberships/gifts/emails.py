"""The letters of gifts: to the buyer, to the recipient, and to whoever redeemed one."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from apps.accounts import letters
from apps.accounts.models import User
from apps.memberships.emails import about
from apps.memberships.models import Gift

from . import rules

GIFT = "/gifts/{token}/"
REDEEM = "/gifts/redeem/{code}/"


def bought(gift: Gift, *, now: datetime) -> None:
    """To the buyer: what was bought, what happens next, and the page that can be printed."""
    buyer = gift.buyer
    letters.put(
        "gift-bought",
        buyer,
        key=bought_key(gift),
        context=lambda: {
            "greeting_name": buyer.short_name,
            **_what(gift),
            "amount": gift.amount,
            "recipient_email": gift.recipient_email,
            "deliver_at": gift.deliver_at,
            "gift_url": settings.SITE_URL + GIFT.format(token=gift.token),
        },
        now=now,
    )


def delivery(gift: Gift, *, now: datetime) -> None:
    """To the recipient, on the chosen day: who thought of them, and the code, which staff do not see."""
    letters.put(
        "gift-delivery",
        letters.Reader(gift.recipient_email, None, gift.buyer.locale, gift.buyer.time_zone),
        key=delivery_key(gift),
        context=lambda: {
            **_what(gift),
            "buyer_name": gift.buyer.name or gift.buyer.short_name,
            "greeting": gift.greeting,
            "code": gift.printed_code,
            "redeem_url": settings.SITE_URL + REDEEM.format(code=gift.code),
        },
        send_after=gift.deliver_at,
        secret=True,
        now=now,
    )


def bought_key(gift: Gift) -> str:
    """The key of the letter to the buyer."""
    return f"gift-bought:{gift.pk}"


def delivery_key(gift: Gift) -> str:
    """The key of the letter with the code: the page shows whether it has left, a refund stops it."""
    return f"gift-delivery:{gift.pk}:"


def redeemed(gift: Gift, *, customer: User, ends_at: datetime | None, now: datetime) -> None:
    """To whoever redeemed it: until when the membership lasts, or how much credit there is."""
    letters.put(
        "gift-redeemed",
        customer,
        key=f"gift-redeemed:{gift.pk}",
        context=lambda: {
            "greeting_name": customer.short_name,
            **_what(gift),
            "use": gift.used_as,
            "ends_at": ends_at,
            "amount": gift.amount,
            **about(gift.price.plan),
        },
        now=now,
    )


def _what(gift: Gift) -> dict:
    return {
        "what": rules.describe(gift.price, gift.periods),
        "sends_goods": gift.price.plan.sends_goods,
        "recipient_name": gift.recipient_name,
        "expires_at": gift.expires_at,
    }
