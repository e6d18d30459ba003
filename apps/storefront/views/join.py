"""Joining: review and consent, card, first charge, welcome."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.billing import cards
from apps.billing.cards import SetupRefused
from apps.billing.gateway import GatewayError
from apps.billing.models import Payment
from apps.core import clock
from apps.memberships import quotes, services, signup
from apps.memberships.errors import Refused
from apps.memberships.models import Plan, Price, Signup, SignupStatus, Subscription
from apps.offers import services as offers
from apps.offers.errors import OfferRefused
from apps.offers.models import Offer
from apps.promotions.services import NotRedeemable

from .. import currency, gateway_page, terms
from ..agreed import Agreed
from ..forms import ConsentForm
from . import cards as card_pages


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, plan: str, interval: str) -> HttpResponse:
    """Everything the law wants said before a card is entered, and the box to agree."""
    now = clock.now()
    try:
        offer = _offer(request, now=now)
    except OfferRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("pricing")
    price = offer.price if offer else _price(request, plan, interval, now=now)
    if price is None:
        messages.error(request, _("This plan is not open to new members."))
        return redirect("pricing")
    if (member_of := _paid_membership(request)) is not None:
        messages.info(request, _("You are a member of %(plan)s already.") % {"plan": member_of.plan.name})
        return redirect("account")
    if price.is_free:
        return _join_free(request, price, now=now)
    promotion = offer.promotion if offer else None
    charge = quotes.first_charge(price, customer=request.user, promotion=promotion, now=now)
    term = terms.subscription(charge, zone=request.user.time_zone)
    form = ConsentForm(request.POST or None, text=term.text)
    if request.method == "POST" and form.is_valid():
        try:
            begun = signup.start(
                request.user,
                price.pk,
                terms_version=term.version,
                terms_text=term.text,
                promotion=promotion,
                now=now,
            )
            return redirect("join_pay", token=begun.token)
        except (Refused, NotRedeemable) as refusal:
            messages.error(request, str(refusal))
            return redirect("pricing")
    context = {
        **_summary(price, charge.as_json()),
        "form": form,
        "offer": offer,
        "benefits": list(price.plan.benefits.all()),
    }
    return render(request, "storefront/join/review.html", context, status=400 if form.errors else 200)


@login_required
@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, token: UUID) -> HttpResponse:
    """Card entry beside the same summary; posting the finished set-up charges the first period."""
    now = clock.now()
    begun = _signup(request, token)
    if begun.status != SignupStatus.OPEN or begun.subscription_id is not None:
        return redirect("join_outcome", token=token)
    if request.method == "POST":
        return _charge(request, begun, now=now)
    try:
        setup = cards.start_setup(request.user, purpose="membership", now=now)
    except GatewayError:
        return card_pages.unavailable(request)
    signup.attach_setup(begun.token, user=request.user, setup_id=setup.id)
    form = gateway_page.context(
        request, mode="setup", client_secret=setup.client_secret, path=reverse("join_pay", kwargs={"token": token})
    )
    return render(request, "storefront/join/pay.html", form | _about(begun))


@login_required
@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def outcome(request: HttpRequest, token: UUID) -> HttpResponse:
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
    if begun.status == SignupStatus.COMPLETED:
        return render(request, "storefront/join/welcome.html", _about(begun))
    if begun.status != SignupStatus.OPEN:
        return render(request, "storefront/join/declined.html", _about(begun))
    payment = signup.payment_of(begun)
    if payment is not None and payment.status == Payment.Status.NEEDS_ACTION:
        path = reverse("join_outcome", kwargs={"token": token})
        context = card_pages.confirmation(request, payment, path=path)
        if context is None:
            return card_pages.unavailable(request)
        return render(request, "storefront/join/confirm.html", context | _about(begun))
    return render(request, "storefront/join/waiting.html", _about(begun), status=202)


def _join_free(request: HttpRequest, price: Price, *, now: datetime) -> HttpResponse:
    if request.method == "POST":
        try:
            services.join_free(request.user, price.plan, now=now)
            messages.success(request, _("Welcome! You are a member of %(plan)s.") % {"plan": price.plan.name})
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("account")
    return render(request, "storefront/join/free.html", {"price": price, "benefits": list(price.plan.benefits.all())})


def _charge(request: HttpRequest, begun: Signup, *, now: datetime) -> HttpResponse:
    try:
        signup.complete(begun.token, user=request.user, setup_id=request.POST.get("setup_intent", ""), now=now)
    except SetupRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("join_pay", token=begun.token)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("pricing")
    except GatewayError:
        return card_pages.unavailable(request)
    return redirect("join_outcome", token=begun.token)


def _price(request: HttpRequest, plan_slug: str, interval: str, *, now: datetime) -> Price | None:
    """The price to join at; None when the plan is closed or not sold so. Raises Http404 for an unknown plan."""
    plan = get_object_or_404(Plan, slug=plan_slug)
    if interval not in {"month", "year"}:
        raise Http404
    on_sale = Price.objects.on_sale(now).filter(plan=plan).order_by("-version")
    wanted = on_sale.filter(currency=currency.of(request), interval_count=1, interval_unit=interval).first()
    return wanted or on_sale.filter(amount_minor=0, currency=currency.of(request)).first()


def _offer(request: HttpRequest, *, now: datetime) -> Offer | None:
    """The offer in the address, opened for this customer. Raises OfferRefused."""
    token = request.GET.get("offer")
    return offers.open_link(token, customer=request.user, now=now) if token else None


def _paid_membership(request: HttpRequest) -> Subscription | None:
    current = Subscription.objects.current_of(request.user)
    return current if current and not current.price.is_free else None


def _signup(request: HttpRequest, token: UUID) -> Signup:
    """The signed-in customer's sign-up; another's is not found."""
    mine = Signup.objects.filter(customer=request.user).select_related(
        "price__plan", "promotion", "customer", "consent"
    )
    return get_object_or_404(mine, token=token)


def _about(begun: Signup) -> dict:
    """A sign-up with what was agreed to, as it was shown."""
    return {"signup": begun, **_summary(begun.price, begun.quote)}


def _summary(price: Price, quote: dict) -> dict:
    return {
        "price": price,
        "agreed": Agreed.read(quote),
        "every": terms.every(price),
        "steps": [_("Look it over"), _("Your card"), _("Welcome")],
    }
