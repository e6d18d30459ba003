"""Withdrawing within fourteen days, signed in: what ends, what comes back, Withdraw now."""

from __future__ import annotations

from uuid import UUID, uuid4

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.billing.refunds import CannotRefund
from apps.core import clock
from apps.memberships.declarations import declaring, handling
from apps.memberships.errors import Refused
from apps.memberships.gifts import refunding, rules
from apps.memberships.models import MEMBERSHIP, DeclarationKind, Gift, GiftStatus, Subscription
from apps.memberships.services import withdrawing

from ..contracts import Contract
from ..signed_in import SignedInRequest
from .account import withdraw_until


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: SignedInRequest, group: str = MEMBERSHIP) -> HttpResponse:
    """One page: what ends, what comes back to where and when, Withdraw now."""
    now = clock.now()
    contract = Contract(group)
    subscription = contract.held_by(request.user)
    until = withdraw_until(subscription, now=now)
    if subscription is None or until is None:
        nothing = _("There is nothing to withdraw from. You can cancel a membership at any time.")
        if contract.is_box:
            nothing = _("There is nothing to withdraw from. You can cancel your boxes at any time.")
        messages.info(request, nothing)
        return redirect(contract.home if subscription else "account")
    waits = withdrawing.goods_are_out(subscription)
    if request.method == "POST":
        try:
            _withdraw(request, subscription)
            done = _("You have withdrawn. Your money is on its way back, and a receipt to you.")
            if waits:
                done = _("You have withdrawn. Please send the parcel back: your money follows when it is here.")
            messages.success(request, done)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect(contract.home)
    context = {
        "contract": contract,
        "subscription": subscription,
        "waits_for_parcel": waits,
        "until": until,
        "back": withdrawing.preview(subscription),
        "points": withdrawing.points_lost(subscription),
        "token": uuid4(),
    }
    return render(request, "storefront/account/withdraw.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_gift(request: SignedInRequest, token: UUID) -> HttpResponse:
    """The buyer takes a gift back that nobody has redeemed."""
    mine = Gift.objects.filter(buyer=request.user, paid_at__isnull=False).select_related("price__plan", "invoice")
    gift = get_object_or_404(mine, token=token)
    if gift.status != GiftStatus.WAITING:
        messages.info(request, _("This gift cannot be taken back any more."))
        return redirect("gift", token=token)
    if request.method == "POST":
        try:
            refunding.refund(gift.pk, actor=request.user.email, now=clock.now())
            messages.success(request, _("The gift is taken back, and your money is on its way back to you."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        except CannotRefund:
            messages.error(request, _("A part of it went back already. Please write to us."))
        return redirect("gift", token=token)
    context = {"gift": gift, "what": rules.describe(gift.price, gift.periods)}
    return render(request, "storefront/gifts/withdraw.html", context)


def _withdraw(request: SignedInRequest, subscription: Subscription) -> None:
    now = clock.now()
    declared = declaring.Declared(
        kind=DeclarationKind.WITHDRAW,
        name=request.user.name or request.user.email,
        email=request.user.email,
        contract=_named(subscription),
    )
    declaration = declaring.declare(
        declared,
        token=_token(request),
        client=get_adapter().get_client_ip(request),
        source="account",
        customer=request.user,
        now=now,
    )
    handling.withdraw_at_once(declaration, subscription, now=now)


def _named(subscription: Subscription) -> str:
    """The contract, as a declaration names it."""
    sentence = _("%(plan)s membership, no. %(number)s")
    if subscription.plan.sends_goods:
        sentence = _("%(plan)s, no. %(number)s")
    return sentence % {"plan": subscription.plan.name_i18n, "number": subscription.pk}


def _token(request: SignedInRequest) -> UUID:
    """Made with the page, so that a doubled click declares once."""
    try:
        return UUID(request.POST.get("token", ""))
    except ValueError:
        return uuid4()
