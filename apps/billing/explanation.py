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
    """The derivation of a line from its stored inputs. A line without usable inputs is shown as it is, and
    disagrees."""
    try:
        amount = rules.recompute(line.kind, line.inputs)
    except rules.CannotRecompute:
        return Explanation(str(line.amount), agrees=False)
    result = Money(amount, line.currency)
    return Explanation(f"{_formula(line)} = {result}", agrees=result == line.amount)


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
