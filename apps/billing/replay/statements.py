"""The tax in the seller's own currency, reckoned again from the tax of the documents and the rates as they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from apps.billing import papers, stating
from apps.billing.models import ExchangeRate, Invoice, StatedTax
from apps.billing.models.exchange import EURO


class Published:
    """The rates of the days on which statements of some invoices rest, read in one statement; none for none."""

    def __init__(self, batch: Sequence[Invoice]) -> None:
        days = {row.rate_day for row in map(papers.stated_tax_of, batch) if row}
        rows = ExchangeRate.objects.filter(day__in=days).values_list("currency", "day", "per_euro") if days else []
        self._rates = {(currency, day): rate for currency, day, rate in rows}

    def differences(self, invoice: Invoice) -> Iterator[tuple[str, object, object]]:
        """Where a statement of the invoice or of its notes is not what follows from its tax and the rates."""
        stated = papers.stated_tax_of(invoice)
        if stated is None:
            return
        name = f"tax in {stated.currency}"
        tax = stating.reckoned(invoice.tax_minor, stated.of_currency, stated.rates, to=stated.currency)
        yield from _compare(name, tax, stated.tax_minor)
        yield from _compare("rate of the document's currency", self._of(stated, stated.of_currency), stated.of_per_euro)
        yield from _compare("rate of the seller's currency", self._of(stated, stated.currency), stated.per_euro)
        notes = list(invoice.credit_notes.all())
        parts = stating.note_parts([note.tax_minor for note in notes], stated)
        for note, part in zip(notes, parts, strict=True):
            row = papers.stated_tax_of(note)
            if row is None:
                yield from _compare(f"{name} of {note.number}", part if note.tax_minor else None, None)
            else:
                yield from _compare(f"{name} of {note.number}", (part, stated.rates), (row.tax_minor, row.rates))

    def _of(self, stated: StatedTax, currency: str) -> Decimal | None:
        return Decimal(1) if currency == EURO else self._rates.get((currency, stated.rate_day))


def _compare(what: str, expected: object, found: object) -> Iterator[tuple[str, object, object]]:
    if expected != found:
        yield what, expected, found
