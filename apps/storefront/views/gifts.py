"""Giving a membership, or boxes: choose, say whom it is for and agree, pay once, print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.billing import credit
from apps.billing.gateway import GatewayError
from apps.billing.models import Payment
from apps.core import clock
from apps.core.money import Money
from apps.memberships.errors import Refused
from apps.memberships.gifts import buying, rules
from apps.memberships.models import Gift, GiftStatus, Plan, Price

from .. import boxes, currency, gateway_page, plans, terms
from ..forms import GiftForm
from ..payable import Payable
from ..signed_in import SignedInRequest
from . import cards as card_pages
from . import purchases

# The units of time in which memberships are given.
_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Choice:
    """One length of a plan that can be given, with what it costs."""

    label: str
    amount: Money
    href: str


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """What can be given, and the gifts this customer has bought."""
    now, shown = clock.now(), currency.of(request)
    book = plans.book(currency=shown, now=now)
    shelves = [(plan, choices) for plan, by_unit in book if (choices := _choices(by_unit.values()))]
    sent = boxes.on_sale(currency=shown, now=now)
    mine = Gift.objects.bought_by(request.user) if request.user.is_authenticated else []
    context = {
        "shelves": shelves,
        "box_shelves": [(one.plan, choices) for one in sent if (choices := _choices(one.prices))],
        "gifts": mine,
    }
    return currency.remember(request, render(request, "storefront/gifts/choose.html", context))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: SignedInRequest, plan: str, interval: str, periods: int) -> HttpResponse:
    """Whom it is for, the whole price, and the box to agree; then the card."""
    now = clock.now()
    wanted = get_object_or_404(Plan, slug=plan)
    price = Price.objects.offered(wanted, currency=currency.of(request), unit=interval, now=now)
    if price is None or periods not in rules.lengths(price):
        raise Http404
    total = price.amount * periods
    due = Payable.after_credit(total, balance=credit.balance(request.user, total.currency))
    term = terms.gift(due.due)
    form = GiftForm(
        request.POST if request.method == "POST" else None,
        text=term.text,
        facts=[total],
        zone=request.user.time_zone,
        now=now,
    )
    if form.is_outdated:
        messages.warning(request, _("Something has changed since you saw this page. Please look it over again."))
        return redirect(request.get_full_path())
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        recipient = buying.Recipient(
            name=facts["recipient_name"],
            email=facts["recipient_email"],
            greeting=facts["greeting"],
            deliver_at=facts["deliver_on"],
        )
        try:
            begun = buying.start(
                request.user,
                price.pk,
                periods=periods,
                recipient=recipient,
                terms_version=term.version,
                terms_text=term.text,
                now=now,
            )
            return redirect("gift_pay", token=begun.token)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("gifts")
    context = {"form": form, "price": price, "what": rules.describe(price, periods), "today": due}
    return render(request, "storefront/gifts/review.html", context, status=400 if form.errors else 200)


@login_required
@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: SignedInRequest, token: UUID) -> HttpResponse:
    """A new card, or the one we know, is charged once."""
    now = clock.now()
    begun = _gift(request, token)
    if begun.status != GiftStatus.OPEN or begun.invoice_id is not None:
        return redirect("gift", token=token)
    if request.method == "POST":
        return _charge(request, begun, now=now)
    try:
        entry = purchases.card_entry(request, buying, token, purpose="gift", page="gift_pay", now=now)
    except GatewayError:
        return card_pages.unavailable(request)
    except Refused:
        return redirect("gift", token=token)
    return render(request, "storefront/gifts/pay.html", entry | _about(request, begun))


@login_required
@never_cache
@gateway_page.with_card_fields
@require_http_methods(["GET", "HEAD", "POST"])
def gift(request: SignedInRequest, token: UUID) -> HttpResponse:
    """The buyer's page of a gift: how its payment went, and then the gift itself, to print."""
    now = clock.now()
    begun = _gift(request, token)
    if begun.status == GiftStatus.OPEN and begun.invoice_id is None:
        return redirect("gift_pay", token=token)
    if request.method == "POST":
        try:
            buying.resume(token, user=request.user, now=now)
        except GatewayError:
            return card_pages.unavailable(request)
        return redirect("gift", token=token)
    context = _about(request, begun)
    if begun.status == GiftStatus.FAILED:
        return render(request, "storefront/gifts/declined.html", context)
    if begun.status != GiftStatus.OPEN:
        address = request.build_absolute_uri(reverse("gift_redeem", kwargs={"code": begun.code}))
        return render(request, "storefront/gifts/gift.html", context | {"redeem_url": address})
    payment = buying.payment_of(begun)
    if payment is not None and payment.status == Payment.Status.NEEDS_ACTION:
        confirmation = card_pages.confirmation(request, payment, path=request.path)
        if confirmation is None:
            return card_pages.unavailable(request)
        return render(request, "storefront/payment/confirm.html", confirmation | {"invoice": begun.invoice})
    return render(request, "storefront/join/waiting.html", context, status=202)


def _charge(request: SignedInRequest, begun: Gift, *, now: datetime) -> HttpResponse:
    try:
        return purchases.charge(request, buying, begun.token, page="gift_pay", outcome="gift", now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("gifts")


def _choices(prices: Iterable[Price]) -> list[Choice]:
    """The lengths of one plan, the shortest first; of two ways to give a year, the one that costs less."""
    best: dict[int, tuple[Price, int]] = {}
    for price in prices:
        for periods in rules.lengths(price):
            months = periods * _MONTHS[price.interval_unit]
            if months not in best or price.amount_minor * periods < best[months][0].amount_minor * best[months][1]:
                best[months] = (price, periods)
    return [_choice(price, periods) for _months, (price, periods) in sorted(best.items())]


def _choice(price: Price, periods: int) -> Choice:
    where = {"plan": price.plan.slug, "interval": price.interval_unit, "periods": periods}
    return Choice(rules.length(price, periods), price.amount * periods, reverse("gift_review", kwargs=where))


def _gift(request: SignedInRequest, token: UUID) -> Gift:
    """The signed-in buyer's gift; another's is not found."""
    mine = Gift.objects.filter(buyer=request.user).select_related("price__plan", "invoice")
    return get_object_or_404(mine, token=token)


def _about(request: SignedInRequest, begun: Gift) -> dict:
    balance = credit.balance(request.user, begun.currency)
    return {
        "gift": begun,
        "what": rules.describe(begun.price, begun.periods),
        "today": Payable.after_credit(begun.amount, balance=balance),
        "again": reverse(
            "gift_review",
            kwargs={"plan": begun.price.plan.slug, "interval": begun.price.interval_unit, "periods": begun.periods},
        ),
    }
