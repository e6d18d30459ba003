"""Joining, first page: everything the law wants said before a card is entered, and the box to agree."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts import services as accounts
from apps.billing import credit
from apps.billing.models import BillingDetails, TaxRate
from apps.billing.tax import NoTaxRate
from apps.core import clock
from apps.memberships import quotes, services, signup
from apps.memberships.errors import Refused
from apps.memberships.models import Plan, Price, Subscription
from apps.memberships.models.intervals import rhythm_of
from apps.offers import services as offers
from apps.offers.errors import OfferRefused
from apps.offers.models import Offer
from apps.promotions.services import NotRedeemable

from .. import boxes, currency, terms
from ..agreed import Agreed
from ..contracts import Contract
from ..forms import BillingForm, ConsentForm, CountryForm, QuantityForm, country_name
from ..signed_in import SignedInRequest
from . import billing_details


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: SignedInRequest, plan: str, interval: str) -> HttpResponse:
    """The plan, its price and terms for this customer; agreeing leads to the card."""
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
    contract = Contract(price.plan.group)
    if (held := paid_contract(request, contract)) is not None:
        return to_held(request, held)
    if contract.is_box and not has_said_where(request, contract):
        messages.info(request, _("Please choose what is in it, and say where it goes."))
        return redirect("box", slug=price.plan.slug)
    if price.is_free:
        return _join_free(request, price, now=now)
    if request.method == "POST" and "country" in request.POST:
        return _move(request, now=now)
    form = _billing_form(request)
    if form.is_bound and form.is_valid() and billing_details.save(request, form, now=now):
        return redirect(request.get_full_path())
    return _agree(request, price, offer, billing_form=form, now=now)


def paid_contract(request: SignedInRequest, contract: Contract) -> Subscription | None:
    """What the customer pays for already of a group of plans, if there is anything."""
    current = contract.held_by(request.user)
    return current if current and not current.price.is_free else None


def to_held(request: SignedInRequest, held: Subscription) -> HttpResponse:
    """Say that the customer has one already, and lead there."""
    sentence = _("You are a member of %(plan)s already.")
    if held.plan.sends_goods:
        sentence = _("You get the %(plan)s already.")
    messages.info(request, sentence % {"plan": held.plan.name_i18n})
    return redirect(Contract.of(held).home)


def has_said_where(request: SignedInRequest, contract: Contract) -> bool:
    """Whether the customer has said where the boxes go."""
    recipient = boxes.recipient_of(request.user, contract.group)
    return recipient is not None and bool(recipient.address)


def summary(request: SignedInRequest, price: Price, quote: dict) -> dict:
    """What every page of joining says of the price: the quote, fresh or as agreed to, and how often it is charged."""
    return {
        "price": price,
        "agreed": Agreed.read(quote, balance=credit.balance(request.user, price.currency)),
        "every": price.every,
        "contract": Contract(price.plan.group),
        "steps": [_("Look it over"), _("Your card"), _("Welcome")],
    }


def _agree(
    request: SignedInRequest, price: Price, offer: Offer | None, *, billing_form: BillingForm, now: datetime
) -> HttpResponse:
    promotion = offer.promotion if offer else None
    context: dict = {
        "offer": offer,
        "country_form": _country_form(request, now=now),
        "billing_form": billing_form,
        "price": price,
    }
    amounts = QuantityForm(request.GET, plan=price.plan)
    if not amounts.is_valid():
        messages.error(request, amounts.problem)
    quantity = amounts.chosen
    try:
        charge = quotes.first_charge(price, customer=request.user, promotion=promotion, quantity=quantity, now=now)
    except NoTaxRate:
        return render(request, "storefront/join/elsewhere.html", context)
    about = summary(request, price, charge.as_json())
    agreed = about["agreed"]
    term = terms.subscription(charge, zone=request.user.time_zone, due=agreed.first.due)
    answer = request.POST if request.method == "POST" and not billing_form.is_bound else None
    form = ConsentForm(answer, text=term.text, facts=[agreed.total, agreed.tax])
    if form.is_outdated:
        messages.warning(request, _("Something has changed since you saw this page. Please look it over again."))
        return redirect(request.get_full_path())
    if form.is_bound and form.is_valid() and amounts.is_valid():
        try:
            begun = signup.start(
                request.user,
                price.pk,
                terms_version=term.version,
                terms_text=term.text,
                quantity=quantity,
                promotion=promotion,
                now=now,
            )
            return redirect("join_pay", token=begun.token)
        except (Refused, NotRedeemable) as refusal:
            messages.error(request, str(refusal))
            return redirect(about["contract"].shelf)
    context |= about | {
        "form": form,
        "benefits": list(price.plan.benefits.all()),
        "quantity_form": amounts if price.plan.max_quantity > 1 else None,
        "trial_refused": charge.trial_refused,
        "sent": boxes.sent_of(request.user, price.plan) if price.plan.sends_goods else None,
        "sent_to": country_name(charge.sent_to) if charge.sent_to else "",
    }
    wrong = form.errors or billing_form.errors
    return render(request, "storefront/join/review.html", context, status=400 if wrong else 200)


def _move(request: SignedInRequest, *, now: datetime) -> HttpResponse:
    """The customer lives elsewhere: the price stays, the VAT in it is another."""
    form = _country_form(request, now=now)
    if form.is_valid():
        accounts.set_country(request.user, country=form.cleaned_data["country"])
    else:
        messages.error(request, _("We cannot sell to this country yet."))
    return redirect(request.get_full_path())


def _billing_form(request: SignedInRequest) -> BillingForm:
    """What is printed on the invoices, as it is known or as it was just sent."""
    data = request.POST if "tax_number" in request.POST else None
    return BillingForm(data, customer=request.user, details=BillingDetails.objects.of(request.user))


def _country_form(request: SignedInRequest, *, now: datetime) -> CountryForm:
    data = request.POST if "country" in request.POST else None
    countries = TaxRate.objects.all().countries(now.date())
    return CountryForm(data, current=request.user.country, countries=countries)


def _join_free(request: SignedInRequest, price: Price, *, now: datetime) -> HttpResponse:
    if request.method == "POST":
        try:
            services.join_free(request.user, price.plan, now=now)
            messages.success(request, _("Welcome! You are a member of %(plan)s.") % {"plan": price.plan.name_i18n})
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("account")
    return render(request, "storefront/join/free.html", {"price": price, "benefits": list(price.plan.benefits.all())})


def _price(request: SignedInRequest, plan_slug: str, interval: str, *, now: datetime) -> Price | None:
    """The price to join at; None when the plan is closed or not sold so any more. Raises Http404 for an unknown
    plan, and for an interval at which it was never sold."""
    plan = get_object_or_404(Plan, slug=plan_slug)
    try:
        rhythm = rhythm_of(interval)
    except ValueError as problem:
        raise Http404 from problem
    wanted = Price.objects.offered(
        plan,
        currency=currency.of(request),
        unit=rhythm.interval.unit,
        count=rhythm.interval.count,
        term_periods=rhythm.term_periods,
        now=now,
    )
    free = Price.objects.on_sale(now).filter(plan=plan, amount_minor=0, currency=currency.of(request))
    price = wanted or free.first()
    if price is None and not plan.prices.of_rhythm(rhythm).exists():
        raise Http404
    return price


def _offer(request: SignedInRequest, *, now: datetime) -> Offer | None:
    """The offer in the address, opened for this customer. Raises OfferRefused."""
    token = request.GET.get("offer")
    return offers.open_link(token, customer=request.user, now=now) if token else None
