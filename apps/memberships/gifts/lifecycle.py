"""The states of a gift, and the only place that assigns them. The callers hold the row's lock."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.billing import ledger
from apps.billing.models import Account
from apps.memberships.errors import IllegalMove
from apps.memberships.models import Gift, GiftStatus, GiftUse, Subscription

ARROWS = {
    GiftStatus.OPEN: {GiftStatus.WAITING, GiftStatus.FAILED},
    GiftStatus.WAITING: {GiftStatus.REDEEMED, GiftStatus.LAPSED, GiftStatus.REFUNDED},
    GiftStatus.FAILED: set(),
    GiftStatus.REDEEMED: set(),
    GiftStatus.LAPSED: set(),
    GiftStatus.REFUNDED: set(),
}


def pay(gift: Gift, *, now: datetime) -> None:
    """OPEN -> WAITING, when its invoice is paid: what was taken is owed to whoever redeems the code."""
    gift.paid_at = now
    gift.expires_at = now + timedelta(days=max(gift.price.plan.gift_valid_days, 1))
    _move(gift, GiftStatus.WAITING)
    sold = [(Account.REVENUE, gift.amount), (Account.GIFTS, -gift.amount)]
    ledger.post(_sale(gift), sold, customer_id=gift.buyer_id, now=now)


def fail(gift: Gift, *, problem: str, now: datetime) -> None:
    """OPEN -> FAILED, when its payment was refused or never came; `problem` is for the buyer. Safe to repeat."""
    if gift.status == GiftStatus.OPEN:
        gift.problem = problem
        gift.closed_at = now
        _move(gift, GiftStatus.FAILED)


def redeem(gift: Gift, *, customer: User, use: GiftUse, subscription: Subscription, now: datetime) -> None:
    """WAITING -> REDEEMED, by whoever had the code. What is owed was turned into credit before."""
    gift.redeemed_by = customer
    gift.used_as = use
    gift.subscription = subscription
    _close(gift, GiftStatus.REDEEMED, actor=customer.email, now=now)


def lapse(gift: Gift, *, now: datetime) -> None:
    """WAITING -> LAPSED, when nobody redeemed it in time: what was owed is revenue."""
    _close(gift, GiftStatus.LAPSED, actor="system", now=now)
    ledger.reverse(_sale(gift), as_key=f"gift-lapsed:{gift.pk}", now=now)


def refund(gift: Gift, *, actor: str, now: datetime) -> None:
    """WAITING -> REFUNDED, by staff: it is owed to nobody any more. The refund itself takes the revenue back."""
    _close(gift, GiftStatus.REFUNDED, actor=actor, now=now)
    ledger.reverse(_sale(gift), as_key=f"gift-refunded:{gift.pk}", now=now)


def _sale(gift: Gift) -> str:
    return f"gift-sold:{gift.pk}"


def _close(gift: Gift, status: GiftStatus, *, actor: str, now: datetime) -> None:
    gift.closed_at = now
    gift.closed_by = actor
    _move(gift, status)


def _move(gift: Gift, new: GiftStatus) -> None:
    if new not in ARROWS[GiftStatus(gift.status)]:
        raise IllegalMove(f"Gift {gift.pk}: {gift.status} -> {new}")
    gift.status = new
    gift.save()
