"""Redeeming a gift: type the code, see what it does, say yes; of boxes, say what is in them and where they go."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.catalog.bundles import InvalidChoice
from apps.core import clock
from apps.memberships.errors import GiftNotUsable, KeptForLater, Refused
from apps.memberships.gifts import redeeming, rules
from apps.memberships.models import Gift, GiftUse
from apps.orders.boxes import giving
from apps.orders.errors import OrderRefused

from .. import boxes
from ..address_form import AddressForm, known_of, sending
from ..contracts import Contract
from ..forms import CodeForm
from ..signed_in import SignedInRequest


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: SignedInRequest) -> HttpResponse:
    """Where the code on a printed gift is typed."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return redirect("gift_redeem", code=form.cleaned_data["code"])
    return render(request, "storefront/gifts/enter.html", {"form": form}, status=400 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def redeem(request: SignedInRequest, code: str) -> HttpResponse:
    """What the gift would do for this customer, and the button that does it."""
    now = clock.now()
    try:
        gift = redeeming.find(code, now=now)
        context = {"gift": gift, "what": rules.describe(gift.price, gift.periods), "code": code}
        try:
            effect = redeeming.effect_of(gift, customer=request.user, now=now)
        except KeptForLater as later:
            if request.method == "POST":
                raise
            return render(request, "storefront/gifts/redeem.html", context | {"later": str(later)})
        context["effect"] = effect
        if gift.price.plan.sends_goods and effect.use == GiftUse.STARTS:
            return _redeem_boxes(request, gift, context, now=now)
        if request.method == "POST":
            redeeming.redeem(code, customer=request.user, shown=request.POST.get("use", ""), now=now)
            return _redeemed(request, gift)
    except GiftNotUsable as refusal:
        messages.error(request, str(refusal))
        return redirect("gift_enter")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("gift_redeem", code=code)
    return render(request, "storefront/gifts/redeem.html", context)


def _redeem_boxes(request: SignedInRequest, gift: Gift, context: dict, *, now: datetime) -> HttpResponse:
    """Boxes need an address, and what is in them. Raises what `giving.redeem` raises of memberships' refusals."""
    slots = boxes.slots_of(gift.price.plan)
    known = boxes.recipient_of(request.user, gift.price.plan.group)
    picks = boxes.read_picks(slots, request.POST) if request.method == "POST" else known.picked if known else {}
    address = (known.address if known else {}) or known_of(request.user)
    form = AddressForm(**sending(request, address, currency=request.user.currency, now=now))
    if form.is_bound and form.is_valid():
        try:
            giving.redeem(
                gift,
                customer=request.user,
                shown=request.POST.get("use", ""),
                address=form.cleaned_data["address"],
                choices=picks,
                now=now,
            )
            return _redeemed(request, gift)
        except (InvalidChoice, OrderRefused) as refusal:
            messages.error(request, str(refusal))
    context |= {"form": form, "slots": slots, "picked": boxes.picked_of(slots, picks)}
    part = "#fields" if getattr(request, "htmx", False) else ""
    return render(request, f"storefront/gifts/redeem.html{part}", context, status=400 if form.is_bound else 200)


def _redeemed(request: SignedInRequest, gift: Gift) -> HttpResponse:
    messages.success(request, _("Your gift is redeemed. Enjoy it!"))
    return redirect(Contract(gift.price.plan.group).home)
