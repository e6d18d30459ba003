"""Redeeming a gift: type the code, see what it does, say yes."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.core import clock
from apps.memberships.errors import GiftNotUsable, KeptForLater, Refused
from apps.memberships.gifts import redeeming, rules

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
        if request.method == "POST":
            redeeming.redeem(code, customer=request.user, shown=request.POST.get("use", ""), now=now)
            messages.success(request, _("Your gift is redeemed. Enjoy it!"))
            return redirect("account")
        gift = redeeming.find(code, now=now)
        context = {"gift": gift, "what": rules.describe(gift.price, gift.periods), "code": code}
        try:
            context["effect"] = redeeming.effect_of(gift, customer=request.user, now=now)
        except KeptForLater as later:
            context["later"] = str(later)
    except GiftNotUsable as refusal:
        messages.error(request, str(refusal))
        return redirect("gift_enter")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("gift_redeem", code=code)
    return render(request, "storefront/gifts/redeem.html", context)
