"""Cancelling, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.core import clock
from apps.loyalty.models import PointsAccount
from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.models import MEMBERSHIP, Subscription
from apps.orders.boxes import planning

from ..contracts import Contract
from ..forms import CancelForm
from ..signed_in import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: SignedInRequest, group: str = MEMBERSHIP) -> HttpResponse:
    """One page: what ends when, one optional question, Cancel now."""
    now = clock.now()
    contract = Contract(group)
    subscription = contract.held_by(request.user)
    if subscription is None:
        none = _("You have no box to cancel.") if contract.is_box else _("You have no membership to cancel.")
        messages.info(request, none)
        return redirect("account")
    if subscription.is_cancelling:
        return redirect(contract.home)
    if subscription.ends_at is not None and not subscription.is_bought:
        by_itself = _("Your membership ends by itself. Nothing is ever charged for it.")
        if contract.is_box:
            by_itself = _("Your boxes end by themselves. Nothing is ever charged for them.")
        messages.info(request, by_itself)
        return redirect(contract.home)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.request_cancel(
                subscription.pk,
                customer=request.user,
                reason=form.cleaned_data["reason"],
                note=form.cleaned_data["note"],
                now=now,
            )
            done = _("Your membership is cancelled. We have sent you a confirmation.")
            if contract.is_box:
                done = _("Your boxes are cancelled. We have sent you a confirmation.")
            messages.success(request, done)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect(contract.home)
    context = {
        "contract": contract,
        "subscription": subscription,
        "form": form,
        "benefits": list(subscription.plan.benefits.all()),
        "points": PointsAccount.objects.balance_of(request.user),
        "upcoming": planning.upcoming(subscription, now=now) if contract.is_box else None,
    }
    return render(request, "storefront/account/cancel.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def undo(request: SignedInRequest, group: str = MEMBERSHIP) -> HttpResponse:
    """Take the cancellation back."""
    contract = Contract(group)
    subscription = get_object_or_404(Subscription.objects.open(), customer=request.user, plan_group=group)
    try:
        services.undo_cancel(subscription.pk, customer=request.user, now=clock.now())
        kept = _("Good to have you with us: your membership goes on as before.")
        if contract.is_box:
            kept = _("Good to have you with us: your boxes go on as before.")
        messages.success(request, kept)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(contract.home)
