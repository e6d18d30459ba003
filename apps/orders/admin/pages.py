"""Pages of the back office on which staff pack, send and give back."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts import addresses
from apps.core import clock
from apps.orders import fulfilling, refunding
from apps.orders.errors import OrderRefused
from apps.orders.models import Order, OrderLine, OrderStatus

from .forms import GiveBackForm, ParcelFormSet

MOST = 100
# What the lines of orders are, and what is in them.
GOODS = ["lines__variant__product", "lines__pieces__variant__product"]


class Slip(NamedTuple):
    """A line of the packing list: how many, of what, and what is in it as (pieces, article number, name)."""

    pieces: int
    sku: str
    what: str
    inside: list[tuple[int, str, str]]


def packing_list(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """What to take off the shelves, order by order, to be printed: the chosen orders, else all that are paid. What goes
    with a box is beside the box's own lines. In the language of who packs, which may not be the customer's."""
    orders = _chosen(request, OrderStatus.PAID, OrderStatus.PACKED) or list(_rows().to_pack()[:MOST])
    prefetch_related_objects(orders, *(f"extras__{goods}" for goods in GOODS))
    slips = [(order, addresses.lines(order.address) if order.address else [], _to_pack(order)) for order in orders]
    context = {**page.admin_site.each_context(request), "title": _("Packing list"), "slips": slips}
    return render(request, "orders/admin/packing_list.html", context)


def send(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Who carries each packed order, and its tracking number; those without a carrier stay."""
    packed = _rows().filter(status=OrderStatus.PACKED, goes_with=None).order_by("paid_at", "pk")
    orders = _chosen(request, OrderStatus.PACKED) or list(packed[:MOST])
    initial = [{"order": order.pk} for order in orders]
    parcels = ParcelFormSet(request.POST or None, initial=initial)
    if request.method == "POST" and parcels.is_valid():
        _ship_all(request, [form.cleaned_data for form in parcels])
        return redirect(reverse("admin:orders_order_changelist") + "?status__exact=shipped")
    by_id = {order.pk: order for order in orders}
    rows = [(by_id.get(form["order"].initial), form) for form in parcels]
    context = {**page.admin_site.each_context(request), "title": _("Send"), "parcels": parcels, "rows": rows}
    return render(request, "orders/admin/send.html", context)


def give_back(page: ModelAdmin, request: HttpRequest, order_id: int) -> HttpResponse:
    """Money for chosen pieces of an order, and for shipping."""
    order = get_object_or_404(Order.objects.prefetch_related("lines__pieces"), pk=order_id)
    form = GiveBackForm(request.POST or None, order=order)
    if request.method == "POST" and form.is_valid():
        try:
            refund = refunding.give_back(
                order.pk,
                pieces=form.pieces,
                inside=form.inside,
                shipping=form.cleaned_data.get("shipping", False),
                restock=form.cleaned_data["restock"],
                reason=form.cleaned_data["reason"],
                actor=request.user.get_username(),
                key=str(form.cleaned_data["once"]),
                now=clock.now(),
            )
        except OrderRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            text = _("%(amount)s goes back, and the customer has been written to.")
            messages.success(request, text % {"amount": refund.amount})
            return redirect(reverse("admin:orders_order_change", args=[order.pk]))
    context = {**page.admin_site.each_context(request), "title": _("Give back"), "order": order, "form": form}
    return render(request, "orders/admin/give_back.html", context)


def _ship_all(request: HttpRequest, parcels: list[dict]) -> None:
    now, done = clock.now(), 0
    for facts in parcels:
        if not facts.get("carrier"):
            continue
        told = {name: facts[name] for name in ("carrier", "tracking_number", "tracking_url")}
        try:
            fulfilling.ship(facts["order"], **told, actor=request.user.get_username(), now=now)
            done += 1
        except (OrderRefused, Order.DoesNotExist) as refusal:
            messages.error(request, f"{facts['order']}: {refusal}")
    if done:
        text = ngettext("%(n)d order is on its way.", "%(n)d orders are on their way.", done)
        messages.success(request, text % {"n": done})


def _rows():
    return Order.objects.select_related("customer").prefetch_related(*GOODS)


def _chosen(request: HttpRequest, *statuses: OrderStatus) -> list[Order]:
    """The orders that were ticked in the list, as far as they are in one of these states and do not go with a box."""
    ids = [int(text) for text in request.GET.get("ids", "").split(",") if text.isdecimal() and len(text) < 19]
    chosen = _rows().filter(pk__in=ids[:MOST], status__in=statuses, goes_with=None)
    return list(chosen.order_by("paid_at", "pk")) if ids else []


def _to_pack(order: Order) -> list[Slip]:
    return [_slip(line) for line in order.lines.all() if line.is_shipped and line.kept]


def _slip(line: OrderLine) -> Slip:
    """What to take off the shelves for a line: of a bundle, what is in it, all of them together."""
    inside = [(piece.left, piece.variant.sku, str(piece.variant)) for piece in line.pieces.all() if piece.left]
    return Slip(line.kept, line.sku, str(line.variant), inside)
