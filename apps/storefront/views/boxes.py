"""The boxes: all of them, one of them, and the way in: what is in it and where it goes, then the terms and the card."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import User
from apps.catalog.bundles import InvalidChoice
from apps.core import clock
from apps.memberships.gifts import rules as gift_rules
from apps.memberships.models import Subscription
from apps.orders.boxes import joining
from apps.orders.errors import OrderRefused
from apps.orders.models import BoxRecipient

from .. import basket_session, boxes, currency, kept_pages, structured
from ..address_form import known_of, sending
from ..box_forms import BoxForm
from ..boxes import OfferedBox
from ..contracts import Contract


@require_safe
@kept_pages.for_nobody
def shelf(request: HttpRequest) -> HttpResponse:
    """All boxes on sale; a box that the customer has leads to their own."""
    shown = currency.of(request)
    offered = boxes.on_sale(currency=shown, now=clock.now())
    mine = _mine(request)
    context = {
        "offered": [(one, mine.get(one.plan.pk, "")) for one in offered],
        "structured": [structured.box(one) for one in offered],
    }
    return currency.remember(request, render(request, "storefront/boxes/shelf.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def box(request: HttpRequest, slug: str) -> HttpResponse:
    """One box; whoever is signed in chooses what is in it and where it goes, and goes on to the terms.

    A change of country asks for other fields, by htmx or by the button "Show the fields of this country"; nothing is
    noted then.
    """
    now, shown = clock.now(), currency.of(request)
    offered = next(iter(boxes.on_sale(currency=shown, now=now, slug=slug)), None)
    if offered is None:
        raise Http404
    customer = basket_session.customer_of(request)
    held = Contract(offered.plan.group).held_by(customer) if customer else None
    context = _about(request, offered) | {"held": held}
    if customer is None or held is not None:
        if request.method == "POST":
            return redirect(Contract(offered.plan.group).home if customer else request.get_full_path())
        return currency.remember(request, render(request, "storefront/boxes/box.html", context))
    return _choose(request, customer, offered, context, now=now)


def _choose(request: HttpRequest, customer: User, offered: OfferedBox, context: dict, *, now: datetime) -> HttpResponse:
    known = boxes.recipient_of(customer, offered.plan.group)
    address = (known.address if known else {}) or known_of(customer)
    shown = sending(request, address, currency=offered.first_price.currency, now=now)
    form = BoxForm(prices=offered.prices, **shown)
    picks = _picks(request, offered, known)
    status = 200
    if form.is_bound:
        try:
            if form.is_valid():
                where = form.cleaned_data["address"]
                joining.prepare(customer, offered.plan, address=where, choices=picks, now=now)
                return redirect(_next(form))
        except (InvalidChoice, OrderRefused) as refusal:
            messages.error(request, str(refusal))
        status = 400
    context |= {"form": form, "picked": boxes.picked_of(offered.slots, picks)}
    part = "#fields" if getattr(request, "htmx", False) else ""
    return currency.remember(request, render(request, f"storefront/boxes/box.html{part}", context, status=status))


def _picks(request: HttpRequest, offered: OfferedBox, known: BoxRecipient | None) -> dict[int, int]:
    """What is picked, variant by slot: as typed, as noted before, or nothing yet."""
    if request.method == "POST":
        return boxes.read_picks(offered.slots, request.POST)
    return known.picked if known else {}


def _next(form: BoxForm) -> str:
    """The page of the terms."""
    plan, facts = form.plan, form.cleaned_data
    address = reverse("join", kwargs={"plan": plan.slug, "interval": facts["rhythm"]})
    quantity = facts.get("quantity", 1)
    return address if quantity == 1 else f"{address}?quantity={quantity}"


def _about(request: HttpRequest, offered: OfferedBox) -> dict:
    trail = [{"label": _("Boxes"), "href": reverse("boxes")}, {"label": offered.plan.name_i18n}]
    monthly = [price for price in offered.prices if gift_rules.lengths(price)]
    return {
        "offered": offered,
        "contract": Contract(offered.plan.group),
        "trail": trail,
        "can_be_given": bool(monthly),
        "structured": [structured.box(offered), structured.trail(trail)],
        "social_picture": structured.picture(offered.product),
    }


def _mine(request: HttpRequest) -> dict[int, str]:
    """Where the customer's own boxes are, by plan. One query for somebody who is signed in, none for the rest."""
    customer = basket_session.customer_of(request)
    if customer is None:
        return {}
    held = Subscription.objects.held().filter(customer=customer, plan__sends_goods=True)
    return {plan: Contract(group).home for plan, group in held.values_list("plan", "plan_group")}
