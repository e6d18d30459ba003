"""Documents and payments as CSV for accountants: streamed from the database, whatever their number.

Text that a customer or a shop assistant chose may be a formula to a spreadsheet. Such cells get an apostrophe in front,
and every cell stands in quotes (OWASP, CSV Injection). Amounts are written by us, as plain decimals in major units.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Model, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from apps.core.money import Money

from . import papers
from .models import CreditNote, Invoice, Payment, Refund

BATCH = 1000
# With the forms that spreadsheets take for these signs, and the line feed that some of them pass over.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# By this mark spreadsheets know UTF-8.
_MARK = "\ufeff"

type Cell = str | int | Decimal | datetime | None


@dataclass(frozen=True, slots=True)
class Table:
    """What is exported: `rows(queryset)` prepares it, `by` is the column of the date range."""

    name: str
    by: str
    queryset: Callable[[], QuerySet[Any]]
    header: Callable[[], list[str]]
    cells: Callable[[Any], list[Cell]]


def stream(table: Table, *, since: date, until: date, currency: str = "") -> Iterator[str]:
    """The lines of a CSV file: all of a currency (of every one, if empty) from one day to another, both included (UTC).

    Rows come from the database in batches as they are read. Raises nothing for an empty range: there is a header."""
    rows = table.queryset().filter(**_within(table.by, since, until)).order_by(table.by, "pk")
    if currency:
        rows = rows.filter(currency=currency)
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield _MARK + writer.writerow(table.header())
    for row in rows.iterator(chunk_size=BATCH):
        yield writer.writerow([_written(cell) for cell in table.cells(row)])


def harmless(text: str) -> str:
    """A text as no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


class _Echo:
    """A file that gives back what is written, so that a line is sent as soon as it is made."""

    def write(self, line: str) -> str:
        return line


def _within(column: str, since: date, until: date) -> dict[str, datetime]:
    first, last = (make_aware(datetime.combine(day, time())) for day in (since, until))
    return {f"{column}__gte": first, f"{column}__lt": last + timedelta(days=1)}


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.isoformat(timespec="seconds")
        case str():
            return harmless(cell)
        case _:
            return str(cell)


def _sum(model: type[Model], column: str, **filters: Any) -> Coalesce:
    """What rows of another table come to, for each row."""
    sums = model._default_manager.order_by().filter(**filters).values(next(iter(filters)))
    return Coalesce(Subquery(sums.annotate(total=Sum(column)).values("total")), 0, output_field=BigIntegerField())


def _customer_header() -> list[str]:
    return [_("Customer"), _("Company"), _("Country"), _("VAT number"), _("E-mail"), _("Tax treatment")]


def _customer(invoice: Invoice) -> list[Cell]:
    return [
        invoice.customer_name,
        invoice.customer_company,
        invoice.customer_country,
        invoice.customer_tax_number,
        invoice.customer_email,
        invoice.tax_treatment,
    ]


def _stated_header() -> list[str]:
    return [_("VAT stated in"), _("VAT in that currency"), _("Rates for one euro"), _("Rate of")]


def _stated(document: Invoice | CreditNote) -> list[Cell]:
    stated = papers.stated_tax_of(document)
    if stated is None:
        return ["", None, "", ""]
    return [stated.currency, stated.tax.decimal, stated.rate_text, stated.rate_day.isoformat()]


def _amounts(*amounts: Money) -> Sequence[Decimal]:
    return [amount.decimal for amount in amounts]


INVOICES = Table(
    "invoices",
    "issued_at",
    lambda: Invoice.objects.select_related("stated_tax").annotate(
        credited_minor=_sum(CreditNote, "total_minor", invoice=OuterRef("pk"))
    ),
    lambda: [
        *[_("Number"), _("Issued"), _("Status"), _("Reason"), *_customer_header(), _("Currency")],
        *[_("Without VAT"), _("VAT"), _("Total"), _("Paid from credit"), _("Due"), _("Credited"), _("Paid")],
        *_stated_header(),
    ],
    lambda row: [
        *[row.number, row.issued_at, row.status, row.reason, *_customer(row), row.currency],
        *_amounts(row.net, row.tax, row.total, row.credit_applied, row.due, Money(row.credited_minor, row.currency)),
        row.paid_at,
        *_stated(row),
    ],
)
CREDIT_NOTES = Table(
    "credit-notes",
    "issued_at",
    lambda: CreditNote.objects.select_related("invoice", "stated_tax"),
    lambda: [
        *[_("Number"), _("Issued"), _("Invoice"), _("Invoice issued"), _("Settled"), _("Reason")],
        *[*_customer_header(), _("Currency"), _("Without VAT"), _("VAT"), _("Total")],
        *_stated_header(),
    ],
    lambda row: [
        *[row.number, row.issued_at, row.invoice.number, row.invoice.issued_at, row.settlement, row.reason],
        *[*_customer(row.invoice), row.currency, *_amounts(row.net, row.tax, row.total)],
        *_stated(row),
    ],
)
PAYMENTS = Table(
    "payments",
    "settled_at",
    lambda: Payment.objects.select_related("invoice", "card").annotate(
        refunded_minor=_sum(Refund, "amount_minor", payment=OuterRef("pk"), status=Refund.Status.SUCCEEDED)
    ),
    lambda: [
        *[_("Invoice"), _("Attempt"), _("Settled"), _("Status"), _("Surplus"), _("Customer"), _("E-mail")],
        *[_("Currency"), _("Amount"), _("Refunded"), _("Card"), _("Decline code"), _("Gateway intent"), _("Key")],
    ],
    lambda row: [
        *[row.invoice.number, row.attempt, row.settled_at, row.status, _("yes") if row.surplus else ""],
        *[row.invoice.customer_name, row.invoice.customer_email, row.currency],
        *_amounts(row.amount, Money(row.refunded_minor, row.currency)),
        *[str(row.card or ""), row.decline_code, row.gateway_id, str(row.key)],
    ],
)
