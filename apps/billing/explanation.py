"""Explain this charge: how each amount of an invoice came about, in words, and the proof that it computes to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from apps.core.money import Money

from . import papers, retaxing, rules, stating
from .models import Invoice, InvoiceLine, Supply

Fact = tuple[str, str]
_UNITS = {
    "week": lambda count: ngettext("%(count)d week", "%(count)d weeks", count),
    "month": lambda count: ngettext("%(count)d month", "%(count)d months", count),
    "year": lambda count: ngettext("%(count)d year", "%(count)d years", count),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """`facts` are what the amount was computed from, as (label, value); `formula` is the arithmetic with its result.
    Both in the active language and time zone. `agrees` when it comes out at exactly the amount on the invoice."""

    facts: list[Fact]
    formula: str
    agrees: bool


def of(line: InvoiceLine) -> Explanation:
    """The derivation of a line from its stored inputs, with the tax that was added to it or left out of it. A line
    without usable inputs is shown as it is, and disagrees."""
    try:
        result = Money(rules.recompute(line.kind, line.inputs), line.currency)
        text = "; ".join(part for part in (f"{_formula(line)} = {result}", _taxed(line)) if part)
        return Explanation([*_facts(line)], text, agrees=result == line.reckoned)
    except (KeyError, TypeError, ValueError):
        return Explanation([], str(line.amount), agrees=False)


def taxes_of(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[Explanation]:
    """The tax of each line of an invoice, all of them in order: rounding may have made one depend on the others."""
    try:
        settled = retaxing.settle(invoice, lines)
    except (KeyError, TypeError, ValueError):
        return [Explanation([_rate(line)], str(line.tax), agrees=False) for line in lines]
    return [_tax_of(line, Money(again.tax_minor, line.currency)) for line, again in zip(lines, settled, strict=True)]


def net_of(line: InvoiceLine) -> Explanation:
    """What is left of a line without its tax."""
    net = line.amount - line.tax
    return Explanation([], f"{line.amount} − {line.tax} = {net}", agrees=net == line.net)


def total_of(invoice: Invoice) -> Explanation:
    """The total: its lines added up. The lines are read through the invoice, prefetched or not."""
    return _sum(invoice.currency, [line.amount for line in invoice.lines.all()], invoice.total)


def total_tax_of(invoice: Invoice) -> Explanation:
    """The tax of an invoice: that of its lines added up."""
    return _sum(invoice.currency, [line.tax for line in invoice.lines.all()], invoice.tax)


def due_of(invoice: Invoice) -> Explanation:
    """What is left to pay after the customer's credit."""
    due = invoice.total - invoice.credit_applied
    facts = [(_("Total"), str(invoice.total)), (_("Your credit"), str(invoice.credit_applied))]
    return Explanation(facts, f"{invoice.total} − {invoice.credit_applied} = {due}", agrees=due == invoice.due)


def stated_tax_of(invoice: Invoice) -> Explanation | None:
    """The tax in the seller's own currency, from the tax and the rate; None where it is not stated."""
    stated = papers.stated_tax_of(invoice)
    if stated is None:
        return None
    again = stating.reckoned(invoice.tax_minor, stated.of_currency, stated.rates, to=stated.currency)
    day = date_format(stated.rate_day, "DATE_FORMAT")
    facts = [(_("Rate of the European Central Bank"), f"{stated.rate_text} ({day})")]
    sides = [f"{value.normalize():f}" for value in (stated.per_euro, stated.of_per_euro)]
    result = Money(again, stated.currency)
    text = f"{invoice.tax} × {sides[0]} ÷ {sides[1]} = {result}".replace(" × 1 ÷", " ÷")
    return Explanation(facts, text, agrees=again == stated.tax_minor)


def _sum(currency: str, parts: Sequence[Money], expected: Money) -> Explanation:
    result = sum(parts, Money(0, currency))
    text = "".join(f" {'−' if part.minor < 0 else '+'} {abs(part)}" for part in parts)
    return Explanation([], f"{text.removeprefix(' + ').strip()} = {result}", agrees=result == expected)


def _tax_of(line: InvoiceLine, tax: Money) -> Explanation:
    """Amount x rate / (100 + rate) where the price contains the tax, net x rate where it was added."""
    agrees = tax == line.tax
    if retaxing.is_given_back(line):
        parts = {"base": _money(line, "base_tax_minor"), "share": _share(line)}
        return Explanation([_rate(line)], _("− %(base)s × %(share)s") % parts + f" = {tax}", agrees)
    if line.invoice.is_reverse_charge:
        is_goods = line.supply == Supply.GOODS
        text = _("%(tax)s, goods sent to a company abroad") if is_goods else _("%(tax)s, the customer accounts for it")
        return Explanation([_rate(line)], text % {"tax": tax}, agrees)
    rate = _number(line.tax_basis_points)
    if line.tax_included:
        by_itself = rules.tax_in(line.amount_minor, line.tax_basis_points)
        text = f"{line.amount} × {rate} ÷ {_number(rules.WHOLE + line.tax_basis_points)}"
    else:
        by_itself = rules.percent_of(line.net_minor, line.tax_basis_points)
        text = f"{line.net} × {rate} ÷ 100"
    text = f"{text} = {Money(by_itself, line.currency)}"
    if by_itself != tax.minor:
        text = "; ".join([text, _("rounded together with the other lines: %(tax)s") % {"tax": tax}])
    return Explanation([_rate(line)], text, agrees)


