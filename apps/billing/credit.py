"""Customer credit: granted here, used up by the next invoices before any card is charged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from apps.core.money import Money

from . import ledger
from .models import Account, CreditAccount, CreditEntry


def balance(customer, currency: str) -> Money:
    """What the shop owes a customer in a currency."""
    account = CreditAccount.objects.filter(customer=customer, currency=currency).first()
    return account.balance if account else Money(0, currency)


@transaction.atomic
def grant(customer, *, money: Money, key: str, reason: str, now: datetime, source_account: str) -> CreditEntry:
    """Give a customer credit, taken from `source_account` (points_liability, revenue, ...) in the ledger.

    A repeated key returns the first entry and changes nothing. Raises ValueError when the amount is not positive.
    """
    if money.minor <= 0:
        raise ValueError("Credit is granted in positive amounts")
    existing = CreditEntry.objects.filter(key=key).first()
    if existing:
        return existing
    entry = CreditEntry.objects.create(
        customer=customer, currency=money.currency, amount_minor=money.minor, key=key, reason=reason, at=now
    )
    entries = [(source_account, money), (Account.CUSTOMER_CREDIT, -money)]
    ledger.post(f"credit:{entry.pk}", entries, customer_id=entry.customer_id, now=now)
    return entry


def lock(customer_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    """Lock the credit of these customers until the transaction ends: minor units by (customer, currency), where any."""
    accounts = CreditAccount.objects.filter(customer__any=customer_ids, balance_minor__gt=0)
    rows = accounts.order_by("pk").select_for_update().values_list("customer_id", "currency", "balance_minor")
    return {(customer_id, currency): minor for customer_id, currency, minor in rows}
