"""The month-end journal: what an accountant books of a month, its proof, and the closing of the month.

A month may be exported at any time; when it is over and its revenue is recognised it may be closed. From then on a
trigger refuses every posting dated in it, so that it can be exported again with the same bytes for ever: corrections
are dated in the open month, as accountants expect. Months are closed in order; the first one that is closed closes all
before it. A closed month is not opened again.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.core.money import Money

from .models import Account, JournalBalance, JournalMonth, LedgerEntry, RevenueSchedule
from .months import Month

# The advisory lock of billing_ledger_open_month(): shared by those who post, alone for whoever closes.
LOCK = 721_093
DAY = timedelta(days=1)
HEADER = ["month", "currency", "part", "document", "account", "documents", "opening", "debit", "credit", "closing"]
_NOTHING = (0, 0, 0)
_ORDER = {account: place for place, account in enumerate(Account.values)}


class CannotClose(Exception):
    """The month is not over, not the next one to close, closed already, or not wholly booked."""


class Changed(Exception):
    """The ledger of a closed month does not add up to what it was when it was closed."""


@dataclass(frozen=True, slots=True)
class Totals:
    """One account in one currency over a month, in minor units; balances are debit positive."""

    account: str
    currency: str
    documents: int
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Movement:
    """What documents of one kind moved on one account in a month, in minor units."""

    document: str
    account: str
    currency: str
    documents: int
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class Journal:
    """A month of the books, in the order of its export."""

    month: Month
    movements: list[Movement]
    totals: list[Totals]

    @property
    def currencies(self) -> list[str]:
        return sorted({total.currency for total in self.totals})

    def only(self, currency: str) -> Journal:
        """The same month in one currency."""
        return Journal(
            self.month,
            [movement for movement in self.movements if movement.currency == currency],
            [total for total in self.totals if total.currency == currency],
        )


def of(month: Month, *, on_day: Callable[[], object] = lambda: None) -> Journal:
    """The journal of a month as the ledger stands, read day by day; `on_day` is called after each."""
    moved: dict[tuple[str, str, str], tuple[int, int, int]] = defaultdict(lambda: _NOTHING)
    day = month.start
    while day < month.end:
        for currency, account, document, *sums in LedgerEntry.objects.movements(day, day + DAY):
            before = moved[currency, account, document]
            moved[currency, account, document] = (before[0] + sums[0], before[1] + sums[1], before[2] + sums[2])
        day += DAY
        on_day()
    opening = LedgerEntry.objects.balances_at(month.start)
    accounts = {(currency, account) for currency, account, _document in moved}
    accounts |= {(currency, account) for (account, currency), minor in opening.items() if minor}
    movements = [
        Movement(document, account, currency, *moved[currency, account, document])
        for currency, account, document in sorted(moved, key=lambda key: (key[0], key[2], _ORDER[key[1]]))
    ]
    totals = [
        _total(account, currency, opening.get((account, currency), 0), movements)
        for currency, account in sorted(accounts, key=lambda key: (key[0], _ORDER[key[1]]))
    ]
    return Journal(month, movements, totals)


def export(journal: Journal, *, currency: str | None = None) -> bytes:
    """The journal as CSV (RFC 4180, UTF-8): the same ledger gives the same bytes.

    Four parts for each currency: `journal` is what each kind of document moved, to be booked as it stands, each kind
    sums to zero; `balance` is each account with its opening and closing balance, debit positive; `deferred` rolls
    deferred revenue forward from one kind of document to the next; `check` sums the balances, to zero.

    Raises Changed when the month is closed and its ledger is not what it was.
    """
    closed = JournalMonth.objects.of(journal.month)
    if closed is not None and closed.digest != _digest(journal):
        raise Changed(_("The ledger of %(month)s is not what it was when it was closed.") % {"month": journal.month})
    return _csv(journal.only(currency) if currency else journal)


@transaction.atomic
def close(month: Month, *, by: str, now: datetime) -> JournalMonth:
    """Close a month for good, and keep its balances and the digest of its export.

    Waits for postings under way, and holds up new ones for as long as it reads. Raises CannotClose, and closes nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    refuse_to_close(month, now=now)
    journal = of(month)
    closed = JournalMonth.objects.create(
        month=month.first_day, closed_at=now, closed_by=by[:254], digest=_digest(journal)
    )
    JournalBalance.objects.bulk_create(
        JournalBalance(
            month=closed,
            account=total.account,
            currency=total.currency,
            documents=total.documents,
            opening_minor=total.opening,
            debit_minor=total.debit,
            credit_minor=total.credit,
            closing_minor=total.closing,
        )
        for total in journal.totals
    )
    return closed


def refuse_to_close(month: Month, *, now: datetime) -> None:
    """Raises CannotClose with the reason when a month cannot be closed at `now`."""
    last = JournalMonth.objects.latest_closed()
    if now < month.end:
        raise CannotClose(_("%(month)s is not over yet.") % {"month": month})
    if last is not None and month <= last.as_month:
        raise CannotClose(_("%(month)s is closed already.") % {"month": month})
    if last is not None and month != last.as_month.next:
        raise CannotClose(_("%(month)s has to be closed first.") % {"month": last.as_month.next})
    if RevenueSchedule.objects.due(month.end).exists():
        raise CannotClose(_("The workers have not recognised all revenue of %(month)s yet.") % {"month": month})


def months(*, now: datetime) -> Iterator[tuple[Month, JournalMonth | None]]:
    """Every month from the first posting on, the newest first, with its row when it is closed."""
    first = LedgerEntry.objects.order_by("pk").values_list("at", flat=True).first()
    closed = {row.as_month: row for row in JournalMonth.objects.all()}
    month = Month.of(now)
    while first is not None and Month.of(first) <= month:
        yield month, closed.get(month)
        month = month.previous


def _total(account: str, currency: str, opening: int, movements: list[Movement]) -> Totals:
    mine = [movement for movement in movements if (movement.account, movement.currency) == (account, currency)]
    return Totals(
        account,
        currency,
        documents=sum(movement.documents for movement in mine),
        opening=opening,
        debit=sum(movement.debit for movement in mine),
        credit=sum(movement.credit for movement in mine),
    )


def _digest(journal: Journal) -> str:
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
    deferred = [total for total in journal.totals if total.account == Account.REVENUE_DEFERRED]
    balance = deferred[0].opening if deferred else 0
    for moved in journal.movements:
        if moved.account == Account.REVENUE_DEFERRED:
            after = balance + moved.debit - moved.credit
            amounts = [money(balance), money(moved.debit), money(moved.credit), money(after)]
            yield ["deferred", _text(moved.document), moved.account, moved.documents, *amounts]
            balance = after
    sums = [sum(getattr(total, side) for total in journal.totals) for side in ("opening", "debit", "credit", "closing")]
    yield ["check", "", "", "", *map(money, sums)]


def _text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
