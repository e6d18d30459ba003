"""Explain this charge: a line of an invoice unfolded into the inputs it was computed from."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.billing.models import Invoice, InvoiceLine
from apps.core.money import Money


@dataclass(frozen=True, slots=True)
class Explained:
    """A line and its derivation as (label, value) pairs, in the order of the reckoning."""

    line: InvoiceLine
    rows: list[tuple[str, str]]


def of(invoice: Invoice) -> list[Explained]:
    """Every line of an invoice, explained in the active language."""
    return [Explained(line, [*_derivation(line, invoice.currency), *_tax(line)]) for line in invoice.lines.all()]


def _derivation(line: InvoiceLine, currency: str) -> list[tuple[str, str]]:
    inputs = line.inputs
    amount = (_("Amount"), str(line.amount))
    match line.kind:
        case "proration_charge" | "proration_credit":
            share = f"{_duration(inputs['seconds_left'])} / {_duration(inputs['seconds_whole'])}"
            what = _("Paid for the period") if line.kind == "proration_credit" else _("Price of the period")
            return [(what, str(Money(inputs["base_minor"], currency))), (_("Time left of the period"), share), amount]
        case "discount":
            base = (_("Price before the discount"), str(Money(inputs["base_minor"], currency)))
            return [base, (_("Discount"), _discount(inputs, currency)), amount]
    unit = (_("Price"), str(Money(inputs["unit_minor"], currency)))
    return [unit, (_("Quantity"), str(inputs["quantity"])), amount]


def _discount(inputs: dict, currency: str) -> str:
    percent = inputs.get("percent_basis_points")
    return str(Money(inputs["off_minor"], currency)) if percent is None else _percent(percent)


def _tax(line: InvoiceLine) -> list[tuple[str, str]]:
    """The tax that the amount contains: amount x rate / (1 + rate)."""
    return [
        (_("VAT rate"), _percent(line.tax_basis_points)),
        (_("VAT in the amount"), str(line.tax)),
        (_("Without VAT"), str(line.net)),
    ]


def _percent(basis_points: int) -> str:
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %"


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    return _("%(days)s d %(hours)s h %(minutes)s min %(seconds)s s") % {
        "days": days,
        "hours": hours,
        "minutes": rest // 60,
        "seconds": rest % 60,
    }
