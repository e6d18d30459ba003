"""Orders: what was bought, how far it is, and what staff do about it, many at a time."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from apps.accounts import addresses
from apps.core import clock
from apps.core.admin import ReadOnly
from apps.orders import fulfilling, refunding
from apps.orders.boxes import extras
from apps.orders.errors import OrderRefused
from apps.orders.models import Order, OrderHistory, OrderLine, OrderRefund, Shipment

from . import pages


class LineInline(ReadOnly, TabularInline):
    model = OrderLine
    extra = 0
    fields = readonly_fields = [
        "description",
        "within_shown",
        "sku",
        "quantity",
        "unit_shown",
        "amount_shown",
        "discount_shown",
        "refunded_quantity",
        "returned_quantity",
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("order").prefetch_related("pieces")

    @admin.display(description=gettext_lazy("what is in it"))
    def within_shown(self, line: OrderLine) -> str:
        return line.within

    @admin.display(description=gettext_lazy("unit price"))
    def unit_shown(self, line: OrderLine) -> str:
        return str(line.unit)

    @admin.display(description=gettext_lazy("amount"))
    def amount_shown(self, line: OrderLine) -> str:
        return str(line.amount)

    @admin.display(description=gettext_lazy("discount"))
    def discount_shown(self, line: OrderLine) -> str:
        return str(line.discount) if line.discount else ""


class ShipmentInline(ReadOnly, TabularInline):
    model = Shipment
    extra = 0
    fields = readonly_fields = ["shipped_at", "carrier", "tracking_number", "tracking_url", "actor"]


class RefundInline(ReadOnly, TabularInline):
    model = OrderRefund
    extra = 0
    fields = readonly_fields = ["at", "amount_shown", "restocked", "reason", "actor"]

    @admin.display(description=gettext_lazy("amount"))
    def amount_shown(self, refund: OrderRefund) -> str:
        return str(refund.amount)


class HistoryInline(ReadOnly, TabularInline):
    model = OrderHistory
    extra = 0
    fields = readonly_fields = ["at", "old", "new", "reason", "actor"]


@admin.register(Order)
class OrderAdmin(ReadOnly, ModelAdmin):
    """Orders change through what staff and customers do, never by editing a column."""

    list_display = ["number", "kind", "email", "status", "total_shown", "country", "placed_at", "paid_at"]
    list_filter = ["status", "kind", "country", "currency", "placed_at"]
    list_select_related = ["customer"]
    search_fields = [
        "number",
        "email",
        "customer__name",
        "invoice__number",
        "lines__sku",
        "lines__pieces__variant__sku",
    ]
    date_hierarchy = "created_at"
    inlines = [LineInline, ShipmentInline, RefundInline, HistoryInline]
    fields = [
        ("number", "kind", "status"),
        ("customer", "email"),
        ("total_shown", "tax_shown", "shipping_shown", "discount_shown"),
        ("invoice", "promotion", "signup"),
        ("goes_with", "packed_with"),
        "address_shown",
        ("created_at", "placed_at", "paid_at", "closed_at"),
        "problem",
    ]
    readonly_fields = ["total_shown", "tax_shown", "shipping_shown", "discount_shown", "address_shown"]
    actions = ["pack", "choose_to_send", "deliver", "cancel", "send_alone", "choose_packing_list"]
    actions_list = ["packing_list", "send"]
    actions_detail = ["give_back"]

    @admin.display(description=gettext_lazy("total"), ordering="total_minor")
    def total_shown(self, order: Order) -> str:
        return str(order.total)

    @admin.display(description=gettext_lazy("tax"))
    def tax_shown(self, order: Order) -> str:
        return str(order.tax)

    @admin.display(description=gettext_lazy("shipping"))
    def shipping_shown(self, order: Order) -> str:
        return f"{order.shipping_name} {order.shipping}".strip()

    @admin.display(description=gettext_lazy("discount"))
    def discount_shown(self, order: Order) -> str:
        return str(order.discount)

    @admin.display(description=gettext_lazy("address"))
    def address_shown(self, order: Order) -> str:
        return ", ".join(addresses.lines(order.address)) if order.address else ""

    def has_act_permission(self, request: HttpRequest, object_id: str | int | None = None) -> bool:
        return request.user.has_perm("orders.change_order")

    @admin.action(description=gettext_lazy("Mark as packed"), permissions=["act"])
    def pack(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, fulfilling.pack)

    @admin.action(description=gettext_lazy("Send, with tracking numbers"), permissions=["act"])
    def choose_to_send(self, request: HttpRequest, queryset) -> HttpResponse:
        return _go("send", queryset)

    @admin.action(description=gettext_lazy("Mark as delivered"), permissions=["act"])
    def deliver(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, fulfilling.deliver)

    @admin.action(description=gettext_lazy("Cancel and give all money back"), permissions=["act"])
    def cancel(self, request: HttpRequest, queryset) -> None:
        def cancel(order_id, **how):
            return refunding.cancel(order_id, reason=_("Cancelled by us"), **how)

        self._act(request, queryset, cancel)

    @admin.action(description=gettext_lazy("Do not wait for the box: send by itself"), permissions=["act"])
    def send_alone(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, extras.send_alone)

    @admin.action(description=gettext_lazy("Print the packing list"), permissions=["view"])
    def choose_packing_list(self, request: HttpRequest, queryset) -> HttpResponse:
        return _go("packing_list", queryset)

    @action(description=gettext_lazy("Packing list"), url_path="packing-list", permissions=["view"])
    def packing_list(self, request: HttpRequest) -> HttpResponse:
        return pages.packing_list(self, request)

    @action(description=gettext_lazy("Send packed orders"), url_path="send", permissions=["act"])
    def send(self, request: HttpRequest) -> HttpResponse:
        return pages.send(self, request)

    @action(description=gettext_lazy("Give money back"), url_path="give-back", permissions=["act"])
    def give_back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return pages.give_back(self, request, object_id)

    def _act(self, request: HttpRequest, queryset, act: Callable[..., object]) -> None:
        """Carry the action out on each, through the service, in the name of the member of staff."""
        now, done = clock.now(), 0
        for order in queryset.order_by("pk"):
            try:
                act(order.pk, actor=request.user.get_username(), now=now)
                done += 1
            except OrderRefused as refusal:
                messages.error(request, f"{order}: {refusal}")
        if done:
            text = ngettext("%(n)d order done.", "%(n)d orders done.", done)
            messages.success(request, text % {"n": done})


def _go(page: str, queryset) -> HttpResponse:
    ids = ",".join(str(pk) for pk in queryset.order_by("pk").values_list("pk", flat=True)[: pages.MOST])
    return redirect(reverse(f"admin:orders_order_{page}") + f"?ids={ids}")
