"""The tax of an issued invoice computed again, from what its lines keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import rules
from .models import Invoice, InvoiceLine, TaxRounding, TaxTreatment
from .taxation import Settled, Taxation


@dataclass(frozen=True, slots=True)
class _Kept:
    """A line as it was before it was taxed: see `taxation.Taxable`."""

    amount_minor: int
    tax_basis_points: int
    tax_included: bool
    charged_tax_minor: int | None


def settle(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[Settled]:
    """All lines of an invoice with their tax, by the rule and the rounding it was issued under.

    One that does not say how it was rounded may have been by line or by document. Raises CannotRecompute when a line
    lacks the input that its tax needs.
    """
    kept = [_kept(line) for line in lines]
    said = invoice.seller_details.get("tax_rounding")
    treatment = TaxTreatment(invoice.tax_treatment)
    ways = [
        Taxation(treatment=treatment, rounding=rounding).settle(kept).lines
        for rounding in ([TaxRounding(said)] if said else TaxRounding)
    ]
    taxes = [line.tax_minor for line in lines]
    return next((way for way in ways if [line.tax_minor for line in way] == taxes), ways[0])


def is_given_back(line: InvoiceLine) -> bool:
    """Whether the tax of the line is a share of one that was charged before."""
    return "base_tax_minor" in line.inputs


def _kept(line: InvoiceLine) -> _Kept:
    return _Kept(
        line.reckoned.minor,
        line.inputs.get("relieved_basis_points", line.tax_basis_points),
        line.tax_included,
        rules.tax_given_back(line.inputs) if is_given_back(line) else None,
    )
