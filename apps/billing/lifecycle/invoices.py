"""Invoices: open -> paid | void | uncollectible. The callers hold the lock on the invoice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.billing import emails, ledger, signals
from apps.billing.models import Account, CreditEntry, DunningPolicy, Invoice, Payment

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
    """OPEN -> VOID: reverses its postings, gives used credit back, ends a recovery, announces `invoice_voided`."""
    move(invoice, Invoice.Status.VOID, now=now, reason=reason, actor=actor, voided_at=now)
    ledger.reverse(f"invoice:{invoice.pk}", as_key=f"invoice-void:{invoice.pk}", now=now)
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


def give_up(invoice: Invoice, *, action: str, now: datetime) -> None:
    """What the policy says when nothing helped; ends the recovery and announces `dunning_exhausted`.

    OPEN -> UNCOLLECTIBLE where what is owed becomes bad debt; with LEAVE_OPEN the invoice stays OPEN for a person.
    """
    if action != DunningPolicy.FinalAction.LEAVE_OPEN:
        _write_off(invoice, now=now)
    recoveries.exhaust(invoice, now=now)
    signals.dunning_exhausted.send(sender=Invoice, invoice_id=invoice.pk, action=action, now=now)


def _write_off(invoice: Invoice, *, now: datetime) -> None:
    """A charge that still waits for the customer is left to the janitor, which closes it at the gateway."""
    move(invoice, Invoice.Status.UNCOLLECTIBLE, now=now, reason="recovery exhausted")
    entries = [(Account.BAD_DEBT, invoice.due), (Account.RECEIVABLE, -invoice.due)]
    ledger.post(f"invoice-bad-debt:{invoice.pk}", entries, customer_id=invoice.customer_id, now=now)
    Payment.objects.filter(invoice=invoice, status=Payment.Status.NEEDS_ACTION).update(check_at=now)
