"""Staff correct what was invoiced: part of a paid invoice goes back to the card, or to the customer's credit."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.core.money import Money

from . import credit_notes, refunds
from .models import CreditNote, Dispute, Invoice, Payment
from .refunds import CannotRefund

__all__ = ["CannotCredit", "CannotRefund", "creditable", "payable_back", "to_card", "to_credit"]


class CannotCredit(Exception):
    """The invoice is not paid, or not so much is left of it, or not in that currency."""


def creditable(invoice: Invoice) -> Money:
    """How much of an invoice can become credit: what no credit note has taken back yet, but not what a bank holds of it
    in a dispute."""
    left = credit_notes.creditable(invoice).minor - Dispute.objects.held_of(invoice)
    return Money(max(0, left), invoice.currency)


def payable_back(invoice: Invoice) -> Money:
    """How much of an invoice can go back to the card: what came from it, as far as it was not taken back already."""
    payment = _payment_of(invoice)
    return refunds.payable_back(payment) if payment else Money(0, invoice.currency)


@transaction.atomic
def to_credit(invoice_id: int, *, amount: Money, key: str, reason: str, now: datetime) -> CreditNote:
    """Take back part or all of a paid invoice; the customer's next invoices use the money up.

    `key` names the occasion for this invoice: repeated, it returns the first note. Raises CannotCredit."""
    invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice_id)
    key = f"invoice:{invoice.pk}:{key}"
    existing = CreditNote.objects.filter(key=key).first()
    if existing:
        return existing
    if invoice.status != Invoice.Status.PAID:
        raise CannotCredit(f"Invoice {invoice.number} is {invoice.status}")
    left = creditable(invoice)
    if amount.currency != invoice.currency or not 0 < amount.minor <= left.minor:
        raise CannotCredit(f"{amount.minor} {amount.currency} asked, {left.minor} {left.currency} left")
    to = CreditNote.Settlement.CREDIT
    return credit_notes.issue(invoice, amount=amount, to=to, key=key, reason=reason, now=now)


def to_card(invoice_id: int, *, amount: Money, key: str, reason: str, now: datetime) -> CreditNote:
    """Take back part or all of a paid invoice, and send the money to the card that paid.

    `key` names the occasion: repeated, it returns the first note. Raises CannotCredit when no card paid, and
    CannotRefund."""
    payment = _payment_of(Invoice.objects.get(pk=invoice_id))
    if payment is None:
        raise CannotCredit("No card paid this invoice")
    refund = refunds.request(payment.pk, amount=amount, key=key, reason=reason, now=now)
    return CreditNote.objects.get(refunds=refund)


def _payment_of(invoice: Invoice) -> Payment | None:
    """The payment that paid an invoice. Surplus ones paid for nothing, and go back by themselves."""
    return invoice.payments.succeeded().filter(surplus=False).first()
