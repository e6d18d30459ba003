"""Checkout on one page, the card, and how it went."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.billing import credit
from apps.billing.gateway import GatewayError
from apps.billing.models import Card, Payment
from apps.billing.tax import NoTaxRate
from apps.core import clock
from apps.core.money import Money
from apps.memberships.errors import Refused
from apps.memberships.models import SignupStatus
from apps.orders import baskets, buying
from apps.orders.buying import Checkout
from apps.orders.errors import OrderRefused
from apps.orders.models import Order, OrderStatus
from apps.promotions.services import NotRedeemable

from .. import basket_session, gateway_page
from ..checkout_form import NEW_CARD
from ..checkout_page import CheckoutPage
from ..forms import number
from ..payable import Payable
from ..signed_in import SignedInRequest
from . import cards as card_pages
from . import purchases


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Contact, address, sending, card and consent beside one summary; agreeing orders and pays, or leads to the card.

    A change of country or of sending is reckoned anew by htmx, or by the button "Show the new total"; nothing is
    ordered then.
    """
    now = clock.now()
    found = basket_session.found(request)
    shown = basket_session.contents(request, found, now=now)
    if found is None or not shown.can_be_ordered:
        return redirect("basket")
    try:
        page = CheckoutPage(request, shown, now=now)
    except NoTaxRate:
        messages.error(request, _("We cannot sell to this country yet."))
        return redirect("basket")
    if request.method != "POST" or "update" in request.POST:
        return _show(request, page)
    form = page.form
    if form.is_outdated:
        messages.warning(request, _("Something has changed since you saw this page. Please look it over again."))
        return _show(request, page.afresh(), status=409)
    if page.needs_account or not form.is_valid():
        return _show(request, page, status=400)
    return _order(request, page, now=now)


@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, token: UUID) -> HttpResponse:
    """Card entry beside what is ordered; the new card, or the one we know, is charged."""
    now = clock.now()
    order, refusal = _order_of(request, token)
    if order is None:
        return refusal
    if order.status != OrderStatus.PENDING or order.invoice_id is not None:
        return redirect("order_outcome", token=token)
    try:
        if request.method == "POST":
            return _charge(request, order, now=now)
        entry = purchases.card_entry(
            cast(SignedInRequest, request),
            buying,
            token,
            purpose="order",
            page="order_pay",
            now=now,
            payer=order.customer,
        )
    except GatewayError:
        return card_pages.unavailable(request)
    except (OrderRefused, Refused):
        return redirect("order_outcome", token=token)
    return render(request, "storefront/orders/pay.html", entry | _about(order))


@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def outcome(request: HttpRequest, token: UUID) -> HttpResponse:
    """How it went: thank you, declined, to be confirmed at the bank, or not known yet."""
    now = clock.now()
    order, refusal = _order_of(request, token)
    if order is None:
        return refusal
    begun = order.signup
    waits_for_card = order.invoice_id is None and (begun is None or begun.subscription_id is None)
    if order.status == OrderStatus.PENDING and waits_for_card:
        return redirect("order_pay", token=token)
    if request.method == "POST":
        try:
            buying.resume(token, user=order.customer, now=now)
        except GatewayError:
            return card_pages.unavailable(request)
        return redirect("order_outcome", token=token)
    found = basket_session.found(request)
    basket_session.remember(request, found, count=baskets.count(found))
    context = _about(order)
    if order.status == OrderStatus.CANCELLED:
        return render(request, "storefront/orders/declined.html", context)
    if order.status != OrderStatus.PENDING:
        return render(request, "storefront/orders/thanks.html", context)
    payment = buying.payment_of(order)
    if payment is not None and payment.status == Payment.Status.NEEDS_ACTION:
        confirmation = card_pages.confirmation(request, payment, path=request.path)
        if confirmation is None:
            return card_pages.unavailable(request)
        return render(request, "storefront/payment/confirm.html", confirmation | {"invoice": payment.invoice})
    return render(request, "storefront/join/waiting.html", context, status=202)


def _show(request: HttpRequest, page: CheckoutPage, *, status: int = 200) -> HttpResponse:
    part = "#checkout" if getattr(request, "htmx", False) else ""
    return render(request, f"storefront/orders/checkout.html{part}", page.context(), status=status)


def _order(request: HttpRequest, page: CheckoutPage, *, now: datetime) -> HttpResponse:
    facts = page.form.cleaned_data
    basket = page.contents.basket
    assert basket is not None, "it is not empty"
    wish = Checkout(
        once=facts["once"],
        digest=page.quote.digest,
        currency=page.quote.currency,
        country=facts["country"],
        email=facts.get("email", ""),
        name=facts.get("name", ""),
        terms_version=page.term.version,
        terms_text=page.term.text,
        address=facts.get("address", {}),
        rate_id=page.quote.way.pk if page.quote.way else None,
        plan_terms=(page.plan_term.version, page.plan_term.text) if page.plan_term else None,
        locale=_language(),
    )
    try:
        order = buying.start(basket.pk, wish, customer=page.customer, now=now)
    except (OrderRefused, Refused, NotRedeemable) as refusal:
        messages.error(request, str(refusal))
        return redirect("basket")
    chosen = facts.get("card", NEW_CARD)
    if chosen == NEW_CARD:
        return redirect("order_pay", token=order.token)
    try:
        buying.complete_with_card(order.token, user=order.customer, card_id=number(chosen), now=now)
    except Card.DoesNotExist:
        messages.error(request, _("This card was removed in the meantime. Please enter your card again."))
        return redirect("order_pay", token=order.token)
    except GatewayError:
        return card_pages.unavailable(request)
    return redirect("order_outcome", token=order.token)


def _charge(request: HttpRequest, order: Order, *, now: datetime) -> HttpResponse:
    return purchases.charge(
        cast(SignedInRequest, request),
        buying,
        order.token,
        page="order_pay",
        outcome="order_outcome",
        now=now,
        payer=order.customer,
    )


def _order_of(request: HttpRequest, token: UUID) -> tuple[Order | None, HttpResponse]:
    """The order of a link: a guest's for whoever has it, a customer's for them alone. Where it is not shown, the page
    that leads on instead. Raises Http404."""
    rows = Order.objects.select_related("customer", "invoice", "signup__price__plan", "signup__subscription")
    order = rows.prefetch_related("lines__pieces").filter(token=token).first()
    if order is None:
        raise Http404
    if order.customer.is_guest or order.customer == request.user:
        return order, HttpResponse()
    if request.user.is_authenticated:
        raise Http404
    return None, redirect_to_login(request.get_full_path())


def _about(order: Order) -> dict[str, Any]:
    begun = order.signup
    joined = begun is not None and begun.status == SignupStatus.COMPLETED
    plan = begun.price.plan if begun else None
    return {"order": order, "signup": begun, "joined": joined, "plan": plan, "due": _due(order)}


def _due(order: Order) -> Money:
    """What the card is charged for the goods and the membership, after the customer's credit."""
    total = order.total
    if order.signup is not None:
        total += Money(order.signup.quote["total_minor"], order.currency)
    return Payable.after_credit(total, balance=credit.balance(order.customer, order.currency)).due


def _language() -> str:
    """The language of the page, as one of settings.LANGUAGES."""
    language = (get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
