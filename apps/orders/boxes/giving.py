"""Boxes that were given: redeemed by somebody who says what is in them and where they go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.memberships.gifts import redeeming
from apps.memberships.models import Gift, GiftUse

from . import joining


@transaction.atomic
def redeem(
    gift: Gift,
    *,
    customer: User,
    shown: GiftUse | str,
    address: Mapping[str, str],
    choices: Mapping[int, int],
    now: datetime,
) -> Gift:
    """Redeem given boxes: note where they go and what is in them, and let them begin.

    Raises what `joining.prepare` and `memberships.gifts.redeeming.redeem` raise; nothing is changed then.
    """
    joining.prepare(customer, gift.price.plan, address=address, choices=choices, now=now)
    return redeeming.redeem(gift.code, customer=customer, shown=shown, now=now)
