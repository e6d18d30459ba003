"""Redeeming a promotion and giving a redemption back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import User

from .models import Promotion, Redemption


class NotRedeemable(Exception):
    """The promotion cannot be used; the message is for the customer."""


def check(promotion: Promotion, *, customer: User | None, now: datetime) -> None:
    """Raise NotRedeemable when the customer could not redeem the promotion at `now`; changes nothing. None is somebody
    who has not said yet who they are."""
    if not promotion.is_active or now < promotion.valid_from:
        raise NotRedeemable(_("This promotion is not available."))
    if promotion.valid_to is not None and now >= promotion.valid_to:
        raise NotRedeemable(_("This promotion is over."))
    if promotion.max_redemptions is not None and promotion.redeemed >= promotion.max_redemptions:
        raise NotRedeemable(_("This promotion was used up."))
    if promotion.code and customer is not None and Redemption.objects.used_by(customer, promotion):
        raise NotRedeemable(_("You have used this code before."))


@transaction.atomic
def redeem(promotion_id: int, *, customer: User, key: str, now: datetime) -> Redemption:
    """Count one use of the promotion by the customer. The same key again returns the first redemption.

    Raises NotRedeemable outside its dates, when it is switched off or used up, and for a code the customer used before.
    """
    promotion = Promotion.objects.select_for_update().get(pk=promotion_id)
    done = Redemption.objects.filter(key=key).first()
    if done is not None:
        return done
    check(promotion, customer=customer, now=now)
    redemption = Redemption.objects.create(
        promotion=promotion, customer=customer, key=key, at=now, once=promotion.code is not None
    )
    Promotion.objects.filter(pk=promotion.pk).update(redeemed=F("redeemed") + 1)
    return redemption


@transaction.atomic
def release(key: str, *, now: datetime) -> None:
    """Give a redemption back because the purchase came to nothing. Safe to repeat; an unknown key does nothing."""
    promotion_id = Redemption.objects.filter(key=key).values_list("promotion", flat=True).first()
    if promotion_id is None:
        return
    # The promotion is locked first, as in `redeem`, so that the two never wait for each other.
    Promotion.objects.select_for_update().get(pk=promotion_id)
    if Redemption.objects.filter(key=key, released_at=None).update(released_at=now):
        Promotion.objects.filter(pk=promotion_id).update(redeemed=F("redeemed") - 1)
