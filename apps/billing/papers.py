"""Invoices and credit notes as they are read: one shape for the page, the print and the PDF.

It carries what Directive 2006/112/EC, Art. 226 asks of an invoice: date and number, both sides with address and tax
number, quantity and nature of what was supplied, the date or period of the supply, by rate the taxable amount and the
tax, the unit price without tax, and why no tax is charged; by Art. 230, the tax in the seller's own currency;
and, by Art. 219, what a credit note corrects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import format_currency, format_decimal
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from apps.core.money import Money, exponent

from .models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Payment, StatedTax, Supply


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `unit` is the price of one without tax, as printed; the supply has a period, or the document's date.
    `within` says what is in it, where it is made of several things."""

    description: str
    quantity: int
    unit: str
    rate: str
    net: Money
    tax: Money
    amount: Money
    period_start: datetime | None = None
    period_end: datetime | None = None
    within: str = ""


@dataclass(frozen=True, slots=True)
class TaxSum:
    """All that is taxed at one rate."""

    rate: str
    net: Money
    tax: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class Party:
    """One side as printed: its name, the lines below it, its tax number."""

    name: str
    lines: list[str]
    tax_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document in the active language. Amounts of a credit note are what it gives back, positive."""

    title: str
    number: str
    issued_at: datetime
    seller: Party
    seller_notes: list[str]
    buyer: Party
    lines: list[Line]
    taxes: list[TaxSum]
    net: Money
    tax: Money
    total: Money
    supply_start: datetime
    supply_end: datetime | None
    notes: list[str]
    credit_applied: Money | None = None
    due: Money | None = None
    corrects: Invoice | None = None
    reason: str = ""
    stated_tax: StatedTax | None = None
    payments: list[Payment] = field(default_factory=list)


def of_invoice(invoice: Invoice) -> Paper:
    """An invoice, fetched `with_lines`, with the payment that paid it."""
    rows = list(invoice.lines.all())
    start, end = _supply(rows, invoice.issued_at)
    return Paper(
        title=_("Invoice"),
        number=invoice.number,
        issued_at=invoice.issued_at,
        seller=_seller(invoice.seller_details),
        seller_notes=_seller_notes(invoice.seller_details),
        buyer=_buyer(invoice),
        lines=[_line(row, quantity=row.quantity, within=row.inputs.get("within", "")) for row in rows],
        taxes=_taxes(rows, invoice.currency),
        net=invoice.net,
        tax=invoice.tax,
        total=invoice.total,
        supply_start=start,
        supply_end=end,
        notes=_notes(invoice, rows),
        credit_applied=invoice.credit_applied if invoice.credit_applied else None,
        due=invoice.due,
        stated_tax=stated_tax_of(invoice),
        payments=list(invoice.payments.succeeded().filter(surplus=False).select_related("card")),
    )


def of_credit_note(note: CreditNote) -> Paper:
    """A credit note, fetched `with_lines`."""
    rows = list(note.lines.all())
    start, end = _supply(rows, note.invoice.issued_at)
    return Paper(
        title=_("Credit note"),
        number=note.number,
        issued_at=note.issued_at,
        seller=_seller(note.seller_details),
        seller_notes=_seller_notes(note.seller_details),
        buyer=_buyer(note.invoice),
        lines=[_line(row, quantity=1) for row in rows],
        taxes=_taxes(rows, note.currency),
        net=note.net,
        tax=note.tax,
        total=note.total,
        supply_start=start,
        supply_end=end,
        notes=[_settlement(note), *_notes(note.invoice, [row.line for row in rows])],
        corrects=note.invoice,
        reason=note.reason,
        stated_tax=stated_tax_of(note),
    )


def stated_tax_of(document: Invoice | CreditNote) -> StatedTax | None:
    """The tax in the seller's own currency, where the document is in another and a rate was known."""
    return getattr(document, "stated_tax", None)


