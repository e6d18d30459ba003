"""The letter before a membership ends by itself. It is returned, not put: the worker puts a batch of them at once."""

from __future__ import annotations

from apps.accounts import letters
from apps.mail.outbox import Letter

from . import emails
from .models import Subscription


def ending(subscription: Subscription) -> Letter:
    """When it ends and what happens then, and where to choose how to go on: a term from the next period on, anything
    else as a plan of one's own."""
    customer, ends_at = subscription.customer, subscription.ends_at
    assert ends_at is not None, "only what has an end is about to end"
    return letters.letter(
        "membership-ending",
        customer,
        key=f"membership-ending:{subscription.pk}:{ends_at:%Y-%m-%d}",
        context=lambda: {
            "greeting_name": customer.short_name,
            "plan": subscription.plan.name_i18n,
            "ends_at": ends_at,
            "is_gift": subscription.is_gift,
            "is_complimentary": subscription.is_complimentary,
            **emails.about(subscription.plan),
        },
    )
