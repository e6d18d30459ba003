"""Notices before a long renewal, of a year or about: service mail that the law asks for, sent whatever the customer
says about marketing.

A notice is due from so many days before the renewal until the next notice (or the renewal) takes its place, so a worker
that was down for a week gives it late instead of never, and nobody gets two at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from apps.accounts import letters
from apps.memberships import quotes
from apps.memberships.emails import about
from apps.memberships.models import Price, Status, Subscription
from apps.offers import wording

from . import rules
from .models import Notice

BATCH = 200


def give_due(*, now: datetime) -> int:
    """Give the notices that are due, in batches that several workers may run at once; returns how many."""
    prices = _long_prices()
    return sum(_give_all(days, prices, now=now) for days in rules.NOTICE_DAYS) if prices else 0


def next_due(*, now: datetime) -> datetime | None:
    """When the next notice is due, or None."""
    prices = _long_prices()
    if not prices:
        return None
    firsts = []
    for days in rules.NOTICE_DAYS:
        later = timedelta(days=max((other for other in rules.NOTICE_DAYS if other < days), default=0))
        # In the words of the index of what is due. What is parked or waits for a payment has no day that is sure; it
        # is given its notice all the same when the sweep runs.
        renewal = (
            _without(days, prices)
            .filter(next_bill_at__gt=now + later, parked_at=None, changing_since=None)
            .order_by("next_bill_at")
            .values_list("next_bill_at", flat=True)
        ).first()
        if renewal is not None:
            firsts.append(rules.notice_window(renewal, days)[0])
    return min(firsts, default=None)


def _long_prices() -> list[int]:
    """What the law wants announced: the prices of long periods. They are few, and the database that is told which finds
    their members without looking at the others."""
    lasting = Price.objects.lasting(rules.LONG_PERIOD_DAYS).filter(amount_minor__gt=0)
    return list(lasting.order_by("pk").values_list("pk", flat=True))


def _without(days: int, prices: list[int]):
    """Memberships at the prices that will renew, without the notice of so many days for the coming renewal so far."""
    given = Notice.objects.filter(subscription=OuterRef("pk"), period_end=OuterRef("next_bill_at"), days=days)
    return Subscription.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=F("next_bill_at")),
        ~Exists(given),
        status=Status.ACTIVE,
        next_bill_at__isnull=False,
        pause_at=None,
        price__in=prices,
    )


def _give_all(days: int, prices: list[int], *, now: datetime) -> int:
    total = 0
    while True:
        due = _due(days, prices, now=now)
        given = sum(_give(subscription, days, now=now) for subscription in due)
        total += given
        if len(due) < BATCH or not given:
            return total


def _due(days: int, prices: list[int], *, now: datetime) -> list[Subscription]:
    later = max((other for other in rules.NOTICE_DAYS if other < days), default=0)
    return list(
        _without(days, prices)
        .filter(next_bill_at__gt=now + timedelta(days=later), next_bill_at__lte=now + timedelta(days=days))
        .select_related("customer", "plan", "price__plan", "pending_price__plan", "promotion")
        .order_by("next_bill_at", "pk")[:BATCH]
    )


@transaction.atomic
def _give(subscription: Subscription, days: int, *, now: datetime) -> bool:
    """Give one notice; False when another worker has just given it. The row's unique key is the claim."""
    renews_at = subscription.next_bill_at
    assert renews_at is not None, "a notice is due before a renewal"
    key = f"renewal-notice:{subscription.pk}:{renews_at:%Y-%m-%d}:{days}"
    _notice, is_mine = Notice.objects.get_or_create(
        subscription=subscription,
        period_end=renews_at,
        days=days,
        defaults={"key": key, "sent_at": now},
    )
    if is_mine:
        _put(subscription, key, now=now)
    return is_mine


def _put(subscription: Subscription, key: str, *, now: datetime) -> None:
    customer = subscription.customer
    price = subscription.pending_price or subscription.price
    quantity = subscription.holding_next.quantity
    # Where the tax of the country is not known, the renewal will not be billed either; the price is said as it is.
    amount = quotes.next_total(subscription, now=now) or wording.next_amount(
        price, subscription.promotion, quantity=quantity
    )
    letters.put(
        "renewal-notice",
        customer,
        key=key,
        context=lambda: {
            "name": customer.short_name,
            "plan": price.plan.name_i18n,
            "renews_at": subscription.next_bill_at,
            "terms": wording.rate(price, quantity=quantity),
            "amount": amount,
            **about(subscription.plan),
        },
        now=now,
    )
