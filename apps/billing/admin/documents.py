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

from apps.billing import dunning, explanation, invoices
from apps.billing.forms import ReasonForm
from apps.billing.models import Invoice, InvoiceChange, InvoiceLine, Payment, Recovery, RecoveryChange
from apps.core import clock

from .reading import DocumentAdmin, DocumentInline, HistoryInline, leave


class LineInline(DocumentInline):
    model = InvoiceLine
    fields = ["position", "description", "amount", "tax", "rate", "period", "explained"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related("invoice")

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
        steps = [explanation.of(line), explanation.tax_of(line), explanation.net_of(line)]
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


class InvoiceHistory(HistoryInline):
    model = InvoiceChange


class RecoveryHistory(HistoryInline):
    model = RecoveryChange


@admin.register(Invoice)
class InvoiceAdmin(DocumentAdmin):
    list_display = ["number", "customer", "status_label", "total", "due", "reason", "issued_at", "paid_at"]
    list_filter = ["status", "reason", "currency", ("issued_at", RangeDateTimeFilter)]
    list_select_related = ["customer"]
    search_fields = ["number", "customer_email", "customer_name", "key"]
    inlines = [LineInline, PaymentInline, InvoiceHistory]
    fields = [
        ("number", "status_label"),
        ("customer", "customer_name"),
        ("customer_email", "customer_country"),
        ("total", "tax", "net"),
        ("credit_applied", "due"),
        ("issued_at", "paid_at", "voided_at"),
        ("reason", "key"),
    ]
    actions_detail = ["void_this"]

    @display(description=_("total"), ordering="total_minor")
    def total(self, invoice: Invoice) -> str:
        return str(invoice.total)

    @display(description=_("due"), ordering="due_minor")
    def due(self, invoice: Invoice) -> str:
        return str(invoice.due)

    @display(description=_("tax"))
    def tax(self, invoice: Invoice) -> str:
        return str(invoice.tax)

    @display(description=_("net"))
    def net(self, invoice: Invoice) -> str:
        return str(invoice.net)

    @display(description=_("credit applied"))
    def credit_applied(self, invoice: Invoice) -> str:
        return str(invoice.credit_applied)

    @action(
        description=_("Withdraw invoice"),
        url_path="void",
        permissions=["act"],
        icon="block",
        dialog={
            "title": _("Withdraw this invoice?"),
            "description": _("Its number stays used, its postings are reversed, and its payment is not collected."),
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
