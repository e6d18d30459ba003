"""The next box: something else in it, none this time, another day, or at once; and where the boxes go."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.billing import collection, credit
from apps.billing.gateway import GatewayError
from apps.billing.models import Payment
from apps.catalog import bundles
from apps.catalog.bundles import InvalidChoice
from apps.core import clock, periods
from apps.core.money import Money
from apps.memberships.errors import Refused
from apps.memberships.models import Subscription
from apps.memberships.services import advancing
from apps.orders.boxes import planning
from apps.orders.errors import OrderRefused

from .. import boxes
from ..address_form import AddressForm, known_of, sending
from ..box_forms import MoveForm
from ..contracts import Contract
from ..forms import number
from ..payable import Payable
from ..signed_in import SignedInRequest
from . import account, cards

# What a page says to the customer in its own words.
_REFUSALS = (Refused, OrderRefused, InvalidChoice)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contents(request: SignedInRequest, group: str) -> HttpResponse:
    """Put something else into the next box, or into all of them."""
    now = clock.now()
    subscription, upcoming = _upcoming(request, group, now=now)
    slots = bundles.slots(upcoming.box.product_id)
    picks = upcoming.recipient.picked_next
    if request.method == "POST":
        picks, for_all = boxes.read_picks(slots, request.POST), request.POST.get("for") == "all"
        try:
            planning.swap(subscription.pk, customer=request.user, choices=picks, for_all=for_all, now=now)
            done = _("Noted: this is in every box from now on.") if for_all else _("Noted: this is in your next box.")
            messages.success(request, done)
            return redirect(Contract(group).home)
        except _REFUSALS as refusal:
            messages.error(request, str(refusal))
    elif not upcoming.can_change:
        return _refuse(request, group, upcoming.can_change)
    if not picks:
        picks = {content.slot.pk: content.variant.pk for content in upcoming.contents}
    context = {
        "contract": Contract(group),
        "upcoming": upcoming,
        "slots": slots,
        "picked": boxes.picked_of(slots, picks),
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "storefront/account/boxes/contents.html", context, status=status)


@login_required
@require_POST
def skip(request: SignedInRequest, group: str) -> HttpResponse:
    """Leave the next box out."""
    now = clock.now()
    subscription = _held(request, group)
    shown = parse_shown(request.POST.get("charge_at", ""))
    try:
        planning.skip(subscription.pk, customer=request.user, charge_at=shown, now=now)
        messages.success(request, _("Your next box is skipped: it is neither sent nor charged."))
    except _REFUSALS as refusal:
        messages.error(request, str(refusal))
    return redirect(Contract(group).home)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: SignedInRequest, group: str) -> HttpResponse:
    """Let the next box come, and be charged, on a later day."""
    now = clock.now()
    subscription, upcoming = _upcoming(request, group, now=now)
    can = upcoming.can_move
    if not can or can.earliest is None or can.latest is None:
        return _refuse(request, group, can)
    form = MoveForm(request.POST if request.method == "POST" else None, earliest=can.earliest, latest=can.latest)
    if request.method == "POST" and form.is_valid():
        shown = parse_shown(request.POST.get("charge_at", ""))
        try:
            planning.move(
                subscription.pk, customer=request.user, day=form.cleaned_data["day"], charge_at=shown, now=now
            )
            messages.success(request, _("Your next box comes on the day you chose. We have sent you a confirmation."))
        except _REFUSALS as refusal:
            messages.error(request, str(refusal))
        return redirect(Contract(group).home)
    context = {"contract": Contract(group), "subscription": subscription, "upcoming": upcoming, "form": form}
    return render(request, "storefront/account/boxes/move.html", context, status=400 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def order_now(request: SignedInRequest, group: str) -> HttpResponse:
    """What is charged now and what next, and the button that orders the next box at once."""
    now = clock.now()
    subscription, upcoming = _upcoming(request, group, now=now)
    total = advancing.early_total(subscription, now=now) if upcoming.can_order_now else None
    if request.method == "POST":
        return _order(request, subscription, now=now)
    if total is None:
        return _refuse(request, group, upcoming.can_order_now)
    context = {
        "contract": Contract(group),
        "subscription": subscription,
        "upcoming": upcoming,
        "today": Payable.after_credit(total, balance=credit.balance(request.user, total.currency)),
        "then_at": _after_next(subscription),
        "card": account.card_of(request.user),
    }
    return render(request, "storefront/account/boxes/order.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: SignedInRequest, group: str) -> HttpResponse:
    """Where the next boxes go. Those that waited for an address are sent."""
    now = clock.now()
    subscription, upcoming = _upcoming(request, group, now=now)
    known = upcoming.recipient.address or known_of(request.user)
    form = AddressForm(**sending(request, known, currency=subscription.price.currency, now=now))
    if form.is_bound and form.is_valid():
        where = form.cleaned_data["address"]
        try:
            planning.set_address(subscription.pk, customer=request.user, address=where, now=now)
            messages.success(request, _("Noted: your next boxes go there."))
            return redirect(Contract(group).home)
        except _REFUSALS as refusal:
            messages.error(request, str(refusal))
            return redirect(Contract(group).home)
    context = {"contract": Contract(group), "form": form, "upcoming": upcoming}
    part = "#fields" if getattr(request, "htmx", False) else ""
    status = 400 if form.errors else 200
    return render(request, f"storefront/account/boxes/address.html{part}", context, status=status)


def parse_shown(text: str) -> datetime | None:
    """The day of charge that a page showed; None where it says none."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else None


