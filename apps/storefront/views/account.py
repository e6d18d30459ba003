"""The customer's hub: what they have, what comes next, and every way to change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.billing import credit
from apps.billing.models import Card, Invoice, Profile, Recovery
from apps.core import clock
from apps.core.money import Money
from apps.loyalty import rules as points_rules
from apps.loyalty.models import PointsAccount
from apps.memberships import quotes
from apps.memberships.errors import Refused
from apps.memberships.models import Subscription
from apps.offers import services as offers
from apps.offers.models import Kind, Offer

from .. import explanations

RECENT_INVOICES = 4


@dataclass(frozen=True, slots=True)
class NextCharge:
    """The next renewal: when, how much, how much of it is paid by credit. Amounts include tax."""

    at: datetime
    total: Money
    credit: Money

    @property
    def due(self) -> Money:
        return self.total - self.credit


@login_required
@require_safe
def hub(request: HttpRequest) -> HttpResponse:
    """One page with everything; a fixed number of queries, whatever the length of the history."""
    now = clock.now()
    user = request.user
    subscription = Subscription.objects.current_of(user)
    currency = subscription.price.currency if subscription else user.currency
    balance = PointsAccount.objects.balance_of(user)
    credit_balance = credit.balance(user, currency)
    profile = Profile.objects.of(user)
    offer = Offer.objects.for_customer(user, Kind.UPGRADE, now) if subscription else None
    preview = _preview(offer, now=now)
    context = {
        "subscription": subscription,
        "benefits": list(subscription.plan.benefits.all()) if subscription else [],
        "next_charge": next_charge(subscription, credit_balance=credit_balance),
        "credit": credit_balance,
        "points": balance,
        "points_value": points_rules.value_of(balance, currency),
        "card": profile.default_card if profile else None,
        "invoices": Invoice.objects.of(user)[:RECENT_INVOICES],
        "unpaid": _unpaid(user),
        "offer": offer if preview else None,
        "preview": preview,
    }
    if offer and preview:
        offers.mark_shown(offer, now=now)
    return render(request, "storefront/account/hub.html", context)


@login_required
@require_safe
def invoices(request: HttpRequest) -> HttpResponse:
    """All invoices, newest first."""
    return render(request, "storefront/account/invoices.html", {"invoices": Invoice.objects.of(request.user)})


@login_required
@require_safe
def invoice(request: HttpRequest, number: str) -> HttpResponse:
    """One invoice with the derivation of every line. Another customer's is not found."""
    found = get_object_or_404(Invoice.objects.of(request.user).with_lines(), number=number)
    context = {
        "invoice": found,
        "payments": found.payments.select_related("card").order_by("attempt"),
        "explanations": explanations.of(found),
    }
    return render(request, "storefront/account/invoice.html", context)


def next_charge(subscription: Subscription | None, *, credit_balance: Money) -> NextCharge | None:
    """What the next renewal takes, or None when nothing will be charged."""
    if subscription is None or subscription.ends_at is not None or subscription.next_bill_at is None:
        return None
    total = quotes.next_total(subscription)
    if total is None:
        return None
    return NextCharge(subscription.next_bill_at, total, min(credit_balance, total, key=lambda money: money.minor))


def card_of(user: User) -> Card | None:
    """The card that is charged, if there is one."""
    profile = Profile.objects.of(user)
    return profile.default_card if profile else None


def _unpaid(user: User) -> Invoice | None:
    """The oldest invoice that a recovery is open for."""
    recovery = (
        Recovery.objects.open().filter(invoice__customer=user).select_related("invoice").order_by("started_at").first()
    )
    return recovery.invoice if recovery else None


def _preview(offer: Offer | None, *, now: datetime) -> quotes.Change | None:
    """What accepting would cost at this instant; None when the membership has moved on."""
    if offer is None or offer.needs_signup:
        return None
    try:
        return quotes.change(offer.subscription, offer.price, now=now)
    except Refused:
        return None
