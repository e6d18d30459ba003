"""Many refunds and corrections at once, with real commits: never more than was paid, and every number used."""

from collections import Counter

import pytest

from apps.billing import collection, corrections, credit, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import CreditNote, Invoice, LedgerEntry, Refund
from apps.core.money import Money
from tests.crowds import at_once
from tests.factories import billing

pytestmark = pytest.mark.usefixtures("own_database")


def paid_invoice(gateway: Rehearsal, *, now) -> Invoice:
    """An invoice of 29.00 EUR that a card paid."""
    with gateways.using(gateway):
        invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
        collection.collect_due(now=now)
    return invoice


def given_back(gateway: Rehearsal) -> list[int]:
    """Minor units of each refund that the gateway made."""
    return [refund["amount"] for refund in gateway.export()["refunds"]]


def test_twenty_partial_refunds_at_once_never_exceed_the_payment(now):
    gateway = Rehearsal()
    payment = billing.payment_of(paid_invoice(gateway, now=now))

    def ask(number):
        return refunds.request(payment.pk, amount=Money(200, "EUR"), key=str(number), reason="", now=now)

    results = at_once(20, ask)
    assert Counter(type(result) for result in results) == {Refund: 14, refunds.CannotRefund: 6}
    assert refunds.refundable(payment) == Money(100, "EUR")

    def carry_out(number):
        with gateways.using(gateway):
            return refunds.carry_out_due(now=now)

    assert sum(at_once(4, carry_out)) == 14
    assert given_back(gateway) == [200] * 14
    assert set(Refund.objects.values_list("status", flat=True)) == {"succeeded"}
    assert list(CreditNote.objects.order_by("serial").values_list("serial", flat=True)) == list(range(1, 15))
    books = LedgerEntry.objects.balances()
    assert (books["cash", "EUR"], books["refunds_clearing", "EUR"]) == (100, 0)
    assert sum(books.values()) == 0


def test_twenty_unequal_parts_at_once_leave_what_the_last_could_not_take(now):
    gateway = Rehearsal()
    payment = billing.payment_of(paid_invoice(gateway, now=now))
    parts = [100 + 37 * number for number in range(20)]  # 90.30 EUR in all

    def ask(number):
        return refunds.request(payment.pk, amount=Money(parts[number], "EUR"), key=str(number), reason="", now=now)

    results = at_once(20, ask)
    asked = [part for part, result in zip(parts, results, strict=True) if isinstance(result, Refund)]
    refused = [part for part, result in zip(parts, results, strict=True) if not isinstance(result, Refund)]
    assert {type(result) for result in results} == {Refund, refunds.CannotRefund}
    left = 2900 - sum(asked)
    assert 0 <= left < min(refused)
    assert refunds.refundable(payment) == Money(left, "EUR")
    with gateways.using(gateway):
        assert refunds.carry_out_due(now=now) == len(asked)
    assert sum(given_back(gateway)) == sum(asked)
    assert LedgerEntry.objects.balances()["cash", "EUR"] == left


def test_corrections_at_once_never_exceed_the_invoice_and_leave_no_gap(now):
    invoice = paid_invoice(Rehearsal(), now=now)

    def correct(number):
        how = corrections.to_card if number % 2 else corrections.to_credit
        return how(invoice.pk, amount=Money(700, "EUR"), key=str(number), reason="", now=now)

    results = at_once(12, correct)
    assert {type(result) for result in results} <= {CreditNote, corrections.CannotCredit, corrections.CannotRefund}
    assert list(CreditNote.objects.order_by("serial").values_list("serial", "total_minor")) == [
        (1, 700), (2, 700), (3, 700), (4, 700),
    ]  # fmt: skip
    assert corrections.creditable(invoice) == Money(100, "EUR")
    sent = Refund.objects.all().total_minor()
    assert credit.balance(invoice.customer, "EUR") == Money(2800 - sent, "EUR")
    books = LedgerEntry.objects.balances()
    assert books.get(("refunds_clearing", "EUR"), 0) == -sent
    assert sum(books.values()) == 0
