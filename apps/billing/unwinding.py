"""Taking back all that was paid for a contract, the newest invoice first: a later one may give back a part of an
earlier one, which can go back in full once the later one is taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.core.money import Money

from . import corrections, giving_back, refunds
from .models import Invoice


class CannotUnwind(Exception):
    """What would go back is not what was said; nothing was changed."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What goes back to the card, and what becomes the customer's credit again, since credit had paid it."""

    to_card: Money
    to_credit: Money

    @property
    def total(self) -> Money:
        return self.to_card + self.to_credit


def left_of(invoices: Iterable[Invoice], *, currency: str) -> TakenBack:
    """What would go back of paid invoices of one contract, all in `currency`, if none of it were to be paid.

    What went back before, and what a bank took back or holds in a dispute, is not paid again.
    """
    card = credit = 0
    for invoice in invoices:
        gone = invoice.credit_notes.all().total_minor() + giving_back.held_by_bank(invoice).minor
        left = max(0, invoice.total_minor - gone)
        payment = corrections.payment_of(invoice)
        from_card = min(refunds.refundable(payment).minor, left) if payment else 0
        card, credit = card + from_card, credit + left - from_card
    return TakenBack(Money(card, currency), Money(credit, currency))


@transaction.atomic
def take_back(invoices: Sequence[Invoice], *, currency: str, key: str, reason: str, now: datetime) -> TakenBack:
    """Take the paid invoices of a contract back in full, with credit notes; refunds leave with the next sweep.

    The caller has locked the invoices and gives the newest first. `key` names the occasion, and `reason` is printed.
    Raises CannotUnwind when the invoices, one by one, do not allow what `left_of` says; nothing is changed then.
    """
    expected = left_of(invoices, currency=currency)
    card = credit = Money(0, currency)
    for invoice in invoices:
        to_card = corrections.payable_back(invoice)
        if to_card:
            corrections.to_card(invoice.pk, amount=to_card, key=key, reason=reason, now=now)
        to_credit = corrections.creditable(invoice)
        if to_credit:
            corrections.to_credit(invoice.pk, amount=to_credit, key=key, reason=reason, now=now)
        card, credit = card + to_card, credit + to_credit
    done = TakenBack(card, credit)
    if done != expected:
        raise CannotUnwind(f"{expected.total} should go back, {done.total} can")
    return done
