"""What the pages of billing share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from apps.billing import papers, printing
from apps.billing.models import CreditNote, Invoice
from apps.core.admin import ReadOnly

STATUS_COLOURS = {
    _("open"): "info",
    _("paid"): "success",
    _("void"): "warning",
    _("uncollectible"): "danger",
    _("pending"): "info",
    _("processing"): "info",
    _("succeeded"): "success",
    _("declined"): "danger",
    _("needs action"): "warning",
    _("unknown"): "danger",
    _("cancelled"): "warning",
    _("failed"): "danger",
    _("recovered"): "success",
    _("exhausted"): "danger",
    _("needs response"): "warning",
    _("under review"): "info",
    _("won"): "success",
    _("lost"): "danger",
    _("resolved"): "success",
    _("ignored"): "warning",
}


class DocumentAdmin(ReadOnly, ModelAdmin):
    """A list of documents with a coloured status. They are looked at; what may be done with them are actions."""

    list_filter_submit = True
    show_full_result_count = False

    @display(description=_("Status"), ordering="status", label=STATUS_COLOURS)
    def status_label(self, row) -> str:
        return row.get_status_display()

    def has_act_permission(self, request: HttpRequest, obj=None) -> bool:
        """Whoever may change the document may act on it."""
        options = self.model._meta
        return request.user.has_perm(f"{options.app_label}.change_{options.model_name}")


class DocumentInline(ReadOnly, TabularInline):
    extra = 0
    tab = True


class HistoryInline(DocumentInline):
    fields = ["at", "old", "new", "reason", "actor"]
    readonly_fields = fields
    verbose_name_plural = _("history")


def download(
    page: ModelAdmin, request: HttpRequest, row: Invoice | CreditNote, print_: Callable[[Any], bytes]
) -> HttpResponse:
    """A document as PDF; where this machine cannot make one, the document's page says what is missing."""
    try:
        return printing.download(print_(row), row.number)
    except printing.CannotPrint as problem:
        page.message_user(request, str(problem), messages.ERROR)
        return redirect(reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk]))


def leave(request: HttpRequest, url: str) -> HttpResponse:
    """To a page; a dialog is posted by htmx, which has to be told to leave."""
    return HttpResponse(headers={"HX-Redirect": url}) if "HX-Request" in request.headers else redirect(url)


def stated_tax(document: Invoice | CreditNote) -> str:
    """The tax in the seller's currency with its rate, for a field of a page."""
    stated = papers.stated_tax_of(document)
    return f"{stated.tax} ({stated.rate_text}, {stated.rate_day.isoformat()})" if stated else "–"
