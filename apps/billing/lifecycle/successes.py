"""Payments that went through, one or many: the number of statements is the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import CharField

from apps.billing.gateway.port import Succeeded
from apps.billing.models import Invoice, Payment
from apps.core.lookups import by_key

from . import invoices, refunds
from .moves import cancel, move_many

_STATUS = Payment.Status
_Success = tuple[Payment, Succeeded]


def succeed(settled: Sequence[_Success], *, now: datetime) -> None:
    """-> SUCCEEDED for locked payments with their locked invoices. Those that have succeeded already are left.

    The first success of an open invoice pays it; money for any other is surplus and goes back.
    """
    fresh = [(payment, result) for payment, result in settled if payment.status != _STATUS.SUCCEEDED]
    paying = {payment.invoice_id: payment for payment, _result in reversed(fresh) if _is_open(payment.invoice)}
    wanted = [(payment, result) for payment, result in fresh if paying.get(payment.invoice_id) is payment]
    surplus = [(payment, result) for payment, result in fresh if paying.get(payment.invoice_id) is not payment]
    if wanted:
        _book(wanted, surplus=False, now=now)
        _pay([payment for payment, _result in wanted], now=now)
    if surplus:
        _book(surplus, surplus=True, now=now)
        for payment, _result in surplus:
            refunds.return_surplus(payment, customer_id=payment.invoice.customer_id, now=now)


def _book(settled: Sequence[_Success], *, surplus: bool, now: datetime) -> None:
    intents = {payment.pk: result.intent_id for payment, result in settled}
    for payment, result in settled:
        payment.gateway_id = result.intent_id
    move_many(
        [payment for payment, _result in settled],
        _STATUS.SUCCEEDED,
        now=now,
        gateway_id=by_key("pk", intents, output_field=CharField()),
        surplus=surplus,
        decline_code="",
        decline_hard=None,
        message="",
        settled_at=now,
        lease_until=None,
        check_at=None,
    )


def _pay(payments: Sequence[Payment], *, now: datetime) -> None:
    """The invoices are paid: what else was to pay them is not sent, or closed at the gateway."""
    by_invoice = {payment.invoice_id: payment for payment in payments}
    others = Payment.objects.filter(invoice__any=by_invoice)
    for other in others.filter(status=_STATUS.PENDING).order_by("pk").select_for_update():
        cancel(other, reason=f"paid by payment {by_invoice[other.invoice_id].pk}", now=now)
    others.filter(status=_STATUS.NEEDS_ACTION).update(check_at=now)
    invoices.pay([(payment.invoice, payment) for payment in payments], now=now)


def _is_open(invoice: Invoice) -> bool:
    return invoice.status == Invoice.Status.OPEN
