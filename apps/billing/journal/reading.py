"""A month of the books as the ledger has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.billing.models import Account, JournalMonth, LedgerEntry
from apps.billing.months import Month

DAY = timedelta(days=1)
_NOTHING = (0, 0, 0)
_ORDER = {account: place for place, account in enumerate(Account.values)}


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

    def deferred(self) -> Iterator[tuple[Movement, int, int]]:
        """How deferred revenue rolled forward, in a journal of one currency: each movement with the balance before and
        after it."""
        balance = sum(total.opening for total in self.totals if total.account == Account.REVENUE_DEFERRED)
        for moved in self.movements:
            if moved.account == Account.REVENUE_DEFERRED:
                before, balance = balance, balance + moved.debit - moved.credit
                yield moved, before, balance


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
