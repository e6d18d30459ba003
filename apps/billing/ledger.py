"""Postings to the ledger. Debit is positive; each document posts once, and each posting sums to zero per currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.core import copying
from apps.core.money import Money

from .models import Account, LedgerEntry
from .rows import EntryRow


class Unbalanced(ValueError):
    """A posting whose debits and credits differ."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One document's entries: `(account, amount)` pairs, debit positive; entries to one account are added up."""

    key: str
    entries: Sequence[tuple[str, Money]]
    customer_id: int | None = None


def post(key: str, entries: Sequence[tuple[str, Money]], *, customer_id: int | None, now: datetime) -> None:
    """Write one posting. Raises Unbalanced, and IntegrityError when the document is posted already."""
    post_many([Posting(key, entries, customer_id)], now=now)


def post_many(postings: Iterable[Posting], *, now: datetime) -> None:
    """Write many postings in one statement; see `post`. Amounts of zero are left out."""
    copying.write(LedgerEntry, [entry for posting in postings for entry in _entries(posting, now)])


def reverse(key: str, *, as_key: str, now: datetime) -> None:
    """Post the opposite of a document under a key of its own; a document without entries has nothing to reverse."""
    entries = list(LedgerEntry.objects.of_document(key))
    if entries:
        opposite = [(entry.account, -entry.amount) for entry in entries]
        post(as_key, opposite, customer_id=entries[0].customer_id, now=now)


def _entries(posting: Posting, now: datetime) -> list[EntryRow]:
    sums: dict[tuple[str, str], int] = defaultdict(int)
    totals: dict[str, int] = defaultdict(int)
    for account, money in posting.entries:
        sums[account, money.currency] += money.minor
        totals[money.currency] += money.minor
    if any(totals.values()):
        raise Unbalanced(f"The posting {posting.key} does not sum to zero")
    return [
        EntryRow(posting.key, Account(account).value, currency, minor, posting.customer_id, now)
        for (account, currency), minor in sums.items()
        if minor
    ]
