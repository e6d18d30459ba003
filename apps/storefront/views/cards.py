"""The customer's card, and the page that pays an open invoice."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.billing import attempts, cards, collection, gateway, janitor
from apps.billing.attempts import RetryRefused
from apps.billing.cards import SetupRefused
from apps.billing.collection import NothingToPay, PaymentInFlight
from apps.billing.gateway import GatewayError
from apps.billing.models import Card, Invoice, Payment
from apps.core import clock

from .. import gateway_page
from ..signed_in import SignedInRequest
from . import account


@login_required
@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def card(request: SignedInRequest) -> HttpResponse:
    """See the card that is charged; enter another one."""
    now = clock.now()
    if request.method == "POST":
        saved = save_card(request, setup_id=request.POST.get("setup_intent", ""), now=now)
        if saved:
            messages.success(request, _("We will charge %(card)s from now on.") % {"card": saved})
            return _pay_what_is_open(request, saved, now=now)
        return redirect("card")
    try:
        setup = cards.start_setup(request.user, purpose="account", now=now)
    except GatewayError:
        return unavailable(request)
    form = gateway_page.context(request, mode="setup", client_secret=setup.client_secret, path=reverse("card"))
    return render(request, "storefront/account/card.html", form | {"card": account.card_of(request.user)})


@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """Pay one open invoice, from the signed link in our mails: with the card we know, or with another one."""
    now = clock.now()
    invoice = _invoice(token)
    if request.method == "POST":
        return _pay(request, invoice, token=token, now=now)
    if invoice.is_settled:
        return render(request, "storefront/payment/settled.html", {"invoice": invoice})
    last = invoice.payments.select_related("card").order_by("-attempt").first()
    if last and last.is_in_doubt:
        return render(request, "storefront/payment/waiting.html", {"invoice": invoice}, status=202)
    try:
        setup = cards.start_setup(invoice.customer, purpose=f"invoice {invoice.number}", now=now)
    except GatewayError:
        return unavailable(request)
    here = reverse("pay_invoice", kwargs={"token": token})
    form = gateway_page.context(request, mode="setup", client_secret=setup.client_secret, path=here)
    known = account.card_of(invoice.customer)
    context = {"invoice": invoice, "last": last, "card": None if attempts.is_barred(invoice, known) else known}
    return render(request, "storefront/payment/pay.html", form | context)


@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The bank asks the customer: confirm on this page, then see what became of the payment."""
    now = clock.now()
    invoice = _invoice(token)
    payment = invoice.payments.select_related("card").order_by("-attempt").first()
    if payment is None:
        raise Http404
    here = reverse("confirm_payment", kwargs={"token": token})
    if request.method == "POST":
        try:
            payment = janitor.check(payment.pk, now=now)
        except GatewayError:
            return unavailable(request)
        return after_payment(request, payment, token=token)
    if payment.status != Payment.Status.NEEDS_ACTION:
        return redirect("pay_invoice", token=token)
    context = confirmation(request, payment, path=here)
    if context is None:
        return unavailable(request)
    return render(request, "storefront/payment/confirm.html", context | {"invoice": invoice})


@never_cache
@require_http_methods(["GET", "HEAD"])
def came_back(request: HttpRequest) -> HttpResponse:
    """Where a bank's own page sends the customer: goes on, by POST, to the page that started it."""
    to = gateway_page.read_way_back(request.GET.get("to", ""))
    if to is None:
        raise Http404
    context = {"to": to, "setup_intent": request.GET.get("setup_intent", "")}
    return render(request, "storefront/payment/came_back.html", context)


def confirmation(request: HttpRequest, payment: Payment, *, path: str) -> dict | None:
    """The context with which a page lets the customer confirm an open payment; None when the gateway is silent."""
    try:
        client_secret = gateway.get().confirm_details(payment.gateway_id)
    except GatewayError:
        return None
    form = gateway_page.context(request, mode="payment", client_secret=client_secret, path=path)
    return form | {"payment": payment, "payment_method": payment.card.gateway_id if payment.card else ""}


def save_card(request: SignedInRequest, *, setup_id: str, now: datetime) -> Card | None:
    """The signed-in customer's new card, or None with a message that says why not."""
    return _complete(request, request.user, setup_id, now=now)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The gateway does not answer: nothing was changed, try again."""
    return render(request, "storefront/payment/unavailable.html", status=503)


def after_payment(request: HttpRequest, payment: Payment, *, token: str) -> HttpResponse:
    """The page and the message for the outcome of a payment."""
    match payment.status:
        case Payment.Status.SUCCEEDED:
            messages.success(request, _("Thank you: the invoice is paid."))
            return redirect("account" if request.user.is_authenticated else "home")
        case Payment.Status.NEEDS_ACTION:
            return redirect("confirm_payment", token=token)
        case Payment.Status.DECLINED:
            messages.error(request, _("Your bank declined the payment. Nothing was charged; please try another card."))
        case _:
            messages.info(request, _("Your bank has not answered yet. We will write to you as soon as it does."))
    return redirect("pay_invoice", token=token)


def _pay(request: HttpRequest, invoice: Invoice, *, token: str, now: datetime) -> HttpResponse:
    if invoice.is_settled:
        messages.info(request, _("There is nothing left to pay on this invoice."))
        return redirect("pay_invoice", token=token)
    setup_id = request.POST.get("setup_intent", "")
    known = account.card_of(invoice.customer)
    if not (setup_id or known):
        messages.error(request, _("Please enter a card."))
    chosen = _complete(request, invoice.customer, setup_id, now=now) if setup_id else known
    if chosen is None:
        return redirect("pay_invoice", token=token)
    try:
        payment = collection.retry_with_card(invoice.pk, card_id=chosen.pk, on_session=True, now=now)
    except NothingToPay:
        messages.info(request, _("There is nothing left to pay on this invoice."))
        return redirect("pay_invoice", token=token)
    except RetryRefused:
        messages.error(request, _("Your bank does not allow this card to be charged. Please enter another one."))
        return redirect("pay_invoice", token=token)
    except PaymentInFlight:
        messages.info(request, _("A payment for this invoice is on its way. Please look again in a minute."))
        return redirect("pay_invoice", token=token)
    except GatewayError:
        return unavailable(request)
    return after_payment(request, payment, token=token)


def _pay_what_is_open(request: SignedInRequest, card: Card, *, now: datetime) -> HttpResponse:
    """A new card pays the invoice that the old one could not, once: with that the recovery is over."""
    invoice = account.unpaid(request.user)
    if invoice is None:
        return redirect("account")
    try:
        payment = collection.retry_with_card(invoice.pk, card_id=card.pk, on_session=True, now=now)
    except (NothingToPay, PaymentInFlight, RetryRefused, GatewayError):
        return redirect("account")
    return after_payment(request, payment, token=invoice.pay_token)


def _complete(request: HttpRequest, user: User, setup_id: str, *, now: datetime) -> Card | None:
    try:
        return cards.complete_setup(user, setup_id, now=now)
    except SetupRefused as refusal:
        messages.error(request, str(refusal))
    except GatewayError:
        messages.error(request, _("The payment service does not answer. Please try again in a minute."))
    return None


def _invoice(token: str) -> Invoice:
    try:
        return Invoice.objects.select_related("customer").by_pay_token(token)
    except Invoice.DoesNotExist as problem:
        raise Http404 from problem
