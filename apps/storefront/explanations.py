"""Explain this charge, for the customer: every line of an invoice with its reckoning and the tax in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.billing import explanation
from apps.billing.models import Invoice, InvoiceLine


@dataclass(frozen=True, slots=True)
class Explained:
    """A line and its derivation as (label, value) pairs, in the order of the reckoning."""

    line: InvoiceLine
    rows: list[tuple[str, str]]


def of(invoice: Invoice) -> list[Explained]:
    """Every line of an invoice, explained in the active language."""
    return [Explained(line, _rows(line)) for line in invoice.lines.all()]


def _rows(line: InvoiceLine) -> list[tuple[str, str]]:
    """How the amount came about, and the tax that it contains: amount x rate / (1 + rate), or net x rate."""
    return [
        (_("Reckoning"), explanation.of(line).formula),
        (_("VAT rate"), _percent(line.tax_basis_points)),
        (_("VAT in the amount"), str(line.tax)),
        (_("Without VAT"), str(line.net)),
    ]


def _percent(basis_points: int) -> str:
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %"
