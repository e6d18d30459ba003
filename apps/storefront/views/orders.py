"""Orders that were made: the customer's own list and pages, and the page of a guest."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import addresses
from apps.core import clock
from apps.orders import refunding
from apps.orders.errors import OrderRefused
from apps.orders.models import Order, OrderStatus

from ..signed_in import SignedInRequest

ORDERS_ON_A_PAGE = 24
_STEPS = {
    OrderStatus.PAID: 1,
    OrderStatus.PACKED: 2,
    OrderStatus.SHIPPED: 3,
    OrderStatus.DELIVERED: 4,
    OrderStatus.RETURNED: 4,
}


@login_required
@require_safe
def history(request: SignedInRequest) -> HttpResponse:
    """All orders, also those made as a guest with a proved address, newest first."""
    page = Paginator(Order.objects.all().of(request.user), ORDERS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "storefront/orders/history.html", {"page": page})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: SignedInRequest, number: str) -> HttpResponse:
    """One order: how it is getting on, its parcels and its invoice; cancelling it until it is packed."""
    if "\x00" in number:
        raise Http404
    found = get_object_or_404(Order.objects.all().of(request.user).for_pages(), number=number.upper())
    if request.method == "POST":
        return _cancel(request, found, actor=request.user.email, back=reverse("account_order", args=[found.number]))
    return render(request, "storefront/orders/order.html", _about(found) | {"is_own": True})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guest_order(request: HttpRequest, token: UUID) -> HttpResponse:
    """The page of a guest's order, for whoever has its link."""
    found = get_object_or_404(Order.objects.placed().of_guests().for_pages(), token=token)
    if request.method == "POST":
        return _cancel(request, found, actor=found.email, back=reverse("guest_order", args=[token]))
    return render(request, "storefront/orders/order.html", _about(found) | {"is_own": False})


def _cancel(request: HttpRequest, found: Order, *, actor: str, back: str) -> HttpResponse:
    try:
        refunding.cancel(
            found.pk, reason=_("Cancelled by the customer"), actor=actor, until_packed=True, now=clock.now()
        )
        messages.success(request, _("Your order is cancelled. All you paid goes back."))
    except OrderRefused as refusal:
        messages.error(request, str(refusal))
    return redirect(back)


def _invoice_url(found: Order) -> str:
    """Where the invoice is read: a guest's with the link of the order."""
    if found.customer.is_guest:
        return reverse("guest_invoice", args=[found.token])
    return reverse("invoice", args=[found.invoice.number]) if found.invoice else ""


def _about(found: Order) -> dict:
    steps = [_("Paid"), _("Packed"), _("On its way"), _("Arrived")]
    is_shipped = found.is_shipped
    return {
        "order": found,
        "steps": steps if is_shipped else [_("Paid"), _("Done")],
        "current": _STEPS.get(OrderStatus(found.status), 1) if is_shipped else 2,
        "address": addresses.lines(found.address) if found.address else [],
        "shipments": found.shipments.all(),
        "invoice_url": _invoice_url(found),
    }
