"""What staff see of one customer at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.billing.models import Card, CreditAccount, Invoice, Profile
from apps.core.money import Money
from apps.loyalty.models import PointsAccount
from apps.loyalty.rules import value_of
from apps.memberships import quotes
from apps.memberships.models import MEMBERSHIP, PricePromise, Subscription


@dataclass(frozen=True, slots=True)
class Glance:
    """`subscription` is the open membership, or the last one that ended. The next charge is what the coming period
    costs, before credit; both None when nothing will be charged. `promise` is what they were told of their price.
    `owed` are unpaid invoices."""

    customer: User
    subscription: Subscription | None
    is_member: bool
    next_charge_at: datetime | None
    next_charge: Money | None
    promise: PricePromise | None
    points: int
    points_worth: Money
    credits: list[Money]
    card: Card | None
    owed: list[Invoice]


def glance(customer: User, *, now: datetime) -> Glance:
    """Membership, next charge, points, credit, card and debts of a customer at `now`. A fixed number of queries."""
    current = Subscription.objects.current_of(customer)
    subscription = current or _last_of(customer)
    next_charge_at, next_charge = _next_charge(current, now=now)
    profile = Profile.objects.of(customer)
    points = PointsAccount.objects.balance_of(customer)
    return Glance(
        customer=customer,
        subscription=subscription,
        is_member=current is not None and current.is_open_at(now),
        next_charge_at=next_charge_at,
        next_charge=next_charge,
        promise=PricePromise.objects.of(current) if current else None,
        points=points,
        points_worth=value_of(points, customer.currency),
        credits=[account.balance for account in CreditAccount.objects.filter(customer=customer, balance_minor__gt=0)],
        card=profile.default_card if profile else None,
        owed=list(Invoice.objects.of(customer).open()),
    )


def _last_of(customer: User) -> Subscription | None:
    return (
        Subscription.objects.filter(customer=customer, plan_group=MEMBERSHIP, started_at__isnull=False)
        .select_related("plan", "price__plan")
        .order_by("-started_at")
        .first()
    )


def _next_charge(subscription: Subscription | None, *, now: datetime) -> tuple[datetime | None, Money | None]:
    if subscription is None or subscription.next_charge_at is None:
        return None, None
    amount = quotes.next_total(subscription, now=now)
    return (subscription.next_charge_at, amount) if amount else (None, None)
