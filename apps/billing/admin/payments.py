"""Payments, refunds, cards, and what waits for a person."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from apps.billing import exports, janitor, refunds
from apps.billing.forms import ReasonForm, RefundForm
from apps.billing.gateway.port import GatewayError
from apps.billing.models import Card, Parked, Payment, PaymentChange, Profile, Refund, RefundChange
from apps.core import clock

from .exporting import ExportAdmin
from .reading import DocumentAdmin, DocumentInline, HistoryInline, leave


class PaymentHistory(HistoryInline):
    model = PaymentChange


class RefundHistory(HistoryInline):
    model = RefundChange


class RefundInline(DocumentInline):
    model = Refund
    fields = ["amount", "status", "reason", "created_at", "settled_at"]
    readonly_fields = fields
    show_change_link = True

    @display(description=_("amount"))
    def amount(self, refund: Refund) -> str:
        return str(refund.amount)


@admin.register(Payment)
class PaymentAdmin(ExportAdmin):
    export_table = exports.PAYMENTS
    list_display = ["invoice", "customer", "attempt", "status_label", "amount", "card", "decline_code", "due_at"]
    list_filter = ["status", "decline_hard", "on_session", "surplus", "currency", ("due_at", RangeDateTimeFilter)]
    list_select_related = ["invoice__customer", "card"]
    search_fields = ["invoice__number", "invoice__customer_email", "gateway_id", "key"]
    inlines = [PaymentHistory, RefundInline]
    fields = [
        ("invoice", "attempt", "status_label"),
        ("amount", "card", "on_session", "surplus"),
        ("decline_code", "decline_hard"),
        "message",
        ("gateway_id", "key"),
        ("due_at", "sent_at", "settled_at"),
        ("lease_until", "check_at"),
    ]
    actions_detail = ["refund_this", "ask_gateway"]

    @display(description=_("customer"))
    def customer(self, payment: Payment) -> str:
        return str(payment.invoice.customer)

    @display(description=_("amount"), ordering="amount_minor")
    def amount(self, payment: Payment) -> str:
        return str(payment.amount)

    @action(
        description=_("Refund"),
        url_path="refund",
        permissions=["act"],
        icon="undo",
        dialog={
            "title": _("Refund this payment"),
            "description": _("The money goes back to the card within ten days, and the customer gets a mail."),
            "form_class": RefundForm,
            "form_submit_text": _("Refund"),
        },
    )
    def refund_this(self, request: HttpRequest, form: RefundForm, object_id: int) -> HttpResponse:
        asked = form.cleaned_data
        try:
            refund = refunds.request(
                object_id, amount=asked["money"], key=str(asked["key"]), reason=asked["reason"], now=clock.now()
            )
        except refunds.CannotRefund as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            self.log_change(request, refund.payment, _text("Refund of %(amount)s") % {"amount": refund.amount})
            self.message_user(request, _text("The refund is on its way."), messages.SUCCESS)
        return leave(request, reverse("admin:billing_payment_change", args=[object_id]))

    @action(
        description=_("Ask the gateway"),
        url_path="ask",
        permissions=["act"],
        icon="sync",
        dialog={
            "title": _("Ask the gateway what became of this payment?"),
            "description": _("Nothing is charged. A payment of unknown outcome, or one that waits, is settled by it."),
            "form_submit_text": _("Ask the gateway"),
        },
    )
    def ask_gateway(self, request: HttpRequest, form, object_id: int) -> HttpResponse:
        try:
            payment = janitor.check(object_id, now=clock.now())
        except GatewayError as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            self.message_user(request, _text("Status: %(status)s") % {"status": payment.get_status_display()})
        return leave(request, reverse("admin:billing_payment_change", args=[object_id]))


@admin.register(Refund)
class RefundAdmin(DocumentAdmin):
    list_display = ["payment", "customer", "status_label", "amount", "reason", "created_at", "settled_at"]
    list_filter = ["status", "currency", ("created_at", RangeDateTimeFilter)]
    list_select_related = ["payment__invoice__customer"]
    search_fields = ["payment__invoice__number", "payment__invoice__customer_email", "gateway_id"]
    inlines = [RefundHistory]
    actions_detail = ["send_this_again", "make_this_credit"]
    fields = [
        ("payment", "status_label", "amount", "credit_note"),
        "reason",
        "message",
        ("gateway_id", "key"),
        ("created_at", "settled_at", "next_try_at"),
    ]

    @display(description=_("customer"))
    def customer(self, refund: Refund) -> str:
        return str(refund.payment.invoice.customer)

    @display(description=_("amount"), ordering="amount_minor")
    def amount(self, refund: Refund) -> str:
        return str(refund.amount)

    @action(
        description=_("Send again"),
        url_path="again",
        permissions=["act"],
        icon="replay",
        dialog={
            "title": _("Send this money to the card again?"),
            "description": _("Only what a failed refund left with us. It needs no new credit note."),
            "form_submit_text": _("Send again"),
        },
    )
    def send_this_again(self, request: HttpRequest, form, object_id: int) -> HttpResponse:
        try:
            refund = refunds.send_again(object_id, now=clock.now())
        except refunds.CannotRefund as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return leave(request, reverse("admin:billing_refund_change", args=[object_id]))
        self.log_change(request, refund, _text("Sent again"))
        self.message_user(request, _text("The refund is on its way."), messages.SUCCESS)
        return leave(request, reverse("admin:billing_refund_change", args=[refund.pk]))

    @action(
        description=_("Turn into credit"),
        url_path="credit",
        permissions=["act"],
        icon="savings",
        dialog={
            "title": _("Give this money as the customer's credit?"),
            "description": _("Only what a failed refund left with us. The next invoices use it before any card."),
            "form_class": ReasonForm,
            "form_submit_text": _("Turn into credit"),
        },
    )
    def make_this_credit(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        try:
            entry = refunds.turn_into_credit(object_id, reason=reason, now=clock.now())
        except refunds.CannotRefund as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            self.log_change(request, Refund.objects.get(pk=object_id), reason)
            text = _text("%(amount)s is the customer's credit now.") % {"amount": entry.amount}
            self.message_user(request, text, messages.SUCCESS)
        return leave(request, reverse("admin:billing_refund_change", args=[object_id]))


class CardInline(DocumentInline):
    model = Card
    fields = ["brand", "last4", "exp_month", "exp_year", "created_at", "detached_at"]
    readonly_fields = fields


@admin.register(Profile)
class ProfileAdmin(DocumentAdmin):
    list_display = ["user", "default_card", "gateway_customer_id", "created_at"]
    list_select_related = ["user", "default_card"]
    search_fields = ["user__email", "user__name", "gateway_customer_id"]
    inlines = [CardInline]


@admin.register(Parked)
class ParkedAdmin(DocumentAdmin):
    """The work that needs a person."""

    list_display = ["kind", "ref", "reason", "at", "resolved_at", "resolved_by"]
    list_filter = ["kind", ("resolved_at", admin.EmptyFieldListFilter)]
    search_fields = ["kind", "ref", "reason"]
    actions = ["resolve"]

    @admin.action(description=_("Mark as resolved"), permissions=["act"])
    def resolve(self, request: HttpRequest, queryset) -> None:
        """Waiting items are done; others are left alone."""
        count = queryset.resolve(by=request.user.get_username(), now=clock.now())
        text = ngettext("%(count)d item resolved.", "%(count)d items resolved.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING)
