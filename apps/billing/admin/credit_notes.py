"""Credit notes."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from apps.billing import exports, printing
from apps.billing.models import CreditNote, CreditNoteLine

from .exporting import ExportAdmin
from .payments import RefundInline
from .reading import DocumentInline, download, stated_tax


class CreditLineInline(DocumentInline):
    model = CreditNoteLine
    fields = ["position", "description", "amount", "tax", "rate"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related("credit_note")

    @display(description=_("amount"))
    def amount(self, line: CreditNoteLine) -> str:
        return str(line.amount)

    @display(description=_("tax"))
    def tax(self, line: CreditNoteLine) -> str:
        return str(line.tax)

    @display(description=_("rate"))
    def rate(self, line: CreditNoteLine) -> str:
        return f"{line.tax_basis_points / 100:g} %"


@admin.register(CreditNote)
class CreditNoteAdmin(ExportAdmin):
    export_table = exports.CREDIT_NOTES
    list_display = ["number", "invoice", "customer", "total", "settlement", "reason", "issued_at"]
    list_filter = ["settlement", "currency", ("issued_at", RangeDateTimeFilter)]
    list_select_related = ["invoice", "customer"]
    search_fields = ["number", "invoice__number", "invoice__customer_email", "reason"]
    inlines = [CreditLineInline, RefundInline]
    fields = [
        ("number", "invoice", "customer"),
        ("total", "tax", "net"),
        "tax_stated",
        ("settlement", "reason"),
        ("issued_at", "key"),
    ]
    actions_detail = ["pdf"]

    @display(description=_("total"), ordering="total_minor")
    def total(self, note: CreditNote) -> str:
        return str(note.total)

    @display(description=_("tax"))
    def tax(self, note: CreditNote) -> str:
        return str(note.tax)

    @display(description=_("VAT in the seller's currency"))
    def tax_stated(self, note: CreditNote) -> str:
        return stated_tax(note)

    @display(description=_("net"))
    def net(self, note: CreditNote) -> str:
        return str(note.net)

    @action(description=_("PDF"), url_path="pdf", permissions=["view"], icon="picture_as_pdf")
    def pdf(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return download(self, request, CreditNote.objects.with_lines().get(pk=object_id), printing.credit_note)
