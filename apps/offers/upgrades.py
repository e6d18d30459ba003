"""Upgrade suggestions: who would be better off one or more plans up, from what they did, in batches.

Each open membership has a Review row that says when it is next looked at: every day, and at once when a locked guide
was opened. A batch of reviews costs a fixed number of statements whatever its size.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from apps.catalog.models import GuideView
from apps.memberships.models import MEMBERSHIP, OPEN, Price, Status, Subscription

from . import history, rules
from .models import Arm, Kind, Offer, OfferPolicy, Review
from .models import Status as OfferStatus
from .signals import upgrades_suggested

BATCH = 1_000
# All daily looks fall on the same minute, so that the workers (and the time machine) wake once a day for them.
LOOK_AT = time(4, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Member:
    """What one membership looks like to the rules."""

    subscription: Subscription
    guides: dict[int, int]  # product id of each locked guide opened -> the rank it needs
    earnings: list[history.Earning]


def suggest_upgrades(*, now: datetime) -> int:
    """Look at every membership whose review is due and make the offers; returns how many were made.

    Not considered: the top plan, a free trial, a payment overdue, a cancelled or changing membership, an open upgrade
    offer, and one that was answered or ended within the policy's quiet time: silence is an answer too. Offers of the
    control arm are stored and announced to nobody.
    """
    _add_missing_reviews(now)
    policy = OfferPolicy.objects.current(Kind.UPGRADE)
    made = 0
    while (batch := _review_batch(policy, now=now)) is not None:
        made += batch
    return made


def next_due(*, now: datetime) -> datetime | None:
    """The next instant at which a membership is to be looked at, or None."""
    if _due(now).exists() or Subscription.objects.open().filter(plan_group=MEMBERSHIP, offer_review=None).exists():
        return now
    return Review.objects.aggregate(next=Min("next_at"))["next"]


def _due(now: datetime):
    opened_since = GuideView.objects.filter(
        customer=OuterRef("subscription__customer"), locked=True, at__gt=OuterRef("reviewed_at"), at__lte=now
    )
    return Review.objects.filter(Q(next_at__lte=now) | Exists(opened_since))


def _add_missing_reviews(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO offers_review (subscription_id, next_at)"
            " SELECT s.id, %s FROM memberships_subscription s WHERE s.status = ANY(%s)"
            " AND s.plan_group = %s AND NOT EXISTS (SELECT 1 FROM offers_review r WHERE r.subscription_id = s.id)"
            " ON CONFLICT DO NOTHING",
            [now, [status.value for status in OPEN], MEMBERSHIP],
        )


@transaction.atomic
def _review_batch(policy: OfferPolicy, *, now: datetime) -> int | None:
    """Claim and carry out one batch; the number of offers made, or None when nothing is due."""
    claimed = list(
        _due(now)
        .order_by("next_at", "pk")
        .select_for_update(skip_locked=True, of=("self",))
        .values_list("pk", flat=True)[:BATCH]
    )
    if not claimed:
        return None
    Review.objects.filter(pk__any=claimed).exclude(subscription__status__in=OPEN).delete()
    Review.objects.filter(pk__any=claimed).update(reviewed_at=now, next_at=_tomorrow(now))
    if not policy.is_active:
        return 0
    offers = Offer.objects.bulk_create(_offers(_eligible(claimed, policy, now=now), policy, now=now))
    shown = [offer.pk for offer in offers if offer.arm == Arm.TREATMENT]
    if shown:
        upgrades_suggested.send(sender=Offer, offer_ids=shown, now=now)
    return len(offers)


def _tomorrow(now: datetime) -> datetime:
    look = datetime.combine(now.date(), LOOK_AT)
    return look if look > now else look + timedelta(days=1)


def _eligible(subscription_ids: list[int], policy: OfferPolicy, *, now: datetime) -> list[Subscription]:
    """Of these, the ones that can be made an offer and gave a reason to look closer."""
    upgrades = Offer.objects.filter(customer=OuterRef("customer"), kind=Kind.UPGRADE)
    lately = upgrades.filter(decided_at__gt=now - timedelta(days=policy.quiet_days))
    return list(
        Subscription.objects.filter(
            ~Exists(upgrades.filter(status=OfferStatus.OPEN)),
            ~Exists(lately),
            Exists(_guides_enough(policy, now=now)) | Exists(history.enough(policy.min_points)),
            pk__any=subscription_ids,
            status=Status.ACTIVE,
            ends_at=None,
            pause_at=None,
            pending_price=None,
            changing_since=None,
            parked_at=None,
        )
        .select_related("plan", "price", "customer")
        .order_by("pk")
    )


def _guides_enough(policy: OfferPolicy, *, now: datetime) -> QuerySet[Any, Any]:
    """For the customer of the outer query: a row when they opened as many locked guides as the policy asks."""
    since = now - timedelta(days=policy.lookback_days)
    opened = GuideView.objects.filter(customer=OuterRef("customer"), locked=True, at__gt=since, at__lte=now).order_by()
    many = opened.values("customer").annotate(guides=Count("product", distinct=True))
    return many.filter(guides__gte=policy.min_guides).values("customer")


def _offers(subscriptions: list[Subscription], policy: OfferPolicy, *, now: datetime) -> list[Offer]:
    if not subscriptions:
        return []
    prices = _newest_prices(now)
    guides = _locked_guides(subscriptions, since=now - timedelta(days=policy.lookback_days), now=now)
    earnings = history.earnings([subscription.customer_id for subscription in subscriptions])
    offers = []
    for subscription in subscriptions:
        member = Member(subscription, guides[subscription.customer_id], earnings[subscription.customer_id])
        offer = _offer(member, prices, policy, now=now)
        if offer is not None:
            offers.append(offer)
    return offers


def _offer(member: Member, prices: list[Price], policy: OfferPolicy, *, now: datetime) -> Offer | None:
    subscription = member.subscription
    above = {price.plan_id: price for price in prices if _is_above(price, subscription)}
    suggestion = rules.strongest(
        [_target(member, price) for price in above.values()],
        min_guides=policy.min_guides,
        min_points=policy.min_points,
    )
    if suggestion is None:
        return None
    price = above[suggestion.target.plan_id]
    is_control = rules.is_control(subscription.customer_id, Kind.UPGRADE, holdout_percent=policy.holdout_percent)
    return Offer(
        kind=Kind.UPGRADE,
        customer=subscription.customer,
        subscription=subscription,
        policy=policy,
        key=f"upgrade:{subscription.pk}:{now:%Y-%m-%dT%H:%M:%S}",
        arm=Arm.CONTROL if is_control else Arm.TREATMENT,
        price=price,
        reason_code=suggestion.reason,
        reason=_facts(suggestion, price, policy),
        created_at=now,
        expires_at=now + timedelta(days=policy.valid_days),
    )


def _is_above(price: Price, subscription: Subscription) -> bool:
    own = subscription.price
    return (
        price.plan.group == subscription.plan_group
        and price.plan.rank > subscription.plan.rank
        and (price.currency, price.interval_unit, price.interval_count)
        == (own.currency, own.interval_unit, own.interval_count)
    )


def _target(member: Member, price: Price) -> rules.Target:
    now_rank = member.subscription.plan.rank
    unlocked = tuple(sorted(guide for guide, rank in member.guides.items() if now_rank < rank <= price.plan.rank))
    points = sum(earning.missed(price.plan.points_percent) for earning in member.earnings)
    return rules.Target(price.plan_id, price.plan.rank, unlocked, points)


def _facts(suggestion: rules.Suggestion, price: Price, policy: OfferPolicy) -> dict:
    facts: dict = {"plan": price.plan.name, "currency": price.currency}
    if suggestion.reason == "guides":
        return facts | {
            "count": len(suggestion.target.guides),
            "guides": list(suggestion.target.guides),
            "days": policy.lookback_days,
        }
    return facts | {"points": suggestion.target.points}


def _newest_prices(now: datetime) -> list[Price]:
    newest: dict[tuple, Price] = {}
    for price in Price.objects.on_sale(now).renewing().order_by("version"):
        newest[price.plan_id, price.currency, price.interval_unit, price.interval_count] = price
    return list(newest.values())


def _locked_guides(subscriptions: list[Subscription], *, since: datetime, now: datetime) -> dict[int, dict[int, int]]:
    """For each customer, the distinct locked guides opened since, with the rank each needs."""
    guides: dict[int, dict[int, int]] = defaultdict(dict)
    views = (
        GuideView.objects.filter(
            customer__any=[subscription.customer_id for subscription in subscriptions],
            locked=True,
            at__gt=since,
            at__lte=now,
            product__member_min_rank__isnull=False,
        )
        .values_list("customer_id", "product_id", "product__member_min_rank")
        .distinct()
    )
    for customer_id, product_id, rank in views:
        assert rank is not None, "a locked guide needs a rank"
        guides[customer_id][product_id] = rank
    return guides
