"""The journal for people: the same figures as the file."""

from __future__ import annotations

from dataclasses import dataclass

from apps.billing.models import Account
from apps.core.money import Money

from .reading import Journal, Movement, Totals


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the books for people: what, how many documents, and its amounts; None where a column is empty."""

    label: str
    account: str
    documents: int
    opening: Money | None
    debit: Money
    credit: Money
    closing: Money | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One currency of a month for people: the same figures as the export."""

    currency: str
    journal: list[Row]
    balances: list[Row]
    deferred: list[Row]
    debit: Money
    credit: Money


def by_currency(journal: Journal) -> list[Sheet]:
    """A month as people read it, one sheet for each currency."""
    return [_sheet(journal.only(currency), currency) for currency in journal.currencies]


def _sheet(journal: Journal, currency: str) -> Sheet:
    return Sheet(
        currency,
        [_row(moved, moved.document) for moved in journal.movements],
        [_row(total, "", opening=total.opening, closing=total.closing) for total in journal.totals],
        [_row(moved, moved.document, opening=before, closing=after) for moved, before, after in journal.deferred()],
        debit=Money(sum(total.debit for total in journal.totals), currency),
        credit=Money(sum(total.credit for total in journal.totals), currency),
    )


def _row(moved: Movement | Totals, label: str, *, opening: int | None = None, closing: int | None = None) -> Row:
    return Row(
        label,
        str(Account(moved.account).label),
        moved.documents,
        None if opening is None else Money(opening, moved.currency),
        Money(moved.debit, moved.currency),
        Money(moved.credit, moved.currency),
        None if closing is None else Money(closing, moved.currency),
    )
