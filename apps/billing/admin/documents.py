"""Invoices and their recovery."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from apps.billing import corrections, dunning, explanation, exports, invoices, printing
from apps.billing.forms import CreditForm, ReasonForm
from apps.billing.models import CreditNote, Invoice, InvoiceChange, InvoiceLine, Payment, Recovery, RecoveryChange
from apps.core import clock

from .exporting import ExportAdmin
from .reading import DocumentAdmin, DocumentInline, HistoryInline, download, leave, stated_tax


class LineInline(DocumentInline):
    model = InvoiceLine
    fields = ["position", "description", "amount", "tax", "rate", "period", "explained"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related("invoice").prefetch_related("invoice__lines")

    @display(description=_("amount"))
    def amount(self, line: InvoiceLine) -> str:
        return str(line.amount)

    @display(description=_("tax"))
    def tax(self, line: InvoiceLine) -> str:
        return str(line.tax)

    @display(description=_("rate"))
    def rate(self, line: InvoiceLine) -> str:
        return f"{line.tax_basis_points / 100:g} %"

    @display(description=_("period"))
    def period(self, line: InvoiceLine) -> str:
        return f"{line.period_start:%Y-%m-%d %H:%M} – {line.period_end:%Y-%m-%d %H:%M}" if line.period_start else "–"

    @display(description=_("how it was computed"))
    def explained(self, line: InvoiceLine) -> str:
        taxes = explanation.taxes_of(line.invoice, list(line.invoice.lines.all()))
        steps = [explanation.of(line), taxes[line.position - 1], explanation.net_of(line)]
        wrong = _text("does not agree with its inputs")
        told = [*steps[0].facts, *((name, value) for name, value in line.inputs.items())]
        return format_html(
            "{}<small>{}</small>",
            format_html_join("", "{} {}<br>", ((step.formula, "✓" if step.agrees else wrong) for step in steps)),
            format_html_join("", "{}: {}<br>", told),
        )


class PaymentInline(DocumentInline):
    model = Payment
    fields = ["attempt", "status", "amount", "card", "decline_code", "due_at", "settled_at"]
    readonly_fields = fields
    ordering = ["attempt"]
    show_change_link = True

    @display(description=_("amount"))
    def amount(self, payment: Payment) -> str:
        return str(payment.amount)


class CreditNoteInline(DocumentInline):
    model = CreditNote
    fields = ["number", "total", "settlement", "reason", "issued_at"]
    readonly_fields = fields
    ordering = ["pk"]
    show_change_link = True

    @display(description=_("total"))
    def total(self, note: CreditNote) -> str:
        return str(note.total)


class InvoiceHistory(HistoryInline):
    model = InvoiceChange


class RecoveryHistory(HistoryInline):
    model = RecoveryChange


@admin.register(Invoice)
class InvoiceAdmin(ExportAdmin):
    export_table = exports.INVOICES
    list_display = ["number", "customer", "status_label", "total", "due", "reason", "issued_at", "paid_at"]
    list_filter = ["status", "reason", "currency", "tax_treatment", ("issued_at", RangeDateTimeFilter)]
    list_select_related = ["customer"]
    search_fields = ["number", "customer_email", "customer_name", "customer_company", "customer_tax_number", "key"]
    inlines = [LineInline, PaymentInline, CreditNoteInline, InvoiceHistory]
    fields = [
        ("number", "status_label"),
        ("customer", "customer_name"),
        ("customer_email", "customer_country"),
        ("customer_company", "customer_tax_number", "tax_treatment"),
        "customer_address",
        "seller",
        ("total", "tax", "net"),
        "tax_stated",
        ("credit_applied", "due"),
        ("issued_at", "paid_at", "voided_at"),
        ("reason", "key"),
    ]
    actions_detail = ["pdf", "credit_this", "void_this"]

    @display(description=_("total"), ordering="total_minor")
    def total(self, invoice: Invoice) -> str:
        return str(invoice.total)

    @display(description=_("seller, as printed"))
    def seller(self, invoice: Invoice) -> str:
        return ", ".join(str(part).replace("\n", ", ") for part in invoice.seller_details.values() if part)

    @display(description=_("due"), ordering="due_minor")
    def due(self, invoice: Invoice) -> str:
        return str(invoice.due)

    @display(description=_("tax"))
    def tax(self, invoice: Invoice) -> str:
        return str(invoice.tax)

    @display(description=_("VAT in the seller's currency"))
    def tax_stated(self, invoice: Invoice) -> str:
        return stated_tax(invoice)

    @display(description=_("net"))
    def net(self, invoice: Invoice) -> str:
        return str(invoice.net)

    @display(description=_("credit applied"))
    def credit_applied(self, invoice: Invoice) -> str:
        return str(invoice.credit_applied)

    @action(description=_("PDF"), url_path="pdf", permissions=["view"], icon="picture_as_pdf")
    def pdf(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return download(self, request, Invoice.objects.with_lines().get(pk=object_id), printing.invoice)

    @action(
        description=_("Credit"),
        url_path="credit",
        permissions=["act"],
        icon="receipt",
        dialog={
            "title": _("Take back part or all of this invoice"),
            "description": _(
                "The customer gets a credit note. Money to the card arrives within ten days, with a mail."
            ),
            "form_class": CreditForm,
            "form_submit_text": _("Issue credit note"),
        },
    )
    def credit_this(self, request: HttpRequest, form: CreditForm, object_id: int) -> HttpResponse:
        asked = form.cleaned_data
        take_back = corrections.to_card if asked["to"] == CreditNote.Settlement.CARD else corrections.to_credit
        try:
            note = take_back(
                object_id, amount=asked["money"], key=str(asked["key"]), reason=asked["reason"], now=clock.now()
            )
        except (corrections.CannotCredit, corrections.CannotRefund) as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            self.log_change(request, note.invoice, _text("Credit note %(number)s") % {"number": note.number})
            self.message_user(request, _text("Credit note %(number)s is issued.") % {"number": note.number})
        return leave(request, reverse("admin:billing_invoice_change", args=[object_id]))

    @action(
        description=_("Withdraw invoice"),
        url_path="void",
        permissions=["act"],
        icon="block",
        dialog={
            "title": _("Withdraw this invoice?"),
            "description": _("Its number stays used, a credit note takes it back, and its payment is not collected."),
            "form_class": ReasonForm,
            "form_submit_text": _("Withdraw invoice"),
        },
    )
    def void_this(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        try:
            reason = form.cleaned_data["reason"]
            invoice = invoices.void(object_id, reason=reason, now=clock.now(), actor=request.user.get_username())
        except invoices.CannotVoid as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            self.log_change(request, invoice, reason)
            self.message_user(request, _text("The invoice is withdrawn."), messages.SUCCESS)
        return leave(request, reverse("admin:billing_invoice_change", args=[object_id]))


@admin.register(Recovery)
class RecoveryAdmin(DocumentAdmin):
    list_display = ["invoice", "customer", "status_label", "policy", "step", "next_action_at", "started_at"]
    list_filter = ["status", "policy", ("started_at", RangeDateTimeFilter)]
    list_select_related = ["invoice__customer", "policy"]
    search_fields = ["invoice__number", "invoice__customer_email"]
    inlines = [RecoveryHistory]
    fields = ["invoice", "status_label", "policy", "step", "next_action_at", "started_at", "ended_at"]
    actions_detail = ["stop_this"]

    @display(description=_("customer"))
    def customer(self, recovery: Recovery) -> str:
        return str(recovery.invoice.customer)

    @action(
        description=_("Stop recovering"),
        url_path="stop",
        permissions=["act"],
        icon="pan_tool",
        dialog={
            "title": _("Stop recovering this invoice?"),
            "description": _("No retry and no mail follows. The invoice stays open until it is paid or withdrawn."),
            "form_class": ReasonForm,
            "form_submit_text": _("Stop recovering"),
        },
    )
    def stop_this(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        recovery = Recovery.objects.get(pk=object_id)
        reason = form.cleaned_data["reason"]
        dunning.stop(recovery.invoice_id, reason=reason, now=clock.now())
        self.log_change(request, recovery, reason)
        return leave(request, reverse("admin:billing_recovery_change", args=[object_id]))
