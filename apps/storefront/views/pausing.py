"""Pausing, skipping the next period, taking it back, and coming back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.billing import credit
from apps.core import clock
from apps.core.money import Money
from apps.memberships import quotes, renewals, services
from apps.memberships.errors import Refused
from apps.memberships.models import Subscription

from ..forms import PauseForm
from ..payable import Payable
from ..signed_in import SignedInRequest
from . import account


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: SignedInRequest) -> HttpResponse:
    """One page: how long, from when, what happens meanwhile and what is charged afterwards."""
    now = clock.now()
    subscription = Subscription.objects.current_of(request.user)
    if subscription is None:
        messages.info(request, _("You have no membership to pause."))
        return redirect("account")
    try:
        choice = services.pause_choice(subscription, now=now)
        form = PauseForm(request.POST if request.method == "POST" else None, choice=choice, zone=subscription.zone)
        if request.method == "POST" and form.is_valid():
            services.request_pause(
                subscription.pk,
                months=form.cleaned_data["months"],
                begins_at=form.cleaned_data["begins"],
                customer=request.user,
                now=now,
            )
            messages.success(request, _("Your pause is planned. We have sent you a confirmation."))
            return redirect("account")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("account")
    context = {
        "subscription": subscription,
        "form": form,
        "next_total": quotes.next_total(subscription, now=now),
        "every": (subscription.pending_price or subscription.price).every,
    }
    return render(request, "storefront/account/pause.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def undo(request: SignedInRequest) -> HttpResponse:
    """Take a planned pause back."""
    subscription = get_object_or_404(Subscription.objects.held(), customer=request.user, plan_group="membership")
    try:
        services.undo_pause(subscription.pk, customer=request.user, now=clock.now())
        messages.success(request, _("Your membership does not pause: it renews as before."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("account")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: SignedInRequest) -> HttpResponse:
    """Come back before the date: what is charged now, and the new day of renewal."""
    now = clock.now()
    subscription = Subscription.objects.current_of(request.user)
    if subscription is None or not subscription.is_paused:
        messages.info(request, _("Your membership is not paused."))
        return redirect("account")
    if request.method == "POST":
        try:
            services.resume(subscription.pk, customer=request.user, now=now)
            renewals.bill_one(subscription.pk, now=now)
            messages.success(request, _("Welcome back! Your membership goes on from today."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("account")
    total = quotes.next_total(subscription, now=now) or Money(0, subscription.price.currency)
    context = {
        "subscription": subscription,
        "today": Payable.after_credit(total, balance=credit.balance(request.user, total.currency)),
        "every": (subscription.pending_price or subscription.price).every,
        "card": account.card_of(request.user),
    }
    return render(request, "storefront/account/resume.html", context)
