"""The basket: what is in it, what it would cost, and every way to change it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.catalog import bundles
from apps.catalog.models import Product, Variant
from apps.core import clock
from apps.memberships.models import MEMBER_PRICES, MEMBERSHIP, Plan, Price, Subscription
from apps.orders import baskets
from apps.orders.contents import Contents
from apps.orders.errors import NotForSale
from apps.orders.models import MOST_OF_ONE
from apps.promotions import services as promotions
from apps.promotions.models import Promotion

from .. import basket_session, currency, worth
from ..forms import number


@never_cache
@require_safe
def basket(request: HttpRequest) -> HttpResponse:
    """Everything in the basket, with what has changed since it was put there."""
    now = clock.now()
    found = basket_session.found(request)
    shown = basket_session.contents(request, found, now=now)
    basket_session.remember(request, found, count=shown.count)
    if found is not None:
        baskets.accept_prices(found, shown.items)
    page = render(request, "storefront/basket/basket.html", _context(request, shown, now=now))
    return currency.remember(request, page)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put a variant in, and show the basket."""
    now = clock.now()
    quantity = number(request.POST.get("quantity", "1"))
    if not 1 <= quantity <= MOST_OF_ONE:
        messages.error(request, _("You can order 1 to %(most)d of one thing.") % {"most": MOST_OF_ONE})
        return redirect("basket")
    wanted = Variant.objects.select_related("product").filter(pk=number(request.POST.get("variant", ""))).first()
    if wanted is None:
        messages.error(request, _("This cannot be bought at the moment."))
        return redirect("basket")
    opened = basket_session.opened(request, now=now)
    back: str | Product = "basket"
    try:
        shown, picked = basket_session.currency_of(request, opened), bundles.picked(wanted, request.POST)
        baskets.add(opened, wanted.pk, quantity=quantity, currency=shown, choices=picked, now=now)
        messages.success(request, _("%(what)s is in your basket.") % {"what": wanted})
    except NotForSale as refusal:
        messages.error(request, str(refusal))
    except bundles.InvalidChoice as problem:
        messages.error(request, str(problem))
        back = wanted.product
    basket_session.remember(request, opened, count=baskets.count(opened))
    return redirect(back)


@require_POST
def line(request: HttpRequest, line_id: int) -> HttpResponse:
    """Another quantity of one line; none takes it out."""
    now = clock.now()
    found = basket_session.found(request)
    quantity = number(request.POST.get("quantity", "0"))
    if quantity > MOST_OF_ONE:
        messages.error(request, _("You can order 1 to %(most)d of one thing.") % {"most": MOST_OF_ONE})
    elif found is not None:
        baskets.set_quantity(found, line_id, quantity=quantity, now=now)
    return _changed(request, now=now)


@require_POST
def choices(request: HttpRequest, line_id: int) -> HttpResponse:
    """Other choices for a bundle in the basket."""
    now = clock.now()
    found = basket_session.found(request)
    chosen = found.lines.select_related("variant__product").filter(pk=line_id).first() if found else None
    if found is not None and chosen is not None:
        try:
            picked = bundles.picked(chosen.variant, request.POST)
            baskets.choose(found, line_id, choices=picked, now=now)
        except bundles.InvalidChoice as problem:
            messages.error(request, str(problem))
    return _changed(request, now=now)


@require_POST
def membership(request: HttpRequest) -> HttpResponse:
    """A membership in the same checkout, or none."""
    now = clock.now()
    chosen = request.POST.get("plan", "")
    opened = basket_session.opened(request, now=now)
    if not chosen:
        baskets.set_membership(opened, None, now=now)
        return _changed(request, now=now)
    plan = get_object_or_404(Plan, slug=chosen[:50], group=MEMBERSHIP)
    unit = request.POST.get("interval", "month")
    price = Price.objects.offered(plan, currency=currency.of(request), unit=unit[:5], now=now)
    if price is None or price.is_free:
        messages.error(request, _("This plan is not open to new members."))
    elif _is_member(request):
        messages.info(request, _("You are a member already."))
    else:
        baskets.set_membership(opened, price, now=now)
    return _changed(request, now=now)


@require_POST
def code(request: HttpRequest) -> HttpResponse:
    """A promotion code, or none."""
    now = clock.now()
    typed = request.POST.get("code", "").strip()[:40].replace("\x00", "")
    opened = basket_session.opened(request, now=now)
    if not typed:
        baskets.set_promotion(opened, None, now=now)
        return _changed(request, now=now)
    promotion = Promotion.objects.by_code(typed)
    try:
        if promotion is None:
            raise promotions.NotRedeemable(_("We do not know this code."))
        promotions.check(promotion, customer=basket_session.customer_of(request), now=now)
        if not promotion.for_goods and opened.price_id is None:
            raise promotions.NotRedeemable(_("This code is for a membership; there is none in your basket."))
        baskets.set_promotion(opened, promotion, now=now)
        messages.success(request, _("Your code is in: %(name)s.") % {"name": promotion.name_i18n})
    except promotions.NotRedeemable as refusal:
        messages.error(request, str(refusal))
    return redirect("checkout" if request.POST.get("next") == "checkout" else "basket")


def _changed(request: HttpRequest, *, now: datetime) -> HttpResponse:
    """The basket as it is now: for htmx the part that changed, else the page."""
    found = basket_session.found(request)
    shown = basket_session.contents(request, found, now=now)
    basket_session.remember(request, found, count=shown.count)
    if not getattr(request, "htmx", False):
        return redirect("basket")
    context = _context(request, shown, now=now) | {"oob": True}
    return render(request, "storefront/basket/basket.html#contents", context)


def _context(request: HttpRequest, shown: Contents, *, now: datetime) -> dict:
    plans = [] if shown.member or shown.price else _member_plans(request, shown, now=now)
    pay_back = _pay_back(request, plans, shown, now=now) if plans else None
    counts = {"basket_count": shown.count, "most": MOST_OF_ONE}
    return {"basket": shown, "member_plans": plans, "pay_back": pay_back} | counts


def _pay_back(request: HttpRequest, plans: list[Price], shown: Contents, *, now: datetime) -> worth.PayBack:
    """When the cheapest of these pays for itself. One query for somebody who is signed in."""
    cheapest = min(plans, key=lambda price: price.amount_minor)
    general = worth.PayBack(cheapest.plan, cheapest.amount, shown.saving)
    if basket_session.customer_of(request) is None:
        return general
    return worth.with_orders(general, basket_session.savings(request, currency=shown.currency, now=now))


def _member_plans(request: HttpRequest, shown: Contents, *, now: datetime) -> list[Price]:
    """The memberships with which something in the basket would cost less, the lowest first. One query."""
    if not shown.saving or _is_member(request):
        return []
    prices = Price.objects.on_sale(now).monthly_granting(MEMBER_PRICES).filter(currency=shown.currency)
    newest = {price.plan_id: price for price in prices.order_by("plan__rank", "version")}
    return list(newest.values())


def _is_member(request: HttpRequest) -> bool:
    """Whether the visitor pays for a membership already."""
    customer = basket_session.customer_of(request)
    current = Subscription.objects.current_of(customer) if customer else None
    return current is not None and not current.price.is_free
