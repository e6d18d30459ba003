"""What stands on the customer's invoices: company, address, VAT number, and the country that decides the tax."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts import services as accounts
from apps.billing import billing_details as details_of
from apps.billing import tax_numbers
from apps.billing.models import BillingDetails, NumberStatus, Outcome, Seller, TaxRate
from apps.core import clock

from ..forms import BillingForm, CountryForm, country_name
from ..signed_in import SignedInRequest


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def billing_details(request: SignedInRequest) -> HttpResponse:
    """See and change what is printed on the next invoices."""
    now = clock.now()
    known = BillingDetails.objects.of(request.user)
    moves = "country" in request.POST
    country_form = CountryForm(
        request.POST if moves else None,
        current=request.user.country,
        countries=TaxRate.objects.all().countries(now.date()),
    )
    form = BillingForm(
        request.POST if request.method == "POST" and not moves else None, customer=request.user, details=known
    )
    if country_form.is_bound and country_form.is_valid():
        accounts.set_country(request.user, country=country_form.cleaned_data["country"])
        messages.success(request, _("Your country is %(country)s.") % {"country": country_name(request.user.country)})
        return redirect("billing_details")
    if form.is_bound and form.is_valid() and save(request, form, now=now):
        return redirect("billing_details")
    wrong = form.errors or country_form.errors
    context = {
        "form": form,
        "country_form": country_form,
        "details": known,
        "about_number": about_number(known, country=request.user.country, now=now) if known else "",
    }
    return render(request, "storefront/account/billing_details.html", context, status=400 if wrong else 200)


def save(request: SignedInRequest, form: BillingForm, *, now: datetime) -> bool:
    """Keep what a valid form says, ask the registry about a new number, and tell the customer how that went.

    Returns whether it was kept: after too many numbers it is not, and the form says so."""
    is_new_number = form.cleaned_data["tax_number"] != form.initial.get("tax_number")
    try:
        details = details_of.save(request.user, **form.cleaned_data, now=now)
    except details_of.TooManyNumbers as refusal:
        at = date_format(timezone.localtime(refusal.until, ZoneInfo(request.user.time_zone)), "SHORT_DATETIME_FORMAT")
        form.add_error(
            "tax_number",
            _("You have tried many VAT numbers. You can try another one after %(at)s; nothing was saved.") % {"at": at},
        )
        return False
    check = details_of.check_if_needed(details, now=now)
    # What the registry told before needs no new question.
    known = details.number_status if is_new_number else None
    _tell(request, check.outcome if check else known)
    return True


def _tell(request: SignedInRequest, outcome: str | None) -> None:
    match outcome:
        case Outcome.VALID:
            messages.success(request, _("Saved. Your VAT number is confirmed."))
        case Outcome.INVALID:
            messages.warning(
                request,
                _("Saved. The European registry (VIES) does not know this VAT number, so VAT is charged."),
            )
        case Outcome.UNAVAILABLE:
            messages.warning(
                request,
                _(
                    "Saved. The European registry (VIES) does not answer at the moment, so VAT is charged for now. We "
                    "go on asking; once it confirms your number, no VAT is charged from the next invoice on."
                ),
            )
        case _:
            messages.success(request, _("Saved. Your next invoices will say so."))


def about_number(details: BillingDetails, *, country: str, now: datetime) -> str:
    """What the customer's VAT number does to their invoices, in a sentence; empty without a number."""
    seller_country = Seller.objects.current().country
    if not details.tax_number:
        return ""
    if details.proves_reverse_charge(country=country, seller_country=seller_country, now=now):
        return _("Your VAT number is confirmed: no VAT is charged, you account for it (reverse charge).")
    if not tax_numbers.in_union(country) or country == seller_country or not tax_numbers.in_union(seller_country):
        return _("Your number is printed on your invoices. It does not change the tax.")
    if not details.tax_number.startswith(tax_numbers.prefix_of(country)):
        return _("Your VAT number is not of the country you live in, so VAT is charged.")
    if details.number_status == NumberStatus.INVALID:
        return _(
            "The European registry (VIES) does not know your VAT number, so VAT is charged. Ask your tax office to "
            "have it entered there, or correct it here."
        )
    return _("The European registry (VIES) has not confirmed your VAT number yet, so VAT is charged. We go on asking.")
