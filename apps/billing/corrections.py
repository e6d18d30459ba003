"""Staff correct what was invoiced: part of a paid invoice goes back to the card, or to the customer's credit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.core.money import Money

from . import credit_notes, giving_back, lifecycle, refunds, rules
from .credit_notes import left_of_lines
from .models import CreditNote, Invoice, Payment
from .refunds import CannotRefund

__all__ = [
    "CannotCredit",
    "CannotRefund",
    "creditable",
    "left_of_lines",
    "lines",
    "payable_back",
    "to_card",
    "to_credit",
]


class CannotCredit(Exception):
    """The invoice is not paid, or not so much is left of it, or not in that currency."""


def creditable(invoice: Invoice) -> Money:
    """How much of an invoice can become the customer's credit: what is left of it, but what banks took back already."""
    left = credit_notes.creditable(invoice) - giving_back.held_by_bank(invoice)
    return Money(max(0, left.minor), invoice.currency)


def payable_back(invoice: Invoice) -> Money:
    """How much of an invoice can go back to the card: what came from it, as far as it was not taken back already."""
    payment = payment_of(invoice)
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
    payment = payment_of(Invoice.objects.get(pk=invoice_id))
    if payment is None:
        raise CannotCredit("No card paid this invoice")
    refund = refunds.request(payment.pk, amount=amount, key=key, reason=reason, now=now)
    return CreditNote.objects.get(refunds=refund)


@transaction.atomic
def lines(invoice_id: int, *, chosen: Mapping[int, int], key: str, reason: str, now: datetime) -> list[CreditNote]:
    """Take back chosen parts of a paid invoice: minor units by line, tax included, with the sign of the line. What the
    card paid goes back to the card, what credit paid becomes credit again; two notes where it is both.

    `key` names the occasion for this invoice: repeated, it returns the first notes. Raises CannotCredit for more than
    is left, and CannotRefund.
    """
    payment = payment_of(Invoice.objects.get(pk=invoice_id))
    if payment is not None:
        lifecycle.lock_payment(payment.pk)
    invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice_id)
    done = list(CreditNote.objects.filter(invoice=invoice, key__endswith=f":{key}").order_by("pk"))
    if done:
        return done
    if invoice.status != Invoice.Status.PAID:
        raise CannotCredit(f"Invoice {invoice.number} is {invoice.status}")
    amount = sum(chosen.values())
    by_card = min(amount, refunds.payable_back(payment).minor) if payment else 0
    _check_lines(invoice, chosen, to_credit=amount - by_card)
    shares = _split(chosen, by_card)
    notes = []
    if payment is not None and by_card:
        money = Money(by_card, invoice.currency)
        refund = refunds.request(payment.pk, amount=money, key=key, reason=reason, now=now, chosen=shares)
        notes.append(CreditNote.objects.get(refunds=refund))
    if amount > by_card:
        rest = {line: minor - shares.get(line, 0) for line, minor in chosen.items()}
        money, to = Money(amount - by_card, invoice.currency), CreditNote.Settlement.CREDIT
        own = f"invoice:{invoice.pk}:{key}"
        notes.append(credit_notes.issue(invoice, amount=money, to=to, key=own, reason=reason, now=now, chosen=rest))
    return notes


def _check_lines(invoice: Invoice, chosen: Mapping[int, int], *, to_credit: int) -> None:
    """No more of a line than it has left, and no more to credit than credit has paid."""
    left = credit_notes.left_of_lines(invoice)
    if sum(chosen.values()) <= 0:
        raise CannotCredit("Nothing was chosen")
    for line, minor in chosen.items():
        if not min(0, left.get(line, 0)) <= minor <= max(0, left.get(line, 0)):
            raise CannotCredit(f"{minor} asked of line {line}, {left.get(line, 0)} left")
    given = invoice.credit_notes.filter(settlement=CreditNote.Settlement.CREDIT).total_minor()
    if to_credit > max(0, invoice.credit_applied_minor - given):
        raise CannotCredit(f"{to_credit} did not come from credit")


def _split(chosen: Mapping[int, int], part: int) -> dict[int, int]:
    """The part of a choice that is worth `part`: each line in proportion."""
    if part == sum(chosen.values()):
        return dict(chosen)
    if not part:
        return {}
    shares = rules.credit_shares(part, [(minor, 0) for minor in chosen.values()])
    return {line: gross for line, (gross, _tax) in zip(chosen, shares, strict=True)}


def payment_of(invoice: Invoice) -> Payment | None:
    """The payment that paid an invoice. Surplus ones paid for nothing, and go back by themselves."""
    return invoice.payments.succeeded().filter(surplus=False).first()