def _held(request: SignedInRequest, group: str) -> Subscription:
    """The customer's box of the group. Raises Http404."""
    subscription = Contract(group).held_by(request.user)
    if subscription is None or not subscription.plan.sends_goods:
        raise Http404
    return subscription


def _upcoming(request: SignedInRequest, group: str, *, now: datetime) -> tuple[Subscription, planning.Upcoming]:
    """The customer's box of the group, and its next one. Raises Http404 where none comes."""
    subscription = _held(request, group)
    upcoming = planning.upcoming(subscription, now=now)
    if upcoming is None:
        raise Http404
    return subscription, upcoming


def _refuse(request: SignedInRequest, group: str, can: planning.Can) -> HttpResponse:
    """Say why it cannot be done, on the page of the box."""
    messages.info(request, can.refusal or _("This is not possible at the moment."))
    return redirect(Contract(group).home)


def _order(request: SignedInRequest, subscription: Subscription, *, now: datetime) -> HttpResponse:
    """Bill the next box and charge the card while the customer waits."""
    home = redirect(Contract.of(subscription).home)
    shown = parse_shown(request.POST.get("charge_at", ""))
    total = Money(number(request.POST.get("total", "")), subscription.price.currency)
    if shown is None:
        messages.error(request, _("Please look at the amounts again before you confirm."))
        return home
    try:
        planning.order_now(subscription.pk, customer=request.user, charge_at=shown, shown=total, now=now)
    except _REFUSALS as refusal:
        messages.error(request, str(refusal))
        return home
    newest = Payment.objects.filter(invoice__periods__subscription=subscription).order_by("-pk").first()
    if newest is None or newest.status != Payment.Status.PENDING:
        messages.success(request, _("Your next box is ordered. We pack it now."))
        return home
    try:
        payment = collection.collect_now(newest.pk, now=now)
    except GatewayError:
        return cards.unavailable(request)
    if payment.status != Payment.Status.SUCCEEDED:
        return cards.after_payment(request, payment, token=payment.invoice.pay_token)
    charged = _("Your next box is ordered and paid: %(total)s. We pack it now.") % {"total": payment.amount.format()}
    messages.success(request, charged)
    return home


def _after_next(subscription: Subscription) -> datetime | None:
    """When the box after the next one is charged, once the next one was ordered early."""
    if subscription.next_bill_at is None:
        return None
    following = subscription.holding_next.price
    if following.rhythm == subscription.price.rhythm:
        number_after = subscription.period_number + 2
        return periods.boundary(subscription.anchor, number_after, following.interval, subscription.zone)
    return periods.boundary(subscription.next_bill_at, 1, following.interval, subscription.zone)
