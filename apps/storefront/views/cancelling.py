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
from apps.memberships.models import Subscription

from ..forms import CancelForm
from ..signed_in import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: SignedInRequest) -> HttpResponse:
    """One page: what ends when, one optional question, Cancel now."""
    subscription = Subscription.objects.current_of(request.user)
    if subscription is None:
        messages.info(request, _("You have no membership to cancel."))
        return redirect("account")
    if subscription.is_cancelling:
        return redirect("account")
    if subscription.ends_at is not None and not subscription.is_bought:
        messages.info(request, _("Your membership ends by itself. Nothing is ever charged for it."))
        return redirect("account")
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.request_cancel(
                subscription.pk,
                customer=request.user,
                reason=form.cleaned_data["reason"],
                note=form.cleaned_data["note"],
                now=clock.now(),
            )
            messages.success(request, _("Your membership is cancelled. We have sent you a confirmation."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("account")
    context = {
        "subscription": subscription,
        "form": form,
        "benefits": list(subscription.plan.benefits.all()),
        "points": PointsAccount.objects.balance_of(request.user),
    }
    return render(request, "storefront/account/cancel.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def undo(request: SignedInRequest) -> HttpResponse:
    """Take the cancellation back."""
    subscription = get_object_or_404(Subscription.objects.open(), customer=request.user, plan_group="membership")
    try:
        services.undo_cancel(subscription.pk, customer=request.user, now=clock.now())
        messages.success(request, _("Good to have you with us: your membership goes on as before."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("account")
