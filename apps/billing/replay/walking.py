"""From invoice to invoice, in batches; memory does not grow with the book."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Prefetch

from apps.billing.models import Account, CreditNote, Invoice, InvoiceLine, LedgerEntry, RevenueSchedule

from . import lines, postings, statements
from .differences import Difference

BATCH = 200


@dataclass(frozen=True, slots=True)
class Batch:
    """Some invoices that were replayed: how many, the number of the last one, and what differed."""

    size: int
    last_number: str
    differences: list[Difference]


def resume_from(number: str) -> int:
    """Where a replay goes on after the invoice of that number. Raises Invoice.DoesNotExist."""
    return Invoice.objects.values_list("pk", flat=True).get(number=number)


def count(*, since: datetime | None = None, after: int = 0) -> int:
    """How many invoices `walk` will replay."""
    return _chosen(since, after).count()


def walk(*, since: datetime | None = None, after: int = 0) -> Iterator[Batch]:
    """Replay the invoices issued since an instant, in the order in which they were written, after one of them."""
    while True:
        batch, last = _replay(since, after)
        if not batch.size:
            return
        after = last
        yield batch


def whole_ledger() -> list[Difference]:
    """What must hold over all: each currency sums to zero, and deferred revenue is what the schedules still hold."""
    with transaction.atomic():
        _one_snapshot()
        balances = LedgerEntry.objects.balances()
        held = RevenueSchedule.objects.left_by_currency()
    found = []
    for currency in sorted({currency for _account, currency in balances} | held.keys()):
        total = sum(minor for (_account, one), minor in balances.items() if one == currency)
        if total:
            found.append(Difference("ledger", None, f"sum in {currency}", 0, total))
        deferred = -balances.get((Account.REVENUE_DEFERRED, currency), 0)
        if deferred != held.get(currency, 0):
            found.append(Difference("ledger", None, f"deferred revenue in {currency}", held.get(currency, 0), deferred))
    return found


@transaction.atomic
def _replay(since: datetime | None, after: int) -> tuple[Batch, int]:
    _one_snapshot()
    invoices = list(
        _chosen(since, after)
        .order_by("pk")
        .select_related("series", "stated_tax")
        .prefetch_related(
            Prefetch("lines", InvoiceLine.objects.order_by("position")),
            Prefetch("schedules", RevenueSchedule.objects.select_related("line")),
            Prefetch("credit_notes", CreditNote.objects.select_related("stated_tax").order_by("pk")),
            "payments",
        )[:BATCH]
    )
    books, published = postings.Books(invoices), statements.Published(invoices)
    found = [difference for invoice in invoices for difference in _differences(invoice, books, published)]
    last = invoices[-1] if invoices else None
    return Batch(len(invoices), last.number if last else "", found), last.pk if last else after


def _one_snapshot() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _chosen(since: datetime | None, after: int):
    chosen = Invoice.objects.filter(pk__gt=after)
    return chosen if since is None else chosen.filter(issued_at__gte=since)


def _differences(invoice: Invoice, books: postings.Books, published: statements.Published) -> Iterator[Difference]:
    rows = list(invoice.lines.all())
    for line in rows:
        for what, expected, found in lines.differences(line):
            yield Difference(invoice.number, line.position, what, expected, found)
    for line, (what, expected, found) in lines.tax_differences(invoice, rows):
        yield Difference(invoice.number, line.position, what, expected, found)
    for what, expected, found in _document(invoice, rows):
        if expected != found:
            yield Difference(invoice.number, None, what, expected, found)
    for what, expected, found in [*books.differences(invoice), *published.differences(invoice)]:
        yield Difference(invoice.number, None, what, expected, found)
    for position, what, expected, found in postings.revenue_differences(invoice, books):
        yield Difference(invoice.number, position, what, expected, found)


def _document(invoice: Invoice, rows: list[InvoiceLine]) -> list[tuple[str, object, object]]:
    """The invoice as a whole: (what, expected, found)."""
    total = sum(line.amount_minor for line in rows)
    return [
        ("number", invoice.series.printed(invoice.serial), invoice.number),
        ("positions", list(range(1, len(rows) + 1)), [line.position for line in rows]),
        ("total", total, invoice.total_minor),
        ("tax", sum(line.tax_minor for line in rows), invoice.tax_minor),
        ("due", total - invoice.credit_applied_minor, invoice.due_minor),
    ]
