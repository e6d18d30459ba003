"""Invoices: open -> paid | void | uncollectible. The callers hold the lock on the invoice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from apps.billing import credit_notes, emails, ledger, recognition, signals
from apps.billing.models import Account, CreditNote, DunningPolicy, Invoice, Payment
from apps.core.money import Money

from . import recoveries
from .moves import move, move_many


def pay(paid: Sequence[tuple[Invoice, Payment]], *, now: datetime) -> None:
    """OPEN -> PAID by payments: books the cash, ends recoveries, sends the receipts, announces `invoices_paid`. The
    number of statements does not depend on how many."""
    invoices = [invoice for invoice, _payment in paid]
    ledger.post_many([_cash(invoice, payment) for invoice, payment in paid], now=now)
    reasons = [f"payment {payment.pk}" for _invoice, payment in paid]
    move_many(invoices, Invoice.Status.PAID, now=now, reason=reasons, paid_at=now)
    recoveries.recover(invoices, now=now)
    emails.receipts(paid, now=now)
    _announce_paid(invoices, now=now)


def pay_at_issue(invoices: Sequence[Invoice], *, now: datetime) -> None:
    """OPEN -> PAID for invoices on which nothing is due: free, or covered by credit. Announces them."""
    if not invoices:
        return
    move_many(invoices, Invoice.Status.PAID, now=now, reason="nothing due", paid_at=now)
    emails.receipts([(invoice, None) for invoice in invoices if invoice.total_minor], now=now)
    _announce_paid(invoices, now=now)


def _cash(invoice: Invoice, payment: Payment) -> ledger.Posting:
    entries = [(Account.CASH, payment.amount), (Account.RECEIVABLE, -payment.amount)]
    return ledger.Posting(f"payment:{payment.pk}", entries, invoice.customer_id)


def _announce_paid(invoices: Sequence[Invoice], *, now: datetime) -> None:
    signals.invoices_paid.send(sender=Invoice, invoice_ids=[invoice.pk for invoice in invoices], now=now)


def void(invoice: Invoice, *, reason: str, actor: str = "", now: datetime) -> None:
    """OPEN -> VOID: a credit note takes it back, also what of it became revenue, and gives used credit back; ends a
    recovery, announces `invoice_voided`."""
    move(invoice, Invoice.Status.VOID, now=now, reason=reason, actor=actor, voided_at=now)
    to = CreditNote.Settlement.OPEN
    credit_notes.issue(invoice, amount=invoice.total, to=to, key=f"void:{invoice.pk}", reason=reason, now=now)
    recoveries.stop(invoice, reason=reason, now=now)
    signals.invoice_voided.send(sender=Invoice, invoice_id=invoice.pk, now=now)


def give_up(invoice: Invoice, *, action: str, now: datetime) -> None:
    """What the policy says when nothing helped; ends the recovery and announces `dunning_exhausted`.

    OPEN -> UNCOLLECTIBLE where what is owed becomes bad debt; with LEAVE_OPEN the invoice stays OPEN for a person.
    """
    if action != DunningPolicy.FinalAction.LEAVE_OPEN:
        _write_off(invoice, ends_service=action == DunningPolicy.FinalAction.END, now=now)
    recoveries.exhaust(invoice, now=now)
    signals.dunning_exhausted.send(sender=Invoice, invoice_id=invoice.pk, action=action, now=now)


def _write_off(invoice: Invoice, *, ends_service: bool, now: datetime) -> None:
    """What is owed becomes bad debt, but for a service that is not given any more. A charge that still waits for the
    customer is left to the janitor, which closes it at the gateway."""
    move(invoice, Invoice.Status.UNCOLLECTIBLE, now=now, reason="recovery exhausted")
    unserved = Money(_end_service(invoice, now=now) if ends_service else 0, invoice.currency)
    entries = [
        (Account.BAD_DEBT, invoice.due - unserved),
        (Account.REVENUE_DEFERRED, unserved),
        (Account.RECEIVABLE, -invoice.due),
    ]
    ledger.post(f"invoice-bad-debt:{invoice.pk}", entries, customer_id=invoice.customer_id, now=now)
    Payment.objects.filter(invoice=invoice, status=Payment.Status.NEEDS_ACTION).update(check_at=now)


def _end_service(invoice: Invoice, *, now: datetime) -> int:
    """What of deferred revenue, in minor units, will be neither served nor paid."""
    return recognition.end_unpaid(invoice.pk, unpaid=Fraction(invoice.due_minor, invoice.total_minor), now=now)
