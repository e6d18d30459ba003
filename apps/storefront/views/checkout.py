"""Joining, after the terms: the card, the first charge, and how it went."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.billing.gateway import GatewayError
from apps.billing.models import Invoice, Payment
from apps.core import clock
from apps.memberships import signup
from apps.memberships.errors import AlreadySubscribed, QuoteChanged, Refused
from apps.memberships.models import Signup, SignupStatus
from apps.offers.models import Kind, Offer

from .. import boxes, gateway_page
from ..contracts import Contract
from ..signed_in import SignedInRequest
from . import cards as card_pages
from . import join, purchases


@login_required
@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: SignedInRequest, token: UUID) -> HttpResponse:
    """Card entry beside what was agreed to; a new card, or the one we know, is charged for the first period."""
    now = clock.now()
    begun = _signup(request, token)
    if begun.status != SignupStatus.OPEN or begun.subscription_id is not None:
        return redirect("join_outcome", token=token)
    if request.method == "POST":
        return _charge(request, begun, now=now)
    contract = Contract(begun.price.plan.group)
    if (held := join.paid_contract(request, contract)) is not None:
        return join.to_held(request, held)
    try:
        entry = purchases.card_entry(request, signup, token, purpose="membership", page="join_pay", now=now)
    except GatewayError:
        return card_pages.unavailable(request)
    except Refused:
        return redirect("join_outcome", token=token)
    return render(request, "storefront/join/pay.html", entry | _about(request, begun))


@login_required
@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def outcome(request: SignedInRequest, token: UUID) -> HttpResponse:
    """How it went: welcome, declined, to be confirmed at the bank, or not known yet."""
    now = clock.now()
    begun = _signup(request, token)
    if begun.status == SignupStatus.OPEN and begun.subscription_id is None:
        return redirect("join_pay", token=token)
    if request.method == "POST":
        try:
            signup.resume(token, user=request.user, now=now)
        except GatewayError:
            return card_pages.unavailable(request)
        return redirect("join_outcome", token=token)
    context = _about(request, begun)
    if begun.status == SignupStatus.COMPLETED:
        return render(
            request, "storefront/join/welcome.html", context | {"invoice": _first_invoice(begun), "sent": _sent(begun)}
        )
    if begun.status != SignupStatus.OPEN:
        return render(request, "storefront/join/declined.html", context | {"again": _again(begun, now=now)})
    payment = signup.payment_of(begun)
    if payment is not None and payment.status == Payment.Status.NEEDS_ACTION:
        confirmation = card_pages.confirmation(request, payment, path=request.path)
        if confirmation is None:
            return card_pages.unavailable(request)
        return render(request, "storefront/join/confirm.html", context | confirmation)
    return render(request, "storefront/join/waiting.html", context, status=202)


def _charge(request: SignedInRequest, begun: Signup, *, now: datetime) -> HttpResponse:
    try:
        return purchases.charge(request, signup, begun.token, page="join_pay", outcome="join_outcome", now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _back(begun, refusal)


def _back(begun: Signup, refusal: Refused) -> HttpResponse:
    """Where a refused sign-up goes on."""
    match refusal:
        case AlreadySubscribed():
            return redirect(Contract(begun.price.plan.group).home)
        case QuoteChanged():
            return redirect(_join_address(begun))
    return redirect(Contract(begun.price.plan.group).shelf)


def _again(begun: Signup, *, now: datetime) -> str:
    """The address at which a failed sign-up starts anew, with the offer it was made on."""
    address = _join_address(begun)
    offer = Offer.objects.for_customer(begun.customer, Kind.WINBACK, now) if begun.promotion_id else None
    same = offer and (offer.price_id, offer.promotion_id) == (begun.price_id, begun.promotion_id)
    if not (offer and same):
        return address
    return f"{address}{'&' if '?' in address else '?'}offer={offer.token}"


def _join_address(begun: Signup) -> str:
    """The page on which this sign-up was begun."""
    address = reverse("join", kwargs={"plan": begun.price.plan.slug, "interval": begun.price.rhythm.code})
    return address if begun.quantity == 1 else f"{address}?quantity={begun.quantity}"


def _first_invoice(begun: Signup) -> Invoice | None:
    return Invoice.objects.filter(periods__subscription=begun.subscription_id).order_by("issued_at", "pk").first()


def _sent(begun: Signup) -> boxes.Sent | None:
    """What is in the box and where it goes, for a plan that sends one."""
    plan = begun.price.plan
    return boxes.sent_of(begun.customer, plan) if plan.sends_goods else None


def _signup(request: SignedInRequest, token: UUID) -> Signup:
    """The signed-in customer's sign-up; another's is not found."""
    mine = Signup.objects.filter(customer=request.user).select_related(
        "price__plan", "promotion", "customer", "consent"
    )
    return get_object_or_404(mine, token=token)


def _about(request: SignedInRequest, begun: Signup) -> dict:
    """A sign-up with what was agreed to, as it was shown."""
    return {"signup": begun, **join.summary(request, begun.price, begun.quote)}