def percent(basis_points: int) -> str:
    """A rate in the active language: 2200 is 22 %."""
    return f"{format_decimal(Decimal(basis_points) / 100, locale=_locale())} %"


def _line(row: InvoiceLine | CreditNoteLine, *, quantity: int, within: str = "") -> Line:
    return Line(
        description=row.description,
        quantity=quantity,
        unit=_unit(row.net, quantity),
        rate=percent(row.tax_basis_points),
        net=row.net,
        tax=row.tax,
        amount=row.amount,
        period_start=row.period_start,
        period_end=row.period_end,
        within=within,
    )


def _unit(net: Money, quantity: int) -> str:
    """The price of one without tax, with two more places where it does not come out even."""
    one = net.decimal / quantity
    places = exponent(net.currency)
    if one == round(one, places):
        return str(Money(int(one.scaleb(places)), net.currency))
    return format_currency(round(one, places + 2), net.currency, locale=_locale(), decimal_quantization=False)


def _taxes(rows: Iterable[InvoiceLine | CreditNoteLine], currency: str) -> list[TaxSum]:
    """The highest rate first."""
    sums: dict[int, tuple[int, int]] = {}
    for row in rows:
        net, tax = sums.get(row.tax_basis_points, (0, 0))
        sums[row.tax_basis_points] = net + row.net_minor, tax + row.tax_minor
    return [
        TaxSum(percent(points), Money(net, currency), Money(tax, currency), Money(net + tax, currency))
        for points, (net, tax) in sorted(sums.items(), reverse=True)
    ]


def _supply(rows: Iterable[InvoiceLine | CreditNoteLine], issued_at: datetime) -> tuple[datetime, datetime | None]:
    """The period from the first to the last that is supplied; the day of the invoice when nothing has a period."""
    periods = [(row.period_start, row.period_end) for row in rows if row.period_start and row.period_end]
    if not periods:
        return issued_at, None
    return min(start for start, _end in periods), max(end for _start, end in periods)


def _seller(details: dict[str, Any]) -> Party:
    lines = _printed(details.get("address", ""))
    return Party(details.get("legal_name", ""), lines, details.get("tax_number", ""))


def _seller_notes(details: dict[str, Any]) -> list[str]:
    return [text for text in (details.get("registration"), details.get("email")) if text]


def _buyer(invoice: Invoice) -> Party:
    """A company first, if there is one; an address that was not given leaves the country and the e-mail address."""
    names = [name for name in (invoice.customer_company, invoice.customer_name, invoice.customer_email) if name]
    lines = [*names[1:2], *_printed(invoice.customer_address), _country(invoice.customer_country)]
    return Party(names[0], lines, invoice.customer_tax_number)


def _country(code: str) -> str:
    return Locale.parse(_locale()).territories.get(code, code)


def _notes(invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[str]:
    """Why no tax is charged (Art. 226(11) and (11a)), for each sort of supply among the lines."""
    if not invoice.is_reverse_charge:
        return []
    supplied, notes = {line.supply for line in lines}, []
    if Supply.GOODS in supplied:
        notes.append(_("Intra-Community supply of goods, exempt from VAT (Directive 2006/112/EC, Art. 138)."))
    if Supply.SERVICE in supplied:
        notes.append(_("Reverse charge: the customer accounts for the VAT (Directive 2006/112/EC, Art. 196)."))
    return notes


def _settlement(note: CreditNote) -> str:
    match note.settlement:
        case CreditNote.Settlement.CARD:
            return _("The amount goes back to the card that paid.")
        case CreditNote.Settlement.CREDIT:
            return _("The amount is your credit: your next invoices use it before any card is charged.")
        case CreditNote.Settlement.BANK:
            return _("Your bank has given you the amount back.")
        case _:
            return _("The invoice was withdrawn before it was paid: nothing is owed on it any more.")


def _printed(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _locale() -> str:
    return to_locale(get_language() or "en")
