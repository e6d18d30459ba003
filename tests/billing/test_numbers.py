"""Numbers of invoices, with real commits: no gap and no duplicate, whoever finalises them and however that ends."""

from collections import Counter

import pytest
from django.db import transaction

from apps.billing import invoices
from apps.billing.models import Invoice, InvoiceLine, LedgerEntry, Payment
from tests.crowds import at_once
from tests.factories import billing
from tests.factories.accounts import customer

pytestmark = pytest.mark.usefixtures("own_database")


class Undone(Exception):
    """The caller of `issue` changed its mind."""


def test_five_hundred_finalisations_of_which_a_fifth_is_rolled_back_leave_no_gap(now):
    people = [customer() for _ in range(50)]

    def issue(number):
        with transaction.atomic():
            [invoice] = invoices.issue([billing.draft(people[number % 50], now=now, key=f"race:{number}")], now=now)
            if number % 5 == 0:
                raise Undone
        return invoice.number

    # Fifty at a time: the database has 200 connections.
    results = at_once(500, issue, threads=50)
    assert Counter(type(result) for result in results) == {str: 400, Undone: 100}
    kept = Invoice.objects.order_by("serial")
    assert list(kept.values_list("serial", flat=True)) == list(range(1, 401))
    assert sorted(kept.values_list("number", flat=True)) == sorted(result for result in results if type(result) is str)
    assert len(set(kept.values_list("number", flat=True))) == 400
    assert set(kept.values_list("key", flat=True)) == {f"race:{number}" for number in range(500) if number % 5}
    assert (InvoiceLine.objects.count(), Payment.objects.count()) == (400, 400)
    books = LedgerEntry.objects.balances()
    assert books["receivable", "EUR"] == 400 * 2900
    assert sum(books.values()) == 0


def test_batches_that_are_rolled_back_leave_no_gap(now):
    people = [customer() for _ in range(24)]

    def issue(number):
        drafts = [billing.draft(people[number], now=now, key=f"{number}:{part}") for part in range(3)]
        with transaction.atomic():
            invoices.issue(drafts, now=now)
            if number % 3 == 0:
                raise Undone

    results = at_once(24, issue)
    assert Counter(type(result) for result in results) == {type(None): 16, Undone: 8}
    serials = list(Invoice.objects.order_by("serial").values_list("serial", flat=True))
    assert serials == list(range(1, 49))
    assert sum(LedgerEntry.objects.balances().values()) == 0
