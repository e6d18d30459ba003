"""Subscriptions: their state, their history, and what staff can do about them."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

from apps.core import clock
from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.models import History, Pause, Period, Subscription

from . import giving, resting
from .promises import PromiseInline
from .reading import ReadOnlyAdmin, ReadOnlyInline


class ParkedFilter(admin.SimpleListFilter):
    """The queue of what waits for a person."""

    title = gettext_lazy("parked")
    parameter_name = "parked"

    def lookups(self, request, model_admin):
        return [("yes", _("Waits for a person")), ("no", _("Runs by itself"))]

    def queryset(self, request, queryset):
        if self.value() == "yes":
            return queryset.parked()
        return queryset.filter(parked_at=None) if self.value() == "no" else queryset


class HistoryInline(ReadOnlyInline):
    model = History
    fields = readonly_fields = ["at", "kind", "old", "new", "reason", "actor"]


class PeriodInline(ReadOnlyInline):
    model = Period
    fields = readonly_fields = ["start", "end", "price", "amount_shown", "invoice"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("price__plan", "invoice")

    @admin.display(description=gettext_lazy("amount"))
    def amount_shown(self, period: Period) -> str:
        return str(period.gross)


class PauseInline(ReadOnlyInline):
    model = Pause
    fields = readonly_fields = ["kind", "begins_at", "resumes_at", "closed_at", "outcome", "actor"]


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Subscriptions change through what staff and customers do, never by editing a column."""

    list_display = [
        "customer",
        "plan",
        "price_shown",
        "quantity",
        "status",
        "origin",
        "current_end",
        "ends_at",
        "pause_at",
        "resumes_at",
        "parked_reason",
    ]
    list_filter = ["status", "origin", ParkedFilter, "plan", "price__interval_unit", "end_reason", "cancel_reason"]
    list_select_related = ["customer", "plan", "price"]
    search_fields = ["customer__email", "customer__name", "id"]
    date_hierarchy = "created_at"
    inlines = [HistoryInline, PeriodInline, PauseInline, PromiseInline]
    actions = ["unpark", "cancel", "undo_cancel", "undo_pause", "resume", "end_complimentary"]
    actions_list = ["give_complimentary"]
    actions_detail = ["pause"]

    @admin.display(description=gettext_lazy("price"))
    def price_shown(self, subscription: Subscription) -> str:
        return f"{subscription.price.amount} / {subscription.price.interval_label}"

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("memberships.change_subscription")

    @admin.action(description=gettext_lazy("Take up again (parked)"), permissions=["act"])
    def unpark(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, services.unpark)

    @admin.action(description=gettext_lazy("Cancel at the end of the period"), permissions=["act"])
    def cancel(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, services.request_cancel, for_customer=True)

    @admin.action(description=gettext_lazy("Undo the cancellation"), permissions=["act"])
    def undo_cancel(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, services.undo_cancel, for_customer=True)

    @admin.action(description=gettext_lazy("Take the planned pause back"), permissions=["act"])
    def undo_pause(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, services.undo_pause, for_customer=True)

    @admin.action(description=gettext_lazy("Resume now (paused)"), permissions=["act"])
    def resume(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, services.resume, for_customer=True)

    @admin.action(description=gettext_lazy("End now (complimentary)"), permissions=["act"])
    def end_complimentary(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, services.end_complimentary)

    def has_pause_permission(self, request: HttpRequest, object_id: str | int) -> bool:
        return self.has_act_permission(request)

    def has_give_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("memberships.add_subscription")

    @action(description=gettext_lazy("Pause"), url_path="pause", permissions=["pause"])
    def pause(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return resting.pause(self, request, object_id)

    @action(description=gettext_lazy("Give a membership"), url_path="give", permissions=["give"])
    def give_complimentary(self, request: HttpRequest) -> HttpResponse:
        return giving.give(self, request)

    def _act(self, request: HttpRequest, queryset, act, *, for_customer: bool = False) -> None:
        """Carry the action out on each, through the service, in the name of the member of staff."""
        now, done = clock.now(), 0
        for subscription in queryset.select_related("customer"):
            whose = {"customer": subscription.customer} if for_customer else {}
            try:
                act(subscription.pk, actor=request.user.get_username(), now=now, **whose)
                done += 1
            except Refused as refusal:
                messages.error(request, f"{subscription}: {refusal}")
        if done:
            text = ngettext("%(n)d subscription done.", "%(n)d subscriptions done.", done)
            messages.success(request, text % {"n": done})
