"""Many at once, with real commits: one charge, one entry in the books, no credit spent twice."""

import pytest
from django.db import connection, transaction

from apps.billing import charging, collection, credit, dunning, invoices, lifecycle, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway import behaviours as cards
from apps.billing.gateway.port import Succeeded
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import CreditAccount, CreditNote, Invoice, LedgerEntry, Payment, Refund
from apps.core.money import Money
from apps.mail.models import Message
from tests.crowds import at_once
from tests.factories import billing
from tests.factories.accounts import customer

pytestmark = pytest.mark.usefixtures("own_database")


def charges(gateway: Rehearsal) -> int:
    return len(gateway.export()["payment_intents"])


def test_fifty_pages_paying_one_invoice_charge_once(now):
    gateway = Rehearsal()
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now, on_session=True)
    payment = billing.payment_of(invoice)

    def pay(number):
        with gateways.using(gateway):
            return collection.collect_now(payment.pk, now=now).status

    assert set(at_once(50, pay)) <= {"succeeded", "processing", "pending"}
    payment.refresh_from_db()
    assert payment.status == "succeeded"
    assert charges(gateway) == 1
    assert LedgerEntry.objects.filter(key=f"payment:{payment.pk}").count() == 2
    assert Message.objects.filter(kind="receipt").count() == 1


def test_twenty_pages_with_another_card_and_the_sweeps_charge_once(now):
    gateway = Rehearsal()
    user = billing.payer(gateway, script=(cards.decline(),), now=now)
    invoice = billing.invoice(user, now=now)
    with gateways.using(gateway):
        collection.collect_due(now=now)
    good = billing.add_card(gateway, user, now=now)

    def pay(number):
        with gateways.using(gateway):
            if number % 4 == 0:
                return dunning.advance_due(now=now.replace(day=12)) + collection.collect_due(now=now.replace(day=12))
            return collection.retry_with_card(invoice.pk, card_id=good.pk, on_session=True, now=now)

    results = at_once(20, pay)
    refused = [result for result in results if isinstance(result, Exception)]
    assert {type(problem) for problem in refused} <= {collection.NothingToPay, collection.PaymentInFlight}
    assert Invoice.objects.get().status == "paid"
    assert Payment.objects.succeeded().count() == 1
    assert charges(gateway) == 1


def test_several_workers_collect_each_payment_once(now, settings):
    settings.COLLECTION_THREADS = 4
    gateway = Rehearsal()
    users = [billing.payer(gateway, now=now) for _ in range(30)]
    invoices.issue([billing.draft(user, now=now) for user in users], now=now)

    def sweep(number):
        with gateways.using(gateway):
            return collection.collect_due(now=now)

    assert sum(at_once(5, sweep)) == 30
    assert charges(gateway) == 30
    assert Invoice.objects.paid().count() == 30
    assert sum(LedgerEntry.objects.balances().values()) == 0


def test_twenty_answers_at_once_are_booked_once(now):
    gateway = Rehearsal()
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    [payment] = lifecycle.claim(now=now, limit=1)
    results = at_once(20, lambda number: lifecycle.settle(payment.pk, Succeeded("pi_1"), now=now).status)
    assert results == ["succeeded"] * 20
    assert LedgerEntry.objects.filter(key=f"payment:{payment.pk}").count() == 2
    assert invoice.changes.count() == 1


def test_credit_is_not_spent_twice(now):
    user = customer()
    credit.grant(user, money=Money(5000, "EUR"), key="a", reason="", now=now, source_account="points_liability")
    at_once(10, lambda number: billing.invoice(user, now=now, key=str(number)))
    used = Invoice.objects.order_by("serial").values_list("credit_applied_minor", flat=True)
    assert list(used) == [2900, 2100, *[0] * 8]
    assert CreditAccount.objects.get().balance_minor == 0


def test_first_grants_at_once_all_count(now):
    user = customer()

    def give(number):
        credit.grant(
            user, money=Money(100, "EUR"), key=str(number), reason="", now=now, source_account="points_liability"
        )

    assert at_once(12, give) == [None] * 12
    assert CreditAccount.objects.get().balance_minor == 1200


def test_an_invoice_withdrawn_while_it_is_paid_ends_in_one_way_with_the_books_in_order(now):
    gateway = Rehearsal()
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    with gateways.using(gateway):
        [payment] = lifecycle.claim(now=now, limit=1)
        result = charging.charge(gateway, payment, deadline=float("inf"))

    def settle_or_void(number):
        if number % 2:
            return lifecycle.settle(payment.pk, result, now=now)
        return invoices.void(invoice.pk, reason="left", now=now)

    results = at_once(2, settle_or_void)
    assert {type(result) for result in results} <= {Invoice, Payment, invoices.CannotVoid}
    with gateways.using(gateway):
        refunds.carry_out_due(now=now)
    invoice.refresh_from_db()
    notes, sent = CreditNote.objects.count(), Refund.objects.filter(status="succeeded").count()
    assert (invoice.status, notes, sent) in {("paid", 0, 0), ("void", 1, 1)}
    assert sum(LedgerEntry.objects.balances().values()) == 0


def test_a_claim_does_not_wait_for_the_invoice(now):
    gateway = Rehearsal()
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)

    def claim(number):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")  # it ends a hung test, it measures nothing
        return str(lifecycle.claim(now=now, limit=1)[0].card)

    with transaction.atomic():
        # As whoever makes a new attempt does, before it asks for the payment.
        Invoice.objects.select_for_update().get(pk=invoice.pk)
        assert at_once(1, claim) == ["Visa •••• 4242"]
