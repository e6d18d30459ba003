"""Points into credit."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.core import clock
from apps.loyalty import rules as points_rules
from apps.loyalty.models import PointsEntry, PointsLot
from apps.loyalty.services import NotEnoughPoints
from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.models import Subscription

from ..forms import RedeemForm
from ..signed_in import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def redeem(request: SignedInRequest) -> HttpResponse:
    """Turn points into credit, which the next invoice uses before the card is charged."""
    user = request.user
    currency = _currency(user)
    now = clock.now()
    balance = PointsLot.objects.spendable(user.pk, currency=currency, now=now).points()
    form = RedeemForm(request.POST if request.method == "POST" else None, balance=balance, currency=currency)
    if request.method == "POST" and form.is_valid():
        # The form carries the key, so that a doubled click redeems once.
        key = f"page:{form.cleaned_data['once'].hex}:{user.pk}"
        try:
            granted = services.redeem_points(
                user, points=form.cleaned_data["points"], key=key, currency=currency, now=now
            )
            messages.success(request, _("%(value)s are taken off your next invoice.") % {"value": granted.amount})
            return redirect("account")
        except (Refused, NotEnoughPoints) as refusal:
            form.add_error("points", str(refusal))
    context = {
        "form": form,
        "points": balance,
        "value": points_rules.value_of(balance, currency),
        "entries": PointsEntry.objects.filter(customer=user).order_by("-at", "-pk")[:12],
    }
    return render(request, "storefront/account/redeem.html", context, status=400 if form.errors else 200)


def _currency(user: User) -> str:
    subscription = Subscription.objects.current_of(user)
    return subscription.price.currency if subscription else user.currency
