"""Taking into the books what happened at the gateway without them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from apps.billing.gateway.port import Refunded, Succeeded
from apps.billing.models import Invoice, Payment, Refund
from apps.core.money import Money

from . import payments, refunds
from .moves import move


class DoesNotFit(ValueError):
    """The charge is of another amount than the open invoice."""


@transaction.atomic
def adopt(invoice_id: int, *, intent_id: str, money: Money, now: datetime) -> Payment:
    """-> CANCELLED -> SUCCEEDED for a charge of an invoice that the shop has no payment of. Safe to repeat.

    It pays an invoice that is open; on any other it is surplus and goes back. Raises DoesNotFit.
    """
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("customer").get(pk=invoice_id)
    existing = Payment.objects.filter(gateway_id=intent_id).first()
    if existing:
        return existing
    if invoice.status == Invoice.Status.OPEN and invoice.due != money:
        raise DoesNotFit(f"{money.minor} {money.currency} for invoice {invoice.number}")
    last = invoice.payments.aggregate(last=Max("attempt"))["last"] or 0
    # A row that nobody ever meant to send: it begins where no worker takes it up.
    payment = Payment.objects.create(
        invoice=invoice,
        attempt=last + 1,
        amount_minor=money.minor,
        currency=money.currency,
        status=Payment.Status.CANCELLED,
        due_at=now,
        created_at=now,
        settled_at=now,
    )
    return payments.settle(payment.pk, Succeeded(intent_id), now=now)


@transaction.atomic
def adopt_refund(payment_id: int, *, refund_id: str, money: Money, reason: str, now: datetime) -> Refund:
    """-> PENDING -> PROCESSING -> SUCCEEDED for a refund that was made without the shop. Safe to repeat.

    The database refuses more than is left of the payment (IntegrityError).
    """
    payment = payments.lock_payment(payment_id)
    existing = Refund.objects.filter(gateway_id=refund_id).first()
    if existing:
        return existing
    refund = refunds.open_refund(
        payment,
        money=money,
        key=f"{payment.key}:outside:{refund_id}",
        reason=reason,
        now=now,
    )
    # In one transaction, so that no worker sends what has gone already.
    move(refund, Refund.Status.PROCESSING, now=now, lease_until=now + refunds.LEASE, sent_at=now, next_try_at=None)
    return refunds.settle_refund(refund.pk, Refunded(refund_id), now=now)
