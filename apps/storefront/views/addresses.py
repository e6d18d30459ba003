"""The addresses that a customer keeps for their parcels."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import address_book
from apps.accounts import addresses as written
from apps.accounts.models import Address
from apps.billing.models import TaxRate
from apps.core import clock

from ..address_form import AddressForm
from ..signed_in import SignedInRequest


@login_required
@never_cache
@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    """All of them, the one that is used first on top."""
    kept = list(Address.objects.of(request.user))
    context = {
        "addresses": [(address, written.lines(address.as_json())) for address in kept],
        "is_full": len(kept) >= address_book.MOST,
    }
    return render(request, "storefront/account/addresses.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedInRequest) -> HttpResponse:
    """One more."""
    return _edit(request, None)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Correct one; orders that were made keep what they were sent to."""
    return _edit(request, get_object_or_404(Address.objects.of(request.user), pk=pk))


@login_required
@require_POST
def choose(request: SignedInRequest, pk: int) -> HttpResponse:
    """The one that is used first."""
    get_object_or_404(Address.objects.of(request.user), pk=pk)
    address_book.choose(request.user, pk)
    messages.success(request, _("Your parcels go there unless you say otherwise."))
    return redirect("addresses")


@login_required
@require_POST
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Forget one."""
    get_object_or_404(Address.objects.of(request.user), pk=pk)
    address_book.remove(request.user, pk)
    messages.success(request, _("The address is removed. Orders that were made keep theirs."))
    return redirect("addresses")


def _edit(request: SignedInRequest, address: Address | None) -> HttpResponse:
    """The form, made for the country that was chosen; another country alone saves nothing."""
    is_sent = request.method == "POST" and "update" not in request.POST
    known = address.as_json() if address else {"name": request.user.name, "country": request.user.country}
    countries = sorted({*TaxRate.objects.all().countries(clock.now().date()), known["country"]})
    asked = request.POST.get("country", "")
    form = AddressForm(
        request.POST if is_sent else None,
        country=asked if asked in countries else known["country"],
        countries=countries,
        initial=known | request.POST.dict(),
    )
    if is_sent and form.is_valid() and _save(request, address, form):
        return redirect("addresses")
    part = "#address" if getattr(request, "htmx", False) else ""
    context = {"form": form, "address": address}
    return render(request, f"storefront/account/address.html{part}", context, status=400 if form.errors else 200)


def _save(request: SignedInRequest, address: Address | None, form: AddressForm) -> bool:
    """Whether it was kept; the form says why not."""
    wanted = form.cleaned_data["address"]
    try:
        if address is None:
            address_book.add(request.user, wanted)
        else:
            address_book.change(request.user, address.pk, wanted)
    except address_book.BookFull as refusal:
        form.add_error(None, str(refusal))
        return False
    except Address.DoesNotExist:
        messages.error(request, _("This address was removed in the meantime."))
        return True
    messages.success(request, _("Saved."))
    return True