def _rate(line: InvoiceLine) -> Fact:
    return _("VAT rate"), f"{_number(line.tax_basis_points)} %"


def _taxed(line: InvoiceLine) -> str:
    """What became of the reckoned amount through tax; nothing to say where it contains the tax."""
    if line.relieved:
        rate = _number(line.inputs["relieved_basis_points"])
        return _("without %(rate)s %% VAT = %(amount)s") % {"rate": rate, "amount": line.amount}
    if not line.tax_included and line.tax:
        rate = _number(line.tax_basis_points)
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
            percent = _number(inputs["percent_basis_points"])
            return _("− %(percent)s %% of %(base)s") % {"percent": percent, "base": _money(line, "base_minor")}
        case "discount":
            parts = {"off": _money(line, "off_minor"), "base": _money(line, "base_minor")}
            return _("− %(off)s, at most %(base)s") % parts
        case _:
            return f"{_money(line, 'unit_minor')} × {inputs['quantity']}"


def _facts(line: InvoiceLine) -> Iterator[Fact]:
    """What the line was computed from, in the order of the reckoning."""
    inputs = line.inputs
    match line.kind:
        case "proration_charge":
            yield _("Price of the whole period"), str(_money(line, "base_minor"))
            yield from _span(line)
        case "proration_credit":
            yield _("Paid for the whole period"), str(_money(line, "base_minor"))
            yield from _span(line)
        case "discount":
            if inputs.get("name"):
                yield _("Promotion"), str(inputs["name"])
            if inputs.get("percent_basis_points") is not None:
                yield _("Discount"), f"{_number(inputs['percent_basis_points'])} %"
            else:
                yield _("Discount"), str(_money(line, "off_minor"))
            yield _("Taken off"), str(_money(line, "base_minor"))
        case _:
            yield _("Price"), _price(line)
            yield _("Quantity"), str(inputs["quantity"])
            if line.period_start and line.period_end:
                yield _("For the time"), _times(line.period_start, line.period_end)
    if inputs.get("version"):
        yield _("Version of the price"), str(inputs["version"])


def _price(line: InvoiceLine) -> str:
    """The price, with the time it is for where the line says so."""
    price, unit = _money(line, "unit_minor"), line.inputs.get("interval_unit")
    if unit not in _UNITS:
        return str(price)
    count = line.inputs["interval_count"]
    return _("%(price)s for %(time)s") % {"price": price, "time": _UNITS[unit](count) % {"count": count}}


def _span(line: InvoiceLine) -> Iterator[Fact]:
    inputs = line.inputs
    if "span_start" in inputs and "span_end" in inputs:
        start, end = (datetime.fromisoformat(inputs[name]) for name in ("span_start", "span_end"))
        yield _("Whole period"), _times(start, end)
    if line.period_start:
        yield _("Changed on"), date_format(timezone.localtime(line.period_start), "DATETIME_FORMAT")
    left, whole = _duration(inputs["seconds_left"]), _duration(inputs["seconds_whole"])
    yield _("Time left then"), _("%(left)s of %(whole)s") % {"left": left, "whole": whole}


def _times(start: datetime, end: datetime) -> str:
    begin, finish = (date_format(timezone.localtime(moment), "DATETIME_FORMAT") for moment in (start, end))
    return pgettext("from one instant to another", "%(begin)s – %(finish)s") % {"begin": begin, "finish": finish}


def _money(line: InvoiceLine, name: str) -> Money:
    return Money(line.inputs[name], line.currency)


def _number(basis_points: int) -> str:
    """A percentage as people write it, without zeros at its end."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def _share(line: InvoiceLine) -> str:
    """The unused part of the period, in the largest unit that is exact."""
    left, whole = line.inputs["seconds_left"], line.inputs["seconds_whole"]
    if left % 86_400 == whole % 86_400 == 0:
        days = whole // 86_400
        text = ngettext("%(left)d of %(whole)d day", "%(left)d of %(whole)d days", days)
        return text % {"left": left // 86_400, "whole": days}
    text = ngettext("%(left)d of %(whole)d second", "%(left)d of %(whole)d seconds", whole)
    return text % {"left": left, "whole": whole}


def _duration(seconds: int) -> str:
    """A length of time in days, hours, minutes and seconds, without those that are zero."""
    hours, rest = divmod(seconds, 3_600)
    days, hours = divmod(hours, 24)
    parts = [
        (days, ngettext("%(count)d day", "%(count)d days", days)),
        (hours, ngettext("%(count)d hour", "%(count)d hours", hours)),
        (rest // 60, ngettext("%(count)d minute", "%(count)d minutes", rest // 60)),
        (rest % 60, ngettext("%(count)d second", "%(count)d seconds", rest % 60)),
    ]
    said = [text % {"count": count} for count, text in parts if count]
    return " ".join(said) or _("nothing")
