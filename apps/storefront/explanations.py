"""Explain this charge, for the customer: every amount of an invoice with its reckoning and the tax in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.billing import explanation, papers
from apps.billing.explanation import Explanation
from apps.billing.models import Invoice, InvoiceLine
from apps.core.money import Money


@dataclass(frozen=True, slots=True)
class Explained:
    """An amount and its derivation as (label, value) pairs, in the order of the reckoning."""

    title: str
    amount: Money
    rows: list[tuple[str, str]]


def of(invoice: Invoice) -> list[Explained]:
    """Every line of an invoice, its total and its tax, and the credit used up; in the active language and time zone."""
    lines = list(invoice.lines.all())
    explained = [
        Explained(line.description, line.amount, _of_line(line, tax))
        for line, tax in zip(lines, explanation.taxes_of(invoice, lines), strict=True)
    ]
    total = [(_("Reckoning"), explanation.total_of(invoice).formula)]
    tax = [(_("Reckoning"), explanation.total_tax_of(invoice).formula)]
    explained += [
        Explained(_("Total") if invoice.is_reverse_charge else _("Total, tax included"), invoice.total, total),
        Explained(_("VAT in it"), invoice.tax, tax),
    ]
    stated, reckoning = papers.stated_tax_of(invoice), explanation.stated_tax_of(invoice)
    if stated and reckoning:
        name = _("VAT in %(currency)s") % {"currency": stated.currency}
        explained.append(Explained(name, stated.tax, [*reckoning.facts, (_("Reckoning"), reckoning.formula)]))
    if invoice.credit_applied:
        due = explanation.due_of(invoice)
        explained.append(Explained(_("Left to pay"), invoice.due, [*due.facts, (_("Reckoning"), due.formula)]))
    return explained


def _of_line(line: InvoiceLine, tax: Explanation) -> list[tuple[str, str]]:
    """How the amount came about, and the tax in it."""
    amount = explanation.of(line)
    return [
        *amount.facts,
        (_("Reckoning"), amount.formula),
        *tax.facts,
        (_("VAT in the amount"), tax.formula),
        (_("Without VAT"), explanation.net_of(line).formula),
    ]
