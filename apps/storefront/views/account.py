"""The customer's hub: what they have, what comes next, and every way to change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.billing import credit
from apps.billing.models import Card, Invoice, Profile, Recovery
from apps.core import clock
from apps.core.money import Money
from apps.loyalty import rules as points_rules
from apps.loyalty.models import PointsAccount
from apps.memberships import quotes, services, withdrawal_rules
from apps.memberships.errors import Refused
from apps.memberships.models import PricePromise, Subscription
from apps.offers import services as offers
from apps.offers.models import Kind, Offer

from ..contracts import Contract
from ..payable import Payable
from ..signed_in import SignedInRequest

RECENT_INVOICES = 4


@dataclass(frozen=True, slots=True)
class NextCharge:
    """The next renewal: when, and how much."""

    at: datetime
    amount: Payable


@dataclass(frozen=True, slots=True)
class OwnBox:
    """One of the customer's boxes, for a card: its contract and the next charge, if there is one."""

    subscription: Subscription
    contract: Contract
    next_charge: NextCharge | None


@login_required
@require_safe
def hub(request: SignedInRequest) -> HttpResponse:
    """One page with everything; a fixed number of queries, whatever the length of the history."""
    now = clock.now()
    user = request.user
    subscription = Subscription.objects.current_of(user)
    currency = subscription.price.currency if subscription else user.currency
    points = PointsAccount.objects.balance_of(user)
    balance = credit.balance(user, currency)
    offer = Offer.objects.for_customer(user, Kind.UPGRADE, now) if subscription else None
    preview = preview_of(offer, now=now) if offer else None
    shown = offer if offer and (preview or offer.needs_signup) else None
    context = {
        "subscription": subscription,
        "benefits": list(subscription.plan.benefits.all()) if subscription else [],
        "promise": PricePromise.objects.of(subscription) if subscription else None,
        "next_charge": next_charge(subscription, balance=balance, now=now),
        "can_pause": subscription is not None and subscription.may_pause,
        "withdraw_until": withdraw_until(subscription, now=now),
        "credit": balance,
        "points": points,
        "points_value": points_rules.value_of(points, currency),
        "card": card_of(user),
        "invoices": Invoice.objects.of(user)[:RECENT_INVOICES],
        "unpaid": unpaid(user),
        "boxes": own_boxes(user, now=now),
        "offer": shown,
        "preview": preview,
        "today": Payable.after_credit(preview.due_now, balance=balance) if preview else None,
    }
    if shown:
        offers.mark_shown(shown, now=now)
    return render(request, "storefront/account/hub.html", context)


def own_boxes(user: User, *, now: datetime) -> list[OwnBox]:
    """What the customer has of boxes, each with its next charge. One query for who has none."""
    held = Subscription.objects.held().filter(customer=user, plan__sends_goods=True)
    found = []
    for subscription in held.select_related("customer", "plan", "price__plan", "pending_price__plan", "promotion"):
        balance = credit.balance(user, subscription.price.currency)
        charge = next_charge(subscription, balance=balance, now=now)
        found.append(OwnBox(subscription, Contract.of(subscription), charge))
    return found


def next_charge(subscription: Subscription | None, *, balance: Money, now: datetime) -> NextCharge | None:
    """What the next renewal takes, or None when nothing will be charged. `balance` is the customer's credit."""
    if subscription is None or subscription.next_charge_at is None:
        return None
    total = quotes.next_total(subscription, now=now)
    if total is None:
        return None
    return NextCharge(subscription.next_charge_at, Payable.after_credit(total, balance=balance))


def withdraw_until(subscription: Subscription | None, *, now: datetime) -> datetime | None:
    """The end of the fourteen days in which the customer can withdraw; None when there is no such right, any more. A
    free membership is left by cancelling it."""
    if subscription is None or subscription.price.is_free or not withdrawal_rules.may_withdraw(subscription, now=now):
        return None
    return withdrawal_rules.until(subscription)


def card_of(user: User) -> Card | None:
    """The card that is charged, if there is one."""
    profile = Profile.objects.of(user)
    return profile.default_card if profile else None


def preview_of(offer: Offer, *, now: datetime) -> quotes.Change | None:
    """What accepting would cost at this instant; None when it takes a sign-up, or when nothing can be changed now."""
    if offer.needs_signup:
        return None
    try:
        return services.preview_change(offer.subscription, offer.price, now=now)
    except Refused:
        return None


def unpaid(user: User) -> Invoice | None:
    """The oldest invoice that was tried in vain and is still to be paid."""
    recovery = (
        Recovery.objects.unpaid()
        .filter(invoice__customer=user)
        .select_related("invoice__customer")
        .order_by("started_at", "pk")
        .first()
    )
    return recovery.invoice if recovery else None
