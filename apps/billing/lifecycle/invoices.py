"""Invoices: open -> paid | void | uncollectible. The callers hold the lock on the invoice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from apps.billing import emails, ledger, recognition, signals
from apps.billing.models import Account, CreditEntry, Invoice, Payment
from apps.core.money import Money

from . import recoveries
from .moves import move, move_many


def pay(invoice: Invoice, payment: Payment, *, now: datetime) -> None:
    """OPEN -> PAID by a payment: books the cash, ends a recovery, sends the receipt, announces `invoice_paid`."""
    entries = [(Account.CASH, payment.amount), (Account.RECEIVABLE, -payment.amount)]
    ledger.post(f"payment:{payment.pk}", entries, customer_id=invoice.customer_id, now=now)
    move(invoice, Invoice.Status.PAID, now=now, reason=f"payment {payment.pk}", paid_at=now)
    recoveries.recover(invoice, now=now)
    emails.receipt(invoice, payment, now=now)
    signals.invoice_paid.send(sender=Invoice, invoice_id=invoice.pk, now=now)


def pay_at_issue(invoices: Sequence[Invoice], *, now: datetime) -> None:
    """OPEN -> PAID for invoices on which nothing is due: free, or covered by credit. Announces each."""
    move_many(invoices, Invoice.Status.PAID, now=now, reason="nothing due", paid_at=now)
    for invoice in invoices:
        if invoice.total_minor:
            emails.receipt(invoice, None, now=now)
        signals.invoice_paid.send(sender=Invoice, invoice_id=invoice.pk, now=now)


def void(invoice: Invoice, *, reason: str, actor: str = "", now: datetime) -> None:
    """OPEN -> VOID: reverses its postings and what of it became revenue, gives used credit back, ends a recovery,
    announces `invoice_voided`."""
    move(invoice, Invoice.Status.VOID, now=now, reason=reason, actor=actor, voided_at=now)
    ledger.reverse(f"invoice:{invoice.pk}", as_key=f"invoice-void:{invoice.pk}", now=now)
    recognised = Money(recognition.withdraw(invoice.pk), invoice.currency)
    back = [(Account.REVENUE, recognised), (Account.REVENUE_DEFERRED, -recognised)]
    ledger.post(f"revenue-void:{invoice.pk}", back, customer_id=invoice.customer_id, now=now)
    if invoice.credit_applied_minor:
        CreditEntry.objects.create(
            customer_id=invoice.customer_id,
            currency=invoice.currency,
            amount_minor=invoice.credit_applied_minor,
            key=f"invoice-void:{invoice.pk}",
            reason=reason[:300],
            at=now,
        )
        ledger.reverse(f"invoice-credit:{invoice.pk}", as_key=f"invoice-void-credit:{invoice.pk}", now=now)
    recoveries.stop(invoice, reason=reason, now=now)
    signals.invoice_voided.send(sender=Invoice, invoice_id=invoice.pk, now=now)


def write_off(invoice: Invoice, *, reason: str, now: datetime) -> None:
    """OPEN -> UNCOLLECTIBLE, when its recovery is exhausted: what is owed becomes bad debt, but for the service that is
    not given any more; announces `dunning_exhausted`.

    A charge that still waits for the customer is left to the janitor, which closes it at the gateway.
    """
    move(invoice, Invoice.Status.UNCOLLECTIBLE, now=now, reason=reason)
    unpaid = Fraction(invoice.due_minor, invoice.total_minor)
    unserved = Money(recognition.end_unpaid(invoice.pk, unpaid=unpaid, now=now), invoice.currency)
    entries = [
        (Account.BAD_DEBT, invoice.due - unserved),
        (Account.REVENUE_DEFERRED, unserved),
        (Account.RECEIVABLE, -invoice.due),
    ]
    ledger.post(f"invoice-bad-debt:{invoice.pk}", entries, customer_id=invoice.customer_id, now=now)
    recoveries.exhaust(invoice, now=now)
    Payment.objects.filter(invoice=invoice, status=Payment.Status.NEEDS_ACTION).update(check_at=now)
    signals.dunning_exhausted.send(sender=Invoice, invoice_id=invoice.pk, now=now)
