"""The journal as a file."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.billing.models import JournalMonth
from apps.core.money import Money

from .reading import Journal

HEADER = ["month", "currency", "part", "document", "account", "documents", "opening", "debit", "credit", "closing"]


class Changed(Exception):
    """The ledger of a closed month does not add up to what it was when it was closed."""


def export(journal: Journal, *, currency: str | None = None) -> bytes:
    """The journal as CSV (RFC 4180, UTF-8): the same ledger gives the same bytes.

    Four parts for each currency: `journal` is what each kind of document moved, to be booked as it stands, each kind
    sums to zero; `balance` is each account with its opening and closing balance, debit positive; `deferred` rolls
    deferred revenue forward from one kind of document to the next; `check` sums the balances, to zero.

    Raises Changed when the month is closed and its ledger is not what it was.
    """
    closed = JournalMonth.objects.of(journal.month)
    if closed is not None and closed.digest != digest(journal):
        raise Changed(_("The ledger of %(month)s is not what it was when it was closed.") % {"month": journal.month})
    return _csv(journal.only(currency) if currency else journal)


def digest(journal: Journal) -> str:
    """The SHA-256 of the export in all currencies."""
    return hashlib.sha256(_csv(journal)).hexdigest()


def _csv(journal: Journal) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    for currency in journal.currencies:
        for row in _rows(journal.only(currency), currency):
            writer.writerow([str(journal.month), currency, *row])
    return text.getvalue().encode()


def _rows(journal: Journal, currency: str) -> Iterator[list]:
    """The rows of one currency, from the column `part` on."""

    def money(minor: int) -> str:
        return f"{Money(minor, currency).decimal:f}"

    for moved in journal.movements:
        amounts = ["", money(moved.debit), money(moved.credit), ""]
        yield ["journal", _text(moved.document), moved.account, moved.documents, *amounts]
    for total in journal.totals:
        amounts = [money(total.opening), money(total.debit), money(total.credit), money(total.closing)]
        yield ["balance", "", total.account, total.documents, *amounts]
    for moved, before, after in journal.deferred():
        amounts = [money(before), money(moved.debit), money(moved.credit), money(after)]
        yield ["deferred", _text(moved.document), moved.account, moved.documents, *amounts]
    sums = [sum(getattr(total, side) for total in journal.totals) for side in ("opening", "debit", "credit", "closing")]
    yield ["check", "", "", "", *map(money, sums)]


def _text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
