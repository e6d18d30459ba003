"""Offers: take one, or say no."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.billing.gateway import GatewayError
from apps.core import clock
from apps.memberships.errors import Refused
from apps.offers import services
from apps.offers.errors import OfferRefused

from ..signed_in import SignedInRequest
from . import changing


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: SignedInRequest, token: UUID) -> HttpResponse:
    """An offer with its reason and its exact price, today and later; accepting it changes the plan at once.

    An offer to come back leads to joining, where its discount is in the quote.
    """
    now = clock.now()
    try:
        found = services.open_link(token, customer=request.user, now=now)
    except OfferRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("account")
    if found.needs_signup:
        return render(request, "storefront/account/offer_to_join.html", {"offer": found})
    if request.method == "POST":
        return _accept(request, token)
    try:
        context = changing.preview(request.user, found.subscription, found.price, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("account")
    return render(request, "storefront/account/offer.html", context | {"offer": found})


@login_required
@require_POST
def decline(request: SignedInRequest, token: UUID) -> HttpResponse:
    """No, thank you: no offer of this kind for a while."""
    try:
        services.decline(token, customer=request.user, now=clock.now())
        messages.info(request, _("All right, we will not suggest this again for a while."))
    except OfferRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("account")


def _accept(request: SignedInRequest, token: UUID) -> HttpResponse:
    quoted = changing.read_preview(request.POST.get("quoted", ""))
    if quoted is None:
        messages.error(request, _("Please look at the amounts again before you confirm."))
        return redirect("offer_accept", token=token)
    try:
        result = services.accept(
            token, customer=request.user, quoted_at=quoted.at, quoted_minor=quoted.due_minor, now=clock.now()
        )
    except (OfferRefused, Refused) as refusal:
        messages.error(request, str(refusal))
        return redirect("account")
    except GatewayError:
        messages.error(request, _("The payment service does not answer. Please try again in a minute."))
        return redirect("offer_accept", token=token)
    return changing.after_change(request, result)
