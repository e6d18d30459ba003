"""Payments of which nobody knows yet whether they took money."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.billing import janitor
from apps.billing.gateway import GatewayError
from apps.billing.models import Payment

from .model import Act, CannotAct, Order, Queue, Row


def ask(payment_id: int, order: Order) -> str:
    """Have the gateway say what became of a payment; raises CannotAct when it does not answer."""
    try:
        payment = janitor.check(payment_id, now=order.now)
    except GatewayError as problem:
        raise CannotAct(str(problem)) from problem
    return _text("Payment %(payment)s: %(status)s") % {"payment": payment, "status": payment.get_status_display()}


def _rows() -> QuerySet[Payment]:
    return Payment.objects.unknown().select_related("invoice__customer").order_by("sent_at", "pk")


def _show(rows: Sequence[Payment]) -> list[Row]:
    return [
        Row(
            pk=payment.pk,
            title=_text("Invoice %(number)s, attempt %(attempt)s")
            % {"number": payment.invoice.number, "attempt": payment.attempt},
            url=reverse("admin:billing_payment_change", args=[payment.pk]),
            since=payment.sent_at or payment.created_at,
            reason=payment.message,
            advice=_advice(payment),
            money=payment.amount,
            customer=payment.invoice.customer,
            acts=UNKNOWN.fitting(payment),
        )
        for payment in rows
    ]


def _advice(payment: Payment) -> str:
    if payment.check_at is None:
        return _text("Ask the gateway.")
    at = date_format(payment.check_at, "SHORT_DATETIME_FORMAT")
    return _text("The workers ask the gateway again at %(at)s; ask now if the customer waits.") % {"at": at}


UNKNOWN = Queue(
    slug="unknown-payments",
    label=_("Payments of unknown outcome"),
    explains=_("Nothing more is charged for these invoices until the gateway has said what became of the payment."),
    permission="billing.view_payment",
    rows=_rows,
    show=_show,
    acts=(
        Act(
            name="ask",
            label=_("Ask the gateway"),
            explains=_("Nothing is charged. The payment is settled by the gateway's answer."),
            permission="billing.change_payment",
            run=lambda order: ask(order.row.pk, order),
        ),
    ),
)
