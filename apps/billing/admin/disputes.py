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

from apps.billing import disputes, losses
from apps.billing.forms import AnswerForm, ReasonForm
from apps.billing.gateway.port import GatewayError
from apps.billing.models import Dispute, DisputeChange, DisputeMovement, LossDecision
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


class DecisionInline(DocumentInline):
    model = LossDecision
    fields = ["at", "choice", "credit_note", "reason", "actor"]
    readonly_fields = fields
    show_change_link = False


class DisputeHistory(HistoryInline):
    model = DisputeChange


@admin.register(Dispute)
class DisputeAdmin(DocumentAdmin):
    """Those that wait for an answer come first, the nearest deadline on top."""

    list_display = ["gateway_id", "customer", "status_label", "amount", "reason", "respond_by", "what_to_do"]
    list_filter = ["status", "is_inquiry", "currency"]
    list_select_related = ["payment__invoice__customer"]
    search_fields = ["gateway_id", "intent_id", "payment__invoice__number", "payment__invoice__customer_email"]
    inlines = [MovementInline, DecisionInline, DisputeHistory]
    fields = [
        ("status_label", "amount", "is_inquiry"),
        "what_to_do",
        "loss",
        ("customer", "payment", "reason"),
        ("respond_by", "created_at", "closed_at"),
        ("gateway_id", "intent_id", "check_at"),
        "message",
    ]
    actions_detail = ["answer_this", "accept_this", "ask_gateway", "take_sale_back", "leave_as_bad_debt", "give_credit"]

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

    @display(description=_("the loss"))
    def loss(self, dispute: Dispute) -> str:
        if dispute.status != Dispute.Status.LOST or dispute.payment is None:
            return "–"
        decision = dispute.decisions.select_related("credit_note").last()
        if decision is not None:
            told = {"decision": decision, "note": decision.credit_note or "", "by": decision.actor}
            return (_text("%(decision)s %(note)s, by %(by)s") % told).replace(" ,", ",")
        text = _text(
            "%(lost)s is bad debt, and its VAT is still due: what a bank gives back is by itself no reduction of the "
            "price (Directive 2006/112/EC, Art. 90). If the supply is cancelled, take the sale back: a credit note of "
            "%(most)s corrects sale and VAT. If the customer still owes it, leave it as bad debt: whether its VAT "
            "comes back then is for the rules of your country."
        )
        most = losses.to_credit(dispute, dispute.payment.invoice)
        return text % {"lost": losses.held(dispute), "most": most}

    @action(
        description=_("Take the sale back"),
        url_path="take-back",
        permissions=["act"],
        icon="receipt",
        dialog={
            "title": _("Take the sale of this lost dispute back?"),
            "description": _("The supply is cancelled: a credit note corrects sale and VAT. No money is sent."),
            "form_class": ReasonForm,
            "form_submit_text": _("Issue credit note"),
        },
    )
    def take_sale_back(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        return self._decide(request, object_id, losses.take_back, form.cleaned_data["reason"])

    @action(
        description=_("Leave as bad debt"),
        url_path="bad-debt",
        permissions=["act"],
        icon="money_off",
        dialog={
            "title": _("Leave this loss as bad debt?"),
            "description": _("The sale stays as it is, and its VAT is due. Nothing is booked."),
            "form_class": ReasonForm,
            "form_submit_text": _("Leave as bad debt"),
        },
    )
    def leave_as_bad_debt(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        return self._decide(request, object_id, losses.leave, form.cleaned_data["reason"])

    @action(
        description=_("Give as credit"),
        url_path="give-credit",
        permissions=["act"],
        icon="savings",
        dialog={
            "title": _("Give the customer this money as credit?"),
            "description": _("Only what a bank returned of a sale that a credit note took back."),
            "form_submit_text": _("Give as credit"),
        },
    )
    def give_credit(self, request: HttpRequest, form, object_id: int) -> HttpResponse:
        try:
            entry = losses.give_as_credit(object_id, actor=request.user.get_username(), now=clock.now())
        except losses.CannotDecide as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            text = _text("%(amount)s is the customer's credit now.") % {"amount": entry.amount}
            self.log_change(request, Dispute.objects.get(pk=object_id), text)
            self.message_user(request, text, messages.SUCCESS)
        return leave(request, reverse("admin:billing_dispute_change", args=[object_id]))

    def _decide(
        self, request: HttpRequest, object_id: int, decide: Callable[..., LossDecision], reason: str
    ) -> HttpResponse:
        try:
            decision = decide(object_id, reason=reason, actor=request.user.get_username(), now=clock.now())
        except losses.CannotDecide as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            self.log_change(request, decision.dispute, f"{decision}: {reason}")
            self.message_user(request, _text("Decided: %(decision)s.") % {"decision": decision}, messages.SUCCESS)
        return leave(request, reverse("admin:billing_dispute_change", args=[object_id]))

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
