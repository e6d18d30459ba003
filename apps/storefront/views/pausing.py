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
from apps.memberships.models import MEMBERSHIP, Subscription
from apps.orders.boxes import planning
from apps.orders.errors import OrderRefused

from ..contracts import Contract
from ..forms import PauseForm
from ..payable import Payable
from ..signed_in import SignedInRequest
from . import account


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: SignedInRequest, group: str = MEMBERSHIP) -> HttpResponse:
    """One page: how long, from when, what happens meanwhile and what is charged afterwards."""
    now = clock.now()
    contract = Contract(group)
    subscription = contract.held_by(request.user)
    if subscription is None:
        none = _("You have no box to pause.") if contract.is_box else _("You have no membership to pause.")
        messages.info(request, none)
        return redirect("account")
    try:
        choice = services.pause_choice(subscription, now=now)
        form = PauseForm(request.POST if request.method == "POST" else None, choice=choice, zone=subscription.zone)
        if request.method == "POST" and form.is_valid():
            request_pause = planning.pause if contract.is_box else services.request_pause
            request_pause(
                subscription.pk,
                months=form.cleaned_data["months"],
                begins_at=form.cleaned_data["begins"],
                customer=request.user,
                now=now,
            )
            messages.success(request, _("Your pause is planned. We have sent you a confirmation."))
            return redirect(contract.home)
    except (Refused, OrderRefused) as refusal:
        messages.error(request, str(refusal))
        return redirect(contract.home)
    context = {
        "contract": contract,
        "subscription": subscription,
        "form": form,
        "next_total": quotes.next_total(subscription, now=now),
        "every": (subscription.pending_price or subscription.price).every,
    }
    return render(request, "storefront/account/pause.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def undo(request: SignedInRequest, group: str = MEMBERSHIP) -> HttpResponse:
    """Take a planned pause back."""
    contract = Contract(group)
    subscription = get_object_or_404(Subscription.objects.held(), customer=request.user, plan_group=group)
    try:
        if contract.is_box:
            planning.unskip(subscription.pk, customer=request.user, now=clock.now())
            messages.success(request, _("Your next box comes on its own day again."))
        else:
            services.undo_pause(subscription.pk, customer=request.user, now=clock.now())
            messages.success(request, _("Your membership does not pause: it renews as before."))
    except (Refused, OrderRefused) as refusal:
        messages.error(request, str(refusal))
    return redirect(contract.home)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: SignedInRequest, group: str = MEMBERSHIP) -> HttpResponse:
    """Come back before the date: what is charged now, and the new day of renewal."""
    now = clock.now()
    contract = Contract(group)
    subscription = contract.held_by(request.user)
    if subscription is None or not subscription.is_paused:
        rests = _("Your boxes are not paused.") if contract.is_box else _("Your membership is not paused.")
        messages.info(request, rests)
        return redirect("account" if subscription is None else contract.home)
    if request.method == "POST":
        try:
            services.resume(subscription.pk, customer=request.user, now=now)
            renewals.bill_one(subscription.pk, now=now)
            back = _("Welcome back! Your membership goes on from today.")
            if contract.is_box:
                back = _("Welcome back! We pack your next box now.")
            messages.success(request, back)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect(contract.home)
    total = quotes.next_total(subscription, now=now) or Money(0, subscription.price.currency)
    context = {
        "contract": contract,
        "subscription": subscription,
        "today": Payable.after_credit(total, balance=credit.balance(request.user, total.currency)),
        "every": (subscription.pending_price or subscription.price).every,
        "card": account.card_of(request.user),
    }
    return render(request, "storefront/account/resume.html", context)
