"""Boxes, the parcels that are owed, where they go, and what staff decide when something ran out."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apps.accounts import addresses
from apps.catalog.models import BundleSlot, Variant
from apps.core import clock
from apps.core.admin import ReadOnly
from apps.orders.boxes import forecast, making, stopping
from apps.orders.errors import OrderRefused
from apps.orders.models import Box, BoxDelivery, BoxRecipient, BoxStop, DeliveryStatus

from .box_forms import BoxForm, StopForm


@admin.register(Box)
class BoxAdmin(ModelAdmin):
    """What a plan sends, and what the coming days need."""

    form = BoxForm
    list_display = ["plan", "product", "cutoff_days", "coming_shown"]
    list_select_related = ["plan", "product"]
    actions_detail = ["stop"]
    readonly_fields = ["needs_shown"]

    def get_fields(self, request: HttpRequest, obj: Box | None = None) -> list[str]:
        return [*self.form.Meta.fields, *(self.readonly_fields if obj else [])]

    def has_delete_permission(self, request: HttpRequest, obj: Box | None = None) -> bool:
        return False

    def has_stop_permission(self, request: HttpRequest, object_id: str | int) -> bool:
        return request.user.has_perm("orders.add_boxstop")

    @admin.display(description=gettext_lazy("next 7 days"))
    def coming_shown(self, box: Box) -> str:
        coming = forecast.coming(box, now=clock.now())
        parcels = ngettext("%(n)d parcel", "%(n)d parcels", coming.parcels) % {"n": coming.parcels}
        subscribers = ngettext("%(n)d subscriber", "%(n)d subscribers", coming.subscribers) % {"n": coming.subscribers}
        return f"{parcels} · {subscribers}"

    @admin.display(description=gettext_lazy("needed in the next 7 days"))
    def needs_shown(self, box: Box) -> str:
        coming = forecast.coming(box, now=clock.now())
        head = self.coming_shown(box)
        return format_html("<p>{}</p>{}", head, format_html_join("", "<p>{}</p>", ((_need(n),) for n in coming.needs)))

    @action(description=gettext_lazy("Something ran out"), url_path="stop", icon="block", permissions=["stop"])
    def stop(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """First how many it touches, then the decision; the workers carry it out."""
        box = get_object_or_404(Box.objects.select_related("plan", "product"), pk=object_id)
        form = StopForm(request.POST or None, box=box)
        reach = None
        if request.method == "POST" and form.is_valid():
            if "decide" in request.POST and self._decide(request, box, form):
                return redirect(reverse("admin:orders_boxstop_changelist"))
            told = {name: value for name, value in form.decision.items() if name != "substitute"}
            reach = stopping.reach(box, **told)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Something ran out"),
            "box": box,
            "form": form,
            "reach": reach,
        }
        return render(request, "orders/admin/stop.html", context)

    def _decide(self, request: HttpRequest, box: Box, form: StopForm) -> bool:
        try:
            stopping.decide(box, **form.decision, actor=request.user.get_username(), now=clock.now())
        except OrderRefused as refusal:
            form.add_error(None, str(refusal))
            return False
        messages.success(request, _("It is decided. The workers carry it out and write to the customers."))
        return True


def _need(need: forecast.Need) -> str:
    facts = {"pieces": need.pieces, "what": need.variant, "left": need.variant.left}
    if need.variant.left is None:
        return _("%(pieces)d × %(what)s") % facts
    if need.is_short:
        return _("%(pieces)d × %(what)s: only %(left)d are there") % facts
    return _("%(pieces)d × %(what)s, %(left)d are there") % facts


@admin.register(BoxDelivery)
class BoxDeliveryAdmin(ReadOnly, ModelAdmin):
    """Parcels that are owed, those that wait for a person first."""

    list_display = ["customer", "plan", "number_shown", "quantity", "due_at", "status", "held_for", "order"]
    list_filter = ["status", "subscription__plan"]
    list_select_related = ["subscription__customer", "subscription__plan", "order"]
    search_fields = ["subscription__customer__email", "subscription__customer__name", "order__number"]
    date_hierarchy = "due_at"
    show_full_result_count = False
    fields = [
        ("customer", "subscription"),
        ("number_shown", "quantity", "due_at"),
        ("status", "held_for"),
        ("invoice", "order"),
    ]
    readonly_fields = ["customer", "number_shown"]
    actions = ["try_again"]

    def get_ordering(self, request: HttpRequest):
        is_held = When(status=DeliveryStatus.HELD, then=Value(0))
        return [Case(is_held, default=Value(1), output_field=IntegerField()), "-due_at", "-pk"]

    @admin.display(description=gettext_lazy("customer"), ordering="subscription__customer__email")
    def customer(self, delivery: BoxDelivery) -> str:
        return str(delivery.subscription.customer)

    @admin.display(description=gettext_lazy("plan"), ordering="subscription__plan")
    def plan(self, delivery: BoxDelivery) -> str:
        return str(delivery.subscription.plan)

    @admin.display(description=gettext_lazy("box number"), ordering="number")
    def number_shown(self, delivery: BoxDelivery) -> int:
        return delivery.number + 1

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.change_boxdelivery")

    @admin.action(description=gettext_lazy("Try again"), permissions=["act"])
    def try_again(self, request: HttpRequest, queryset) -> None:
        done = 0
        for delivery in queryset.order_by("pk"):
            try:
                making.try_again(delivery.pk)
                done += 1
            except OrderRefused as refusal:
                messages.error(request, f"{delivery}: {refusal}")
        if done:
            text = ngettext("The workers try %(n)d box again.", "The workers try %(n)d boxes again.", done)
            messages.success(request, text % {"n": done})


@admin.register(BoxRecipient)
class BoxRecipientAdmin(ReadOnly, ModelAdmin):
    """How each customer wants their boxes; they say it themselves."""

    list_display = ["customer", "plan_group", "address_shown", "told_for"]
    list_filter = ["plan_group"]
    list_select_related = ["customer"]
    search_fields = ["customer__email", "customer__name"]
    fields = ["customer", "plan_group", "address_shown", "picked_shown", "next_shown", "told_for"]
    readonly_fields = ["address_shown", "picked_shown", "next_shown"]

    @admin.display(description=gettext_lazy("address"))
    def address_shown(self, recipient: BoxRecipient) -> str:
        return ", ".join(addresses.lines(recipient.address)) if recipient.address else "–"

    @admin.display(description=gettext_lazy("usually in it"))
    def picked_shown(self, recipient: BoxRecipient) -> str:
        return _named(recipient.picked)

    @admin.display(description=gettext_lazy("in the next one"))
    def next_shown(self, recipient: BoxRecipient) -> str:
        return _named(recipient.picked_next)


def _named(picks: dict[int, int]) -> str:
    slots = BundleSlot.objects.in_bulk(list(picks))
    variants = Variant.objects.select_related("product").in_bulk(list(picks.values()))
    known = [(slot, variant) for slot, variant in picks.items() if slot in slots and variant in variants]
    return ", ".join(f"{slots[slot].name}: {variants[variant]}" for slot, variant in known)


@admin.register(BoxStop)
class BoxStopAdmin(ReadOnly, ModelAdmin):
    """What was decided, and for how many it was carried out."""

    list_display = ["created_at", "box", "kind", "variant", "substitute", "until", "done_at", "handled", "passed_over"]
    list_filter = ["kind", "box"]
    list_select_related = ["box__plan", "variant__product", "substitute__product"]
    fields = [*list_display, "actor"]
    date_hierarchy = "created_at"
