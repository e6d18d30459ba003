"""What the workers of billing put aside: each kind of item with what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.billing import stating
from apps.billing.models import Parked, Payment, Refund

from . import payments
from .model import Act, CannotAct, Order, Queue, Row

_ADVICE = {
    "settle": _("Ask the gateway: the payment is settled by its answer."),
    "refund": _("Find another way to give the money back, such as a bank transfer, and note it at the customer."),
    "refund_outside": _("The nightly comparison finds this refund: take its step among the breaks."),
    "gateway": _("Put the shop's key at the gateway right; the workers then go on by themselves."),
    "dispute": _("Answer at the gateway before its deadline."),
    "exchange_rate": _("Import the European Central Bank's rates, or type in that of the day: it is then stated."),
    "dispute_lost": _("Open the dispute: take the sale back or leave it as bad debt. Decide about the membership."),
    "dispute_kept": _("Open the dispute, and give the money to the customer as credit."),
    "dispute_closed": _("If it was lost, the books must say so."),
}


@dataclass(frozen=True, slots=True)
class _About:
    """The payments and refunds that a page of items refers to."""

    payments: dict[str, Payment]
    intents: dict[str, Payment]
    refunds: dict[str, Refund]

    def payment_of(self, item: Parked) -> Payment | None:
        match item.kind:
            case "settle":
                return self.payments.get(item.ref)
            case "refund":
                refund = self.refunds.get(item.ref)
                return refund.payment if refund else None
            case _:
                return self.intents.get(item.ref)


def _rows() -> QuerySet[Parked]:
    return Parked.objects.waiting()


def _show(rows: Sequence[Parked]) -> list[Row]:
    about = _look_up(rows)
    return [_row(item, about.payment_of(item), about.refunds.get(item.ref)) for item in rows]


def _page(item: Parked, payment: Payment | None) -> str:
    if payment:
        return reverse("admin:billing_payment_change", args=[payment.pk])
    if item.kind == stating.PARKED_AS:
        return reverse("admin:billing_exchangerate_changelist")
    return reverse("admin:billing_parked_change", args=[item.pk])


def _row(item: Parked, payment: Payment | None, refund: Refund | None) -> Row:
    money = refund.amount if refund and item.kind == "refund" else payment.amount if payment else None
    return Row(
        pk=item.pk,
        title=f"{item.kind} {item.ref}",
        url=_page(item, payment),
        since=item.at,
        reason=item.reason,
        advice=str(_ADVICE.get(item.kind, _("Read the reason, put it right, then mark it as resolved."))),
        money=money,
        customer=payment.invoice.customer if payment else None,
        acts=PARKED.fitting(item),
    )


def _look_up(rows: Sequence[Parked]) -> _About:
    """Three statements, whatever is on the page."""
    known = Payment.objects.select_related("invoice__customer")
    settle = [int(item.ref) for item in rows if item.kind == "settle" and item.ref.isdigit()]
    refunds = [int(item.ref) for item in rows if item.kind == "refund" and item.ref.isdigit()]
    others = [item.ref for item in rows if item.kind not in {"settle", "refund"} and item.ref]
    return _About(
        payments={str(payment.pk): payment for payment in known.filter(pk__in=settle)},
        intents={payment.gateway_id: payment for payment in known.filter(gateway_id__in=others)},
        refunds={
            str(refund.pk): refund
            for refund in Refund.objects.filter(pk__in=refunds).select_related("payment__invoice__customer")
        },
    )


def _ask(order: Order) -> str:
    """Ask about the payment; once its outcome is written down there is nothing left to look into."""
    said = payments.ask(int(order.row.ref), order)
    if not Payment.objects.undecided().filter(pk=int(order.row.ref)).exists():
        Parked.objects.filter(pk=order.row.pk).resolve(by=order.actor, now=order.now)
    return said


def _state(order: Order) -> str:
    """State the VAT that waits for a rate; the item closes when nothing waits any more."""
    stated = stating.state_missing(now=order.now, actor=order.actor)
    waiting = stating.waiting_in(order.row.ref)
    if waiting:
        text = _text("Stated: %(stated)d. No rate is known yet for %(waiting)d invoices in %(currency)s.")
        raise CannotAct(text % {"stated": stated, "waiting": waiting, "currency": order.row.ref})
    return _text("Stated: %(stated)d. Nothing waits any more.") % {"stated": stated}


def _resolve(order: Order) -> str:
    Parked.objects.filter(pk=order.row.pk).resolve(by=order.actor, now=order.now)
    return _text("Marked as resolved.")


PARKED = Queue(
    slug="parked-items",
    label=_("Other items put aside"),
    explains=_("What the workers must not decide by themselves."),
    permission="billing.view_parked",
    rows=_rows,
    show=_show,
    acts=(
        Act(
            name="ask",
            label=_("Ask the gateway"),
            explains=_("Nothing is charged. The payment is settled by the gateway's answer."),
            permission="billing.change_payment",
            run=_ask,
            fits=lambda item: item.kind == "settle" and item.ref.isdigit(),
        ),
        Act(
            name="state",
            label=_("State the VAT now"),
            explains=_("With the rate of the day of each invoice, where it is known by now. No invoice changes."),
            permission="billing.change_invoice",
            run=_state,
            fits=lambda item: item.kind == stating.PARKED_AS,
        ),
        Act(
            name="resolve",
            label=_("Mark as resolved"),
            explains=_("It has been dealt with. If it happens again, it comes back here."),
            permission="billing.change_parked",
            run=_resolve,
        ),
    ),
)
