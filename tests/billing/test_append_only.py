"""Ledger and documents against raw SQL: what is written stays written."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from apps.billing import (
    collection,
    credit,
    disputes,
    dunning,
    hints,
    journal,
    lifecycle,
    losses,
    recognition,
    refunds,
    vat_registry,
)
from apps.billing.gateway import behaviours as cards
from apps.billing.models import Account, Break, Dispute, ExchangeRate
from apps.billing.months import Month
from apps.billing.vat_registry.scripted import Scripted
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import customer

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
# Tables that only grow.
RECORDS = [
    "ledgerentry",
    "creditentry",
    "invoiceline",
    "invoicechange",
    "paymentchange",
    "refundchange",
    "recoverychange",
    "breakchange",
    "creditnote",
    "creditnoteline",
    "disputechange",
    "disputemovement",
    "taxnumbercheck",
    "givenback",
    "lossdecision",
    "statedtax",
    "journalmonth",
    "journalbalance",
]
# Tables of which only the state of a row moves, each with a column that may not.
DOCUMENTS = {
    "invoice": "total_minor",
    "payment": "amount_minor",
    "refund": "amount_minor",
    "dunningpolicy": "grace_days",
    "revenueschedule": "deferred_minor",
    "dispute": "id",
}
# Everything else: what people are and choose, what the workers have in hand, and a sum kept by trigger.
MUTABLE = {
    "billingdetails",
    "break",
    "card",
    "exchangerate",
    "creditaccount",
    "invoiceseries",
    "parked",
    "profile",
    "reconciliation",
    "recovery",
    "seller",
    "sighting",
    "taxnumbertry",
    "taxrate",
}


@pytest.fixture
def full(gateway, now) -> None:
    """A history that leaves a row in every table: credit, a recovery, a refund, a dispute, a difference with the
    gateway's books, a company, and a closed month."""
    user = billing.payer(gateway, script=(cards.decline(first=1, times=1),), now=now)
    credit.grant(user, money=Money(500, "EUR"), key="a", reason="", now=now, source_account=Account.POINTS_EXPENSE)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    dunning.advance_due(now=now + DAY)
    collection.collect_due(now=now + DAY)
    [line] = invoice.lines.all()
    given = billing.plan_line(-100, start=now, kind="proration_credit", gives_back_of=[line.pk])
    billing.invoice(user, now=now + DAY, lines=[given, billing.plan_line(start=now)])
    ExchangeRate.objects.create(currency="USD", day=now.date(), per_euro=Decimal("1.08"))
    billing.invoice(user, now=now, currency="USD")
    payment = billing.payment_of(invoice)
    refunds.request(payment.pk, amount=Money(100, "EUR"), key="a", reason="Sorry", now=now + DAY)
    refunds.carry_out_due(now=now + DAY)
    dispute = gateway.open_dispute(payment.gateway_id, reason="fraudulent")
    hints.dispute_moved(dispute_id=dispute.id, intent_id=payment.gateway_id, now=now + DAY)
    disputes.ask_due(now=now + DAY)
    lost = disputes.accept(Dispute.objects.get().pk, now=now + DAY)
    losses.leave(lost.pk, reason="They still owe it", actor="anna", now=now + DAY)
    facts = {"key": "a", "subject": "charge", "kind": "missing_here", "ref": "pi_a", "currency": "EUR"}
    found = Break.objects.create(amount_minor=1, found_at=now, seen_at=now, **facts)
    lifecycle.breaks.resolve(found.pk, note="dealt with", actor="anna", now=now)
    with vat_registry.using(Scripted({})):
        billing.company(customer(country="DE"), now=now)
    month = Month.of(now)
    recognition.recognise_due(now=month.end)
    journal.close(month, by="anna", now=month.end)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def content(table: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM billing_{table} ORDER BY 1")
        return cursor.fetchall()


def refused(statement: str, match: str) -> None:
    with pytest.raises(IntegrityError, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE {0} SET id = id", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
@pytest.mark.parametrize("table", RECORDS)
def test_records_only_grow(full, table, statement):
    before = content(table)
    assert before
    refused(statement.format(f"billing_{table}"), "append-only")
    assert content(table) == before


@pytest.mark.parametrize("table", DOCUMENTS)
def test_documents_stay(full, table):
    before = content(table)
    assert before
    refused(f"UPDATE billing_{table} SET {DOCUMENTS[table]} = {DOCUMENTS[table]} + 1", "is immutable")
    refused(f"DELETE FROM billing_{table}", "is kept for ever")
    refused(f"TRUNCATE billing_{table} CASCADE", f"billing_{table} is append-only: TRUNCATE refused")
    assert content(table) == before


def test_every_table_of_billing_is_one_or_the_other():
    tables = {model._meta.model_name for model in apps.get_app_config("billing").get_models()}
    assert tables == {*RECORDS, *DOCUMENTS, *MUTABLE}


@pytest.mark.parametrize("table", [*RECORDS, *DOCUMENTS])
def test_no_guard_is_switched_off(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled = 'O'",
            [f"billing_{table}"],
        )
        found = {name for (name,) in cursor.fetchall()}
    guard = "immutable" if table in DOCUMENTS else "append_only"
    assert {f"billing_{table}_{guard}", f"billing_{table}_no_truncate"} <= found
