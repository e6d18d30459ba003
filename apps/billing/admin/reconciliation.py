"""The comparison with the gateway's books, and what differs."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from apps.billing import repairs
from apps.billing.forms import ReasonForm
from apps.billing.gateway.port import GatewayError
from apps.billing.lifecycle import breaks
from apps.billing.models import Break, BreakChange, Reconciliation
from apps.core import clock

from .reading import DocumentAdmin, HistoryInline, leave


class BreakHistory(HistoryInline):
    model = BreakChange


@admin.register(Break)
class BreakAdmin(DocumentAdmin):
    list_display = ["subject", "kind", "customer", "amount", "here", "there", "fix", "status_label", "found_at"]
    list_filter = ["status", "subject", "kind", "fix", "currency", ("found_at", RangeDateTimeFilter)]
    list_select_related = ["customer"]
    search_fields = ["ref", "customer__email", "invoice__number"]
    inlines = [BreakHistory]
    fields = [
        ("subject", "kind", "status_label"),
        ("here", "there", "amount"),
        ("ref", "fix"),
        ("customer", "invoice", "payment", "refund"),
        ("found_at", "seen_at"),
        ("closed_at", "closed_by", "note"),
    ]
    actions_detail = ["repair_this", "resolve_this", "ignore_this"]

    @display(description=_("amount"), ordering="amount_minor")
    def amount(self, found: Break) -> str:
        return str(found.amount)

    @action(
        description=_("Take the suggested step"),
        url_path="repair",
        permissions=["act"],
        icon="build",
        dialog={
            "title": _("Take the suggested step?"),
            "description": _("The gateway is asked first. It is done only if it still says the same."),
            "form_submit_text": _("Take the step"),
        },
    )
    def repair_this(self, request: HttpRequest, form, object_id: int) -> HttpResponse:
        try:
            found = repairs.repair(object_id, actor=request.user.get_username(), now=clock.now())
        except (repairs.CannotRepair, GatewayError) as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            self.log_change(request, found, found.note)
            self.message_user(request, _text("Done: %(step)s.") % {"step": found.note}, messages.SUCCESS)
        return self._back(request, object_id)

    @action(
        description=_("Resolved by hand"),
        url_path="resolve",
        permissions=["act"],
        icon="check",
        dialog={
            "title": _("Is this difference dealt with?"),
            "description": _("If it is still there, the next comparison finds it again."),
            "form_class": ReasonForm,
            "form_submit_text": _("Resolved"),
        },
    )
    def resolve_this(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        return self._close(request, form, object_id, breaks.resolve)

    @action(
        description=_("Ignore"),
        url_path="ignore",
        permissions=["act"],
        icon="visibility_off",
        dialog={
            "title": _("Leave this difference as it is?"),
            "description": _("It is not found again, unless an amount changes."),
            "form_class": ReasonForm,
            "form_submit_text": _("Ignore"),
        },
    )
    def ignore_this(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        return self._close(request, form, object_id, breaks.ignore)

    def _close(self, request: HttpRequest, form: ReasonForm, object_id: int, close) -> HttpResponse:
        note = form.cleaned_data["reason"]
        found = close(object_id, note=note, actor=request.user.get_username(), now=clock.now())
        self.log_change(request, found, note)
        return self._back(request, object_id)

    def _back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return leave(request, reverse("admin:billing_break_change", args=[object_id]))


@admin.register(Reconciliation)
class ReconciliationAdmin(DocumentAdmin):
    list_display = ["started_at", "phase", "compared", "found", "since", "until", "finished_at"]
