"""Price changes: draft, preview, plan, withdraw; and who stands where."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from apps.core import clock
from apps.core.translations_admin import TranslatedAdmin
from apps.memberships import promise_rules
from apps.memberships.errors import Refused
from apps.memberships.forms import PriceChangeForm, WithdrawForm
from apps.memberships.models import PriceChange, PriceChangeEntry, PriceChangeStatus
from apps.memberships.services import promises

from . import counting
from .reading import ReadOnlyInline

MEMBERS_ON_A_PAGE = 50


class EntryInline(ReadOnlyInline):
    model = PriceChangeEntry
    fields = readonly_fields = ["at", "old", "new", "reason", "actor"]


@admin.register(PriceChange)
class PriceChangeAdmin(TranslatedAdmin, ModelAdmin):
    """Nothing is sent while a change is a draft. Its preview says what planning it would mean, and plans it."""

    form = PriceChangeForm
    list_display = ["__str__", "status_label", "effective_at", "without_consent", "created_at", "planned_at"]
    list_filter = ["status", "without_consent", "old_price__plan"]
    list_select_related = ["old_price__plan", "new_price__plan"]
    date_hierarchy = "effective_at"
    actions_detail = ["preview", "withdraw_this"]
    readonly_fields = ["status_label", "standing", "created_at", "planned_at", "settled_at", "written_at"]

    def get_fieldsets(self, request: HttpRequest, obj=None):
        terms = [(None, {"fields": self.form.Meta.fields}), *self.language_tabs()]
        return [*terms, (gettext_lazy("Progress"), {"fields": self.readonly_fields})] if obj else terms

    def get_inlines(self, request: HttpRequest, obj: PriceChange | None):
        return [EntryInline] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: PriceChange | None = None) -> bool:
        is_fixed = obj is not None and obj.status != PriceChangeStatus.DRAFT
        return not is_fixed and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PriceChange | None = None) -> bool:
        return False

    def has_plan_permission(self, request: HttpRequest, object_id: str | int) -> bool:
        return request.user.has_perm("memberships.change_pricechange")

    def save_model(self, request: HttpRequest, obj: PriceChange, form, change: bool) -> None:
        now = clock.now()
        if change:
            promises.revise(obj, now=now)
        else:
            promises.draft(obj, actor=request.user.get_username(), now=now)

    def response_add(self, request: HttpRequest, obj: PriceChange, post_url_continue=None) -> HttpResponse:
        """On to the preview: the draft is there to be looked at before it is planned."""
        return redirect("admin:memberships_pricechange_preview", obj.pk)

    @display(
        description=gettext_lazy("status"),
        ordering="status",
        label={
            PriceChangeStatus.DRAFT.label: "info",
            PriceChangeStatus.PLANNED.label: "warning",
            PriceChangeStatus.DONE.label: "success",
            PriceChangeStatus.WITHDRAWN.label: "danger",
        },
    )
    def status_label(self, change: PriceChange) -> str:
        return change.get_status_display()

    @admin.display(description=gettext_lazy("where the members stand"))
    def standing(self, change: PriceChange) -> str:
        rows = counting.of_change(change)
        return format_html_join("\n", "<p>{}: {}</p>", rows) if rows else _("No promises yet.")

    @action(description=gettext_lazy("Preview"), url_path="preview", icon="visibility", permissions=["plan"])
    def preview(self, request: HttpRequest, object_id: int) -> HttpResponse:
        change = get_object_or_404(
            PriceChange.objects.select_related("old_price__plan", "new_price__plan"), pk=object_id
        )
        now = clock.now()
        if request.method == "POST":
            return self._plan(request, change)
        forecast = promises.forecast(change, now=now)
        members = promises.members_of(change, now=now).select_related("customer").order_by("pk")
        paginator = Paginator(members, MEMBERS_ON_A_PAGE)
        paginator.count = forecast.members
        page = paginator.get_page(request.GET.get("page"))
        rows = [(member, promise_rules.notice_times(member.price_applies_from, change.notice_days)) for member in page]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Preview of the price change"),
            "change": change,
            "forecast": forecast,
            "page": page,
            "rows": rows,
            "is_draft": change.status == PriceChangeStatus.DRAFT,
            "now": now,
        }
        return render(request, "memberships/admin/price_change_preview.html", context)

    def _plan(self, request: HttpRequest, change: PriceChange) -> HttpResponse:
        try:
            promises.plan(change.pk, actor=request.user.get_username(), now=clock.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:memberships_pricechange_preview", change.pk)
        messages.success(request, _("The change is planned. The promises are written and the notices go out on time."))
        return redirect("admin:memberships_pricechange_change", change.pk)

    @action(
        description=gettext_lazy("Withdraw"),
        url_path="withdraw",
        permissions=["plan"],
        icon="undo",
        dialog={
            "title": gettext_lazy("Withdraw this price change?"),
            "description": gettext_lazy(
                "Nobody else moves, whatever they answered, and those who had a notice are told. Who has moved stays."
            ),
            "form_class": WithdrawForm,
            "form_submit_text": gettext_lazy("Withdraw"),
        },
    )
    def withdraw_this(self, request: HttpRequest, form: WithdrawForm, object_id: int) -> HttpResponse:
        try:
            promises.withdraw(
                object_id, reason=form.cleaned_data["reason"], actor=request.user.get_username(), now=clock.now()
            )
            messages.success(request, _("The price change is withdrawn."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        url = reverse("admin:memberships_pricechange_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": url}) if "HX-Request" in request.headers else redirect(url)
