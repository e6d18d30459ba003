"""Disputes: a queue with its deadlines, and what to do about each."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.billing import disputes
from apps.billing.forms import AnswerForm
from apps.billing.gateway.port import GatewayError
from apps.billing.models import Dispute, DisputeChange, DisputeMovement
from apps.core import clock
from apps.core.money import Money

from .reading import DocumentAdmin, DocumentInline, HistoryInline, leave


class MovementInline(DocumentInline):
    model = DisputeMovement
    fields = ["at", "amount", "fee", "gateway_id"]
    readonly_fields = fields

    @display(description=_("amount"))
    def amount(self, movement: DisputeMovement) -> str:
        return str(movement.amount)

    @display(description=_("fee"))
    def fee(self, movement: DisputeMovement) -> str:
        return str(Money(movement.fee_minor, movement.fee_currency))


class DisputeHistory(HistoryInline):
    model = DisputeChange


@admin.register(Dispute)
class DisputeAdmin(DocumentAdmin):
    """Those that wait for an answer come first, the nearest deadline on top."""

    list_display = ["gateway_id", "customer", "status_label", "amount", "reason", "respond_by", "what_to_do"]
    list_filter = ["status", "is_inquiry", "currency"]
    list_select_related = ["payment__invoice__customer"]
    search_fields = ["gateway_id", "intent_id", "payment__invoice__number", "payment__invoice__customer_email"]
    inlines = [MovementInline, DisputeHistory]
    fields = [
        ("status_label", "amount", "is_inquiry"),
        "what_to_do",
        ("customer", "payment", "reason"),
        ("respond_by", "created_at", "closed_at"),
        ("gateway_id", "intent_id", "check_at"),
        "message",
    ]
    actions_detail = ["answer_this", "accept_this", "ask_gateway"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        return super().get_queryset(request).select_related("payment__invoice__customer")

    def get_ordering(self, request: HttpRequest) -> list:
        waiting = Case(When(status=Dispute.Status.NEEDS_RESPONSE, then=Value(0)), default=Value(1))
        return [waiting, F("respond_by").asc(nulls_first=True), "-pk"]

    @display(description=_("customer"))
    def customer(self, dispute: Dispute) -> str:
        return str(dispute.payment.invoice.customer) if dispute.payment else "–"

    @display(description=_("amount"), ordering="amount_minor")
    def amount(self, dispute: Dispute) -> str:
        return str(dispute.amount or "–")

    @display(description=_("what to do"))
    def what_to_do(self, dispute: Dispute) -> str:
        return dispute.what_to_do

    @action(
        description=_("Answer"),
        url_path="answer",
        permissions=["act"],
        icon="gavel",
        dialog={
            "title": _("Answer this dispute"),
            "description": _("It can be sent once. Invoice, customer, what was bought and when are added by the shop."),
            "form_class": AnswerForm,
            "form_submit_text": _("Send to the bank"),
        },
    )
    def answer_this(self, request: HttpRequest, form: AnswerForm, object_id: int) -> HttpResponse:
        statement = form.cleaned_data["statement"]
        return self._act(
            request, object_id, lambda: disputes.answer(object_id, statement=statement, now=clock.now()), statement
        )

    @action(
        description=_("Accept"),
        url_path="accept",
        permissions=["act"],
        icon="money_off",
        dialog={
            "title": _("Accept this dispute?"),
            "description": _("The customer keeps the money, and the fee is lost too. This cannot be undone."),
            "form_submit_text": _("Accept the dispute"),
        },
    )
    def accept_this(self, request: HttpRequest, form, object_id: int) -> HttpResponse:
        return self._act(
            request, object_id, lambda: disputes.accept(object_id, now=clock.now()), _text("Dispute accepted")
        )

    @action(
        description=_("Ask the gateway"),
        url_path="ask",
        permissions=["act"],
        icon="sync",
        dialog={
            "title": _("Ask the gateway how this dispute stands?"),
            "description": _("Nothing is sent to the bank."),
            "form_submit_text": _("Ask the gateway"),
        },
    )
    def ask_gateway(self, request: HttpRequest, form, object_id: int) -> HttpResponse:
        return self._act(request, object_id, lambda: disputes.ask(object_id, now=clock.now()), "")

    def _act(self, request: HttpRequest, object_id: int, deed: Callable[[], Dispute], note: str) -> HttpResponse:
        try:
            dispute = deed()
        except (disputes.CannotAnswer, GatewayError) as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            if note:
                self.log_change(request, dispute, note)
            self.message_user(request, _text("Status: %(status)s") % {"status": dispute.get_status_display()})
        return leave(request, reverse("admin:billing_dispute_change", args=[object_id]))
