"""Bringing in exchange rates: the file of the European Central Bank with all its rates since 1999.

`eurofxref-hist.csv` of https://www.ecb.europa.eu/stats/eurofxref/ has one row a day: `Date,USD,JPY,...`, the day as
2026-03-09, each rate what one euro was worth, `N/A` where none was published, and a comma at the end of each line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils.translation import gettext as _

from . import stating
from .models import ExchangeRate, StatedTax
from .models.exchange import EURO

NONE = {"", "N/A"}
BIGGEST = Decimal(10) ** 10
BATCH = 5_000


class CannotRead(ValueError):
    """The file is not what it should be; the text says where, for staff. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: rates that are new, and that are other than before; rates that differ from the file but are
    on documents already, which stay; and the invoices whose tax could be stated by it."""

    added: int
    changed: int
    kept: int
    stated: int


def take_in(lines: Iterable[str], *, since: date, now: datetime, actor: str = "system") -> Imported:
    """Store the rates of a file from a day on, and state the tax that waited for them. Safe to repeat. Raises
    CannotRead, and nothing is stored."""
    try:
        read = {(currency, day): rate for currency, day, rate in _rates(lines, since=since)}
    except csv.Error as problem:
        raise CannotRead(str(problem)) from problem
    if not read:
        raise CannotRead(_("There is no rate from %(day)s on in this file.") % {"day": since.isoformat()})
    with transaction.atomic():
        added, changed, kept = _store(read, since=since)
    return Imported(added, changed, kept, stating.state_missing(now=now, actor=actor))


def _store(read: dict[tuple[str, date], Decimal], *, since: date) -> tuple[int, int, int]:
    known = {
        (row.currency, row.day): row
        for row in ExchangeRate.objects.filter(day__gte=since).select_for_update().order_by("pk")
    }
    used = {
        (currency, day)
        for *currencies, day in StatedTax.objects.filter(rate_day__gte=since).values_list(
            "of_currency", "currency", "rate_day"
        )
        for currency in currencies
    }
    new = [
        ExchangeRate(currency=currency, day=day, per_euro=rate)
        for (currency, day), rate in read.items()
        if (currency, day) not in known
    ]
    other = [key for key, rate in read.items() if key in known and known[key].per_euro != rate]
    changed = [known[key] for key in other if key not in used]
    for row in changed:
        row.per_euro = read[row.currency, row.day]
    ExchangeRate.objects.bulk_create(new, batch_size=BATCH)
    ExchangeRate.objects.bulk_update(changed, ["per_euro"], batch_size=BATCH)
    return len(new), len(changed), len(other) - len(changed)


def _rates(lines: Iterable[str], *, since: date) -> Iterator[tuple[str, date, Decimal]]:
    rows = csv.reader(lines)
    header = [name.strip() for name in next(rows, [])]
    currencies = header[1:]
    while currencies and not currencies[-1]:
        currencies.pop()
    wrong = not all(re.fullmatch("[A-Z]{3}", name) and name != EURO for name in currencies)
    if header[:1] != ["Date"] or not currencies or wrong or len(set(currencies)) != len(currencies):
        raise CannotRead(_("The first line must be Date and the currencies, such as Date,USD,JPY."))
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        day = _day(row[0], rows.line_num)
        if day < since:
            continue
        if len(row) < len(currencies) + 1:
            raise CannotRead(_("Line %(line)d has too few columns.") % {"line": rows.line_num})
        for currency, cell in zip(currencies, row[1:], strict=False):
            if cell.strip() not in NONE:
                yield currency, day, _rate(cell, rows.line_num)


def _day(text: str, line: int) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as problem:
        raise CannotRead(_("Line %(line)d does not begin with a day such as 2026-03-09.") % {"line": line}) from problem


def _rate(text: str, line: int) -> Decimal:
    try:
        rate = Decimal(text.strip())
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or not 0 < rate < BIGGEST or rate != round(rate, 6):
        raise CannotRead(_("Line %(line)d has a rate that is none: %(text)s.") % {"line": line, "text": text[:20]})
    return rate
