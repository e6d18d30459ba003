"""Changing the plan: choose, see exactly what it costs, confirm, and take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.billing import credit
from apps.billing.gateway import GatewayError
from apps.billing.models import Payment
from apps.core import clock
from apps.core.money import Money
from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.models import MEMBERSHIP, PlanChange, Price, Subscription
from apps.memberships.services import ChangeResult
from apps.memberships.services.previewing import PREVIEW_LASTS

from .. import gateway_page
from ..agreed import AgreedLine
from ..contracts import Contract
from ..forms import QuantityForm, number
from ..payable import Payable
from ..signed_in import SignedInRequest
from . import account, cards

PREVIEW_SALT = "storefront.change-preview"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, group: str = MEMBERSHIP) -> HttpResponse:
    """Choose a plan, see exactly what it costs now and later, confirm."""
    now = clock.now()
    contract = Contract(group)
    subscription = contract.held_by(request.user)
    if subscription is None:
        return redirect(contract.shelf)
    if request.method == "POST":
        return _confirm(request, subscription, now=now)
    if "price" not in request.GET:
        return render(request, "storefront/account/choose_plan.html", _choice(subscription, now=now))
    price = _wanted(subscription, number(request.GET["price"]), now=now)
    if subscription.price.is_free and not price.is_free:
        return redirect("join", plan=price.plan.slug, interval=price.rhythm.code)
    amounts = QuantityForm(request.GET, plan=price.plan, held=_held(subscription, price))
    if not amounts.is_valid():
        messages.error(request, amounts.problem)
        return redirect(contract.address("change_plan"))
    try:
        context = preview(request.user, subscription, price, quantity=amounts.chosen, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        stays = subscription.is_cancelling or subscription.is_gift or subscription.resumes_at is not None
        return redirect(contract.home if stays else contract.address("change_plan"))
    context["quantity_form"] = amounts if price.plan.max_quantity > 1 else None
    return render(request, "storefront/account/change_plan.html", context)


@login_required
@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_change(request: SignedInRequest, token: UUID) -> HttpResponse:
    """The bank asks the customer about the payment of a change: confirm here, then see how the change stands."""
    now = clock.now()
    waiting = get_object_or_404(
        PlanChange.objects.select_related("invoice", "price__plan", "subscription"),
        token=token,
        subscription__customer=request.user,
    )
    payment = waiting.invoice.payments.select_related("card").order_by("-attempt").first() if waiting.invoice else None
    if request.method == "POST":
        try:
            return after_change(request, services.continue_change(token, customer=request.user, now=now))
        except GatewayError:
            return cards.unavailable(request)
    if payment is None or payment.status != Payment.Status.NEEDS_ACTION:
        return redirect(Contract.of(waiting.subscription).home)
    context = cards.confirmation(request, payment, path=reverse("confirm_change", kwargs={"token": token}))
    if context is None:
        return cards.unavailable(request)
    return render(request, "storefront/payment/confirm.html", context | {"invoice": waiting.invoice})


@login_required
@require_POST
def keep(request: SignedInRequest, group: str = MEMBERSHIP) -> HttpResponse:
    """Take back a change that waits for the end of the period."""
    subscription = get_object_or_404(Subscription.objects.held(), customer=request.user, plan_group=group)
    try:
        services.keep_plan(subscription.pk, customer=request.user, now=clock.now())
        messages.success(request, _("You keep your plan."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(Contract(group).home)


def after_change(request: SignedInRequest, result: ChangeResult) -> HttpResponse:
    """The page and the message for the outcome of a change."""
    match result.status:
        case "done":
            messages.success(request, _("You are now on %(plan)s.") % {"plan": _named(result.subscription)})
        case "scheduled" if result.subscription.is_trial:
            messages.success(request, _("Your plan changes when your free trial ends."))
        case "scheduled":
            messages.success(request, _("Your plan changes at the end of the period you have paid for."))
        case "needs_action" if result.change and result.payment:
            return redirect("confirm_change", token=result.change.token)
        case "declined":
            messages.error(request, result.message or _("Your card was declined. Nothing was changed."))
        case _:
            messages.info(request, result.message)
    return redirect(Contract.of(result.subscription).home)


def preview(
    user: User, subscription: Subscription, price: Price, *, now: datetime, quantity: int | None = None
) -> dict:
    """The context of `account/_change.html`: exactly what confirming would do. Raises subclasses of Refused."""
    change = services.preview_change(subscription, price, quantity=quantity, now=now)
    balance = credit.balance(user, price.currency)
    settlement = change.taxation.settle(change.lines)
    shown = zip(change.lines, settlement.shown_minor, strict=True)
    return {
        "contract": Contract.of(subscription),
        "subscription": subscription,
        "preview": change,
        "lines": [AgreedLine(line.description, Money(minor, price.currency)) for line, minor in shown],
        "adds_tax": settlement.adds_tax,
        "reverse_charge": change.taxation.is_reverse_charge,
        "today": Payable.after_credit(change.due_now, balance=balance),
        "quoted": sign_instant(now, due=change.due_now),
        "card": account.card_of(user),
    }


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a preview showed: when, and what was due then, in minor units (None where it did not say)."""

    at: datetime
    due_minor: int | None


