"""Price promises: who was told what, what they said, and those that wait for a person."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core import clock
from apps.mail.models import Message
from apps.memberships.errors import Refused
from apps.memberships.models import PricePromise, PromiseNotice
from apps.memberships.services import promises

from .reading import ReadOnlyAdmin, ReadOnlyInline


class HeldFilter(admin.SimpleListFilter):
    """The queue of what waits for a person."""

    title = gettext_lazy("held")
    parameter_name = "held"

    def lookups(self, request, model_admin):
        return [("yes", _("Waits for a person"))]

    def queryset(self, request, queryset):
        return queryset.held() if self.value() == "yes" else queryset


class NoticeInline(ReadOnlyInline):
    model = PromiseNotice
    fields = readonly_fields = ["applies_from", "days", "given_at", "mail"]

    @admin.display(description=gettext_lazy("mail"))
    def mail(self, notice: PromiseNotice) -> str:
        message = Message.objects.filter(key=notice.key).only("pk", "status", "sent_at").first()
        if message is None:
            return "–"
        url = reverse("admin:mail_message_change", args=[message.pk])
        return format_html('<a href="{}">{} {}</a>', url, message.get_status_display(), message.sent_at or "")


@admin.register(PricePromise)
class PricePromiseAdmin(ReadOnlyAdmin):
    list_display = [
        "customer",
        "change",
        "old_amount",
        "new_amount",
        "applies_from",
        "protected_until",
        "answer",
        "outcome",
        "held_reason",
    ]
    list_filter = [HeldFilter, "outcome", "answer", "change__old_price__plan"]
    list_select_related = [
        "subscription__customer",
        "change__old_price__plan",
        "change__new_price",
        "old_price",
        "new_price",
    ]
    search_fields = ["subscription__customer__email", "subscription__customer__name"]
    date_hierarchy = "applies_from"
    show_full_result_count = False
    inlines = [NoticeInline]
    actions = ["give_new_date", "let_keep"]

    @admin.display(description=gettext_lazy("customer"), ordering="subscription__customer__email")
    def customer(self, promise: PricePromise) -> str:
        return str(promise.subscription.customer)

    @admin.display(description=gettext_lazy("old price"), ordering="old_price__amount_minor")
    def old_amount(self, promise: PricePromise) -> str:
        return str(promise.old_total)

    @admin.display(description=gettext_lazy("new price"), ordering="new_price__amount_minor")
    def new_amount(self, promise: PricePromise) -> str:
        return str(promise.new_total)

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("memberships.change_pricepromise")

    @admin.action(description=gettext_lazy("Give a new date (held)"), permissions=["act"])
    def give_new_date(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, promises.give_new_date)

    @admin.action(description=gettext_lazy("Let the member keep the old price (held)"), permissions=["act"])
    def let_keep(self, request: HttpRequest, queryset) -> None:
        self._act(request, queryset, promises.let_keep)

    def _act(self, request: HttpRequest, queryset, act) -> None:
        now, done = clock.now(), 0
        for promise in queryset.select_related("subscription__customer"):
            try:
                act(promise.pk, actor=request.user.get_username(), now=now)
                done += 1
            except Refused as refusal:
                messages.error(request, f"{promise.subscription.customer}: {refusal}")
        if done:
            messages.success(request, ngettext("%(n)d promise done.", "%(n)d promises done.", done) % {"n": done})


class PromiseInline(ReadOnlyInline):
    """On the page of a subscription: what its member was promised about the price."""

    model = PricePromise
    fields = readonly_fields = [
        "change",
        "applies_from",
        "protected_until",
        "next_notice_at",
        "answer",
        "answered_at",
        "consent",
        "held_reason",
        "outcome",
        "settled_at",
    ]
    show_change_link = True

    def get_queryset(self, request):
        related = super().get_queryset(request)
        return related.select_related(
            "change__old_price__plan", "change__new_price", "consent", "old_price", "new_price"
        )
