"""Explain this charge: how a line of an invoice came about, in words, and the proof that it computes to the same."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.money import Money

from . import rules
from .models import InvoiceLine


@dataclass(frozen=True, slots=True)
class Explanation:
    """`formula` in the active language; `agrees` when the inputs compute to exactly the line's amount."""

    formula: str
    agrees: bool


def of(line: InvoiceLine) -> Explanation:
    """The derivation of a line from its stored inputs, with the tax that was added to it or left out of it. A line
    without usable inputs is shown as it is, and disagrees."""
    try:
        amount = rules.recompute(line.kind, line.inputs)
        tax_agrees = _given_back(line) in (None, line.tax_minor)
    except rules.CannotRecompute:
        return Explanation(str(line.amount), agrees=False)
    result = Money(amount, line.currency)
    text = "; ".join(part for part in (f"{_formula(line)} = {result}", _taxed(line)) if part)
    return Explanation(text, agrees=result == line.reckoned and tax_agrees)


def _given_back(line: InvoiceLine) -> int | None:
    """The tax of a line that gives back: the share of the tax that was charged. None for another line, whose tax may
    depend on those beside it."""
    return rules.tax_given_back(line.inputs) if "base_tax_minor" in line.inputs else None


def _taxed(line: InvoiceLine) -> str:
    """What became of the reckoned amount through tax; nothing to say where it contains the tax."""
    if line.relieved:
        rate = f"{line.inputs['relieved_basis_points'] / 100:g}"
        return _("without %(rate)s %% VAT = %(amount)s") % {"rate": rate, "amount": line.amount}
    if not line.tax_included and line.tax:
        rate = f"{line.tax_basis_points / 100:g}"
        return _("plus %(rate)s %% VAT = %(amount)s") % {"rate": rate, "amount": line.amount}
    return ""


def _formula(line: InvoiceLine) -> str:
    inputs = line.inputs
    match line.kind:
        case "proration_charge":
            return _("%(base)s × %(share)s") % {"base": _money(line, "base_minor"), "share": _share(line)}
        case "proration_credit":
            return _("− %(base)s × %(share)s") % {"base": _money(line, "base_minor"), "share": _share(line)}
        case "discount" if inputs.get("percent_basis_points") is not None:
            percent = f"{inputs['percent_basis_points'] / 100:g}"
            return _("− %(percent)s %% of %(base)s") % {"percent": percent, "base": _money(line, "base_minor")}
        case "discount":
            parts = {"off": _money(line, "off_minor"), "base": _money(line, "base_minor")}
            return _("− %(off)s, at most %(base)s") % parts
        case _:
            return f"{_money(line, 'unit_minor')} × {inputs['quantity']}"


def _money(line: InvoiceLine, name: str) -> Money:
    return Money(line.inputs[name], line.currency)


def _share(line: InvoiceLine) -> str:
    """The unused part of the period, in the largest unit that is exact."""
    left, whole = line.inputs["seconds_left"], line.inputs["seconds_whole"]
    if left % 86_400 == whole % 86_400 == 0:
        days = whole // 86_400
        text = ngettext("%(left)d of %(whole)d day", "%(left)d of %(whole)d days", days)
        return text % {"left": left // 86_400, "whole": days}
    text = ngettext("%(left)d of %(whole)d second", "%(left)d of %(whole)d seconds", whole)
    return text % {"left": left, "whole": whole}