def sign_instant(now: datetime, *, due: Money | None = None) -> str:
    """The instant of a preview and what it said is due, so that the charge is the one that was shown."""
    return signing.dumps([now.isoformat(), None if due is None else due.minor], salt=PREVIEW_SALT)


def read_preview(signed: str) -> Quoted | None:
    """What the preview showed; None for a forged or missing one, which then counts as a fresh look."""
    try:
        instant, due_minor = signing.loads(signed, salt=PREVIEW_SALT, max_age=PREVIEW_LASTS)
    except signing.BadSignature:
        return None
    return Quoted(datetime.fromisoformat(instant), due_minor)


def _confirm(request: SignedInRequest, subscription: Subscription, *, now: datetime) -> HttpResponse:
    price_id, quoted = number(request.POST.get("price", "")), read_preview(request.POST.get("quoted", ""))
    if not price_id or quoted is None:
        messages.error(request, _("Please look at the amounts again before you confirm."))
        return redirect(Contract.of(subscription).address("change_plan"))
    quantity = number(request.POST.get("quantity", "")) or None
    try:
        result = services.change_plan(
            subscription.pk,
            price_id,
            customer=request.user,
            quantity=quantity,
            quoted_at=quoted.at,
            quoted_minor=quoted.due_minor,
            now=now,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(Contract.of(subscription).address("change_plan"))
    except GatewayError:
        messages.error(request, _("The payment service does not answer. Please try again in a minute."))
        return redirect(Contract.of(subscription).address("change_plan"))
    return after_change(request, result)


def _choice(subscription: Subscription, *, now: datetime) -> dict:
    """The plans to choose from, in the currency of the membership, at every interval; those of a fixed term last."""
    newest: dict[tuple, Price] = {}
    on_sale = Price.objects.on_sale(now).filter(
        plan__group=subscription.plan_group, currency=subscription.price.currency
    )
    for price in on_sale.order_by("version"):
        newest[price.plan_id, price.rhythm] = price
    prices = sorted(
        newest.values(),
        key=lambda price: (price.plan.rank, price.term_periods or 0, price.interval.days_per_interval),
    )
    holds_several = subscription.plan.max_quantity > 1 and not subscription.price.is_free
    return {
        "contract": Contract.of(subscription),
        "subscription": subscription,
        "prices": prices,
        "holds_several": holds_several,
    }


def _wanted(subscription: Subscription, price_id: int, *, now: datetime) -> Price:
    """The price to change to. A member's own need not be on sale: they may change how many they have of it."""
    if price_id == subscription.price_id:
        return subscription.price
    return get_object_or_404(Price.objects.on_sale(now), pk=price_id)


def _held(subscription: Subscription, price: Price) -> int:
    """How many a member has now, as far as the plan of the price allows."""
    return min(subscription.quantity, price.plan.max_quantity)


def _named(subscription: Subscription) -> str:
    name = subscription.plan.name_i18n
    return name if subscription.quantity == 1 else f"{subscription.quantity} × {name}"
