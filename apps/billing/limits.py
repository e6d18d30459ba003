"""How much of a payment or an invoice can still go back, and why no more, in words for staff."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.core.money import Money

from . import corrections, giving_back, refunds
from .models import GivenBack, Invoice, Payment


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that can go back, and the reasons why it is not all: one sentence each, none when it is all."""

    left: Money
    reasons: list[str]

    @property
    def text(self) -> str:
        """The limit with its reasons."""
        return " ".join([_("At most %(left)s.") % {"left": self.left}, *self.reasons])


def to_card(payment: Payment) -> Limit:
    """What can be refunded of a payment."""
    left = refunds.payable_back(payment)
    if left == payment.amount:
        return Limit(left, [])
    refunded = Money(payment.refunds.counted().total_minor(), payment.currency)
    said = [_("%(amount)s was paid by card.") % {"amount": payment.amount}]
    if refunded:
        said.append(_("%(amount)s of it went back already.") % {"amount": refunded})
    return Limit(left, [*said, *_of_invoice(payment.invoice)])


def to_credit(invoice: Invoice) -> Limit:
    """What of a paid invoice can become the customer's credit."""
    left = corrections.creditable(invoice)
    if left == invoice.total:
        return Limit(left, [])
    return Limit(left, [_("The invoice is of %(amount)s.") % {"amount": invoice.total}, *_of_invoice(invoice)])


def _of_invoice(invoice: Invoice) -> list[str]:
    noted = Money(invoice.credit_notes.all().total_minor(), invoice.currency)
    held = giving_back.held_by_bank(invoice)
    said = []
    if noted:
        said.append(_("Credit notes take back %(amount)s of the invoice.") % {"amount": noted})
    for number, minor in GivenBack.objects.of_invoice(invoice.pk).by_number():
        text = _(
            "%(amount)s was given back for unused time by invoice %(number)s, when the plan was changed; what is taken "
            "back of that invoice can be refunded here again."
        )
        said.append(text % {"amount": Money(minor, invoice.currency), "number": number})
    if held:
        said.append(_("A bank has taken back or holds %(amount)s in a dispute.") % {"amount": held})
    return said
