"""The trial balance: every account at an instant, debits beside credits; for each currency they are equal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.core.money import Money

from .models import Account, LedgerEntry


@dataclass(frozen=True, slots=True)
class Row:
    """One account; its balance stands on one side, the other is None."""

    account: str
    label: str
    debit: Money | None
    credit: Money | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The accounts of one currency in the order of the chart, and the sums of both sides."""

    currency: str
    rows: list[Row]
    debit: Money
    credit: Money

    @property
    def difference(self) -> Money:
        """Debits less credits: zero, or the books are wrong."""
        return self.debit - self.credit


def at(moment: datetime) -> list[Sheet]:
    """A sheet for each currency, of all that is dated before `moment`. The number of statements is fixed."""
    balances = LedgerEntry.objects.balances_at(moment)
    return [_sheet(currency, balances) for currency in sorted({currency for _account, currency in balances})]


def _sheet(currency: str, balances: dict[tuple[str, str], int]) -> Sheet:
    minors = [(account, balances.get((account.value, currency), 0)) for account in Account]
    rows = [
        Row(
            account.value,
            str(account.label),
            debit=Money(minor, currency) if minor > 0 else None,
            credit=Money(-minor, currency) if minor < 0 else None,
        )
        for account, minor in minors
        if (account.value, currency) in balances
    ]
    debit = sum(minor for _account, minor in minors if minor > 0)
    credit = -sum(minor for _account, minor in minors if minor < 0)
    return Sheet(currency, rows, Money(debit, currency), Money(credit, currency))
