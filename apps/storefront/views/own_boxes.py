"""The customer's boxes: what comes next and what became of the ones before, on one page for each."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.accounts import addresses
from apps.billing import credit
from apps.core import clock
from apps.memberships.models import PricePromise, Subscription
from apps.orders.boxes import planning
from apps.orders.models import BoxDelivery

from ..contracts import Contract
from ..signed_in import SignedInRequest
from . import account

SENT_ON_A_PAGE = 12


@login_required
@never_cache
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """The boxes a customer has; who has one is led to it."""
    mine = account.own_boxes(request.user, now=clock.now())
    if len(mine) == 1:
        return redirect(mine[0].contract.home)
    past = Subscription.objects.filter(customer=request.user, plan__sends_goods=True, started_at__isnull=False)
    groups = set(past.values_list("plan_group", flat=True)) - {one.contract.group for one in mine}
    ended = [Contract(group) for group in sorted(groups)]
    return render(request, "storefront/account/boxes/index.html", {"mine": mine, "ended": ended})


@login_required
@never_cache
@require_safe
def box(request: SignedInRequest, group: str) -> HttpResponse:
    """One page with everything about a box; a fixed number of queries, however many were sent."""
    now, contract = clock.now(), Contract(group)
    subscription = contract.held_by(request.user)
    sent = list(BoxDelivery.objects.of(request.user, group=group)[:SENT_ON_A_PAGE])
    if subscription is None and not sent:
        raise Http404
    upcoming = planning.upcoming(subscription, now=now) if subscription else None
    balance = credit.balance(request.user, subscription.price.currency) if subscription else None
    context = {
        "contract": contract,
        "subscription": subscription,
        "upcoming": upcoming,
        "next_charge": account.next_charge(subscription, balance=balance, now=now) if balance is not None else None,
        "address": addresses.lines(upcoming.recipient.address) if upcoming and upcoming.recipient.address else [],
        "sent": sent,
        "promise": PricePromise.objects.of(subscription) if subscription else None,
        "can_pause": subscription is not None and subscription.may_pause,
        "withdraw_until": account.withdraw_until(subscription, now=now),
        "unpaid": account.unpaid(request.user),
    }
    return render(request, "storefront/account/boxes/box.html", context)
