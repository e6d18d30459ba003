"""What the database refuses, from raw SQL as well."""

from datetime import date, timedelta

import pytest
from django.db import Error, IntegrityError, connection, transaction

from apps.billing import collection, credit, ledger, tax
from apps.billing.models import Account, CreditAccount, CreditEntry, Invoice, LedgerEntry, Parked, Payment, TaxRate
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import customer

pytestmark = pytest.mark.django_db

EUR = "EUR"


def refused(statement: str, match: str, parameters=()) -> None:
    with pytest.raises(Error, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def eur(minor: int) -> Money:
    return Money(minor, EUR)


@pytest.fixture
def paid(gateway, now) -> Invoice:
    """A paid invoice that went through a recovery, so that every history has rows."""
    user = billing.payer(gateway, now=now)
    credit.grant(user, money=eur(500), key="gift", reason="", now=now, source_account=Account.POINTS_EXPENSE)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    invoice.refresh_from_db()
    return invoice


@pytest.mark.parametrize(
    "column",
    ["total_minor = 0, due_minor = -500, tax_minor = 0", "number = 'X'", "customer_name = 'B'", "issued_at = now()"],
)
def test_an_issued_invoice_does_not_change(paid, column):
    refused(f"UPDATE billing_invoice SET {column}", "immutable")
    refused("DELETE FROM billing_invoice", "kept for ever")
    before = Invoice.objects.values().get()
    paid.refresh_from_db()
    assert Invoice.objects.values().get() == before


@pytest.mark.parametrize("column", ["key = gen_random_uuid()", "amount_minor = 1", "currency = 'USD'"])
def test_a_payment_keeps_its_key_and_amount(paid, column):
    refused(f"UPDATE billing_payment SET {column}", "immutable")
    assert Payment.objects.get().amount_minor == 2400


def test_a_posting_that_does_not_balance_is_refused(now):
    with pytest.raises(ledger.Unbalanced, match="sale:1"):
        ledger.post("sale:1", [(Account.CASH, eur(5)), (Account.REVENUE, eur(-4))], customer_id=None, now=now)
    with pytest.raises(ledger.Unbalanced):
        ledger.post("sale:1", [(Account.CASH, eur(5)), (Account.REVENUE, Money(-5, "USD"))], customer_id=None, now=now)
    rows = "INSERT INTO billing_ledgerentry (key, account, currency, amount_minor, at) VALUES "
    refused(rows + "('raw:1', 'cash', 'EUR', 5, now())", "does not sum to zero")
    refused(rows + "('raw:1', 'cash', 'EUR', 5, now()), ('raw:1', 'revenue', 'USD', -5, now())", "does not sum to zero")
    assert not LedgerEntry.objects.exists()


def test_a_document_posts_once(now):
    entries = [(Account.CASH, eur(5)), (Account.REVENUE, eur(-5))]
    ledger.post("sale:1", entries, customer_id=None, now=now)
    for again in (entries, [(Account.RECEIVABLE, eur(7)), (Account.BAD_DEBT, eur(-7))]):
        with pytest.raises(IntegrityError), transaction.atomic():
            ledger.post("sale:1", again, customer_id=None, now=now)
    assert LedgerEntry.objects.balances() == {("cash", EUR): 5, ("revenue", EUR): -5}


def test_entries_to_one_account_are_added_up_and_empty_ones_left_out(now):
    sides = [(Account.CASH, eur(5)), (Account.CASH, eur(2)), (Account.REVENUE, eur(-7)), (Account.TAX_PAYABLE, eur(0))]
    ledger.post("sale:1", sides, customer_id=None, now=now)
    assert list(LedgerEntry.objects.order_by("pk").values_list("account", "amount_minor")) == [
        ("cash", 7),
        ("revenue", -7),
    ]


def test_a_reversal_is_the_opposite_and_nothing_reverses_to_nothing(now):
    user = customer()
    ledger.post("sale:1", [(Account.CASH, eur(5)), (Account.REVENUE, eur(-5))], customer_id=user.pk, now=now)
    ledger.reverse("sale:1", as_key="sale-undone:1", now=now)
    ledger.reverse("sale:2", as_key="sale-undone:2", now=now)
    assert set(LedgerEntry.objects.balances().values()) == {0}
    assert LedgerEntry.objects.filter(customer=user).count() == 4


def test_credit_is_the_sum_of_its_entries_and_cannot_be_overspent(now):
    user, other = customer(), customer()
    for key, minor in (("a", 500), ("b", 300)):
        credit.grant(user, money=eur(minor), key=key, reason="gift", now=now, source_account=Account.POINTS_LIABILITY)
    assert credit.balance(user, EUR) == eur(800)
    assert credit.balance(user, "USD") == Money(0, "USD")
    assert credit.balance(other, EUR) == eur(0)
    refused(
        "INSERT INTO billing_creditentry (customer_id, currency, amount_minor, key, reason, at)"
        " VALUES (%s, 'EUR', -801, 'raw', '', now())",
        "billing_credit_not_overspent",
        [user.pk],
    )
    assert CreditAccount.objects.get().balance_minor == 800


def test_a_grant_happens_once_and_is_positive(now):
    user = customer()
    grant = {"key": "a", "reason": "gift", "now": now, "source_account": Account.POINTS_LIABILITY}
    assert credit.grant(user, money=eur(500), **grant) == credit.grant(user, money=eur(500), **grant)
    with pytest.raises(ValueError, match="positive"):
        credit.grant(user, money=eur(0), **{**grant, "key": "b"})
    assert CreditEntry.objects.count() == 1
    assert LedgerEntry.objects.balances() == {("points_liability", EUR): 500, ("customer_credit", EUR): -500}


@pytest.mark.parametrize("changes", [{}, {"status": "unknown", "check_at": "2026-01-01T00:00:00Z"}])
def test_an_invoice_has_one_open_payment(gateway, now, changes):
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    facts = {"amount_minor": 2900, "currency": EUR, "due_at": now, "created_at": now, "attempt": 2}
    with pytest.raises(IntegrityError, match="billing_payment_one_open"), transaction.atomic():
        Payment.objects.create(invoice=invoice, **facts, **changes)
    assert Payment.objects.count() == 1


def test_an_invoice_is_paid_once(paid, now):
    facts = {"amount_minor": 2400, "currency": EUR, "due_at": now, "created_at": now, "attempt": 2}
    with pytest.raises(IntegrityError, match="billing_payment_one_succeeded"), transaction.atomic():
        Payment.objects.create(invoice=paid, status="succeeded", gateway_id="pi_2", settled_at=now, **facts)
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE billing_payment SET status = 'processing'", "lease_while_processing"),
        ("UPDATE billing_payment SET status = 'succeeded'", "success_has_intent"),
        ("UPDATE billing_payment SET status = 'declined'", "decline_has_code"),
        ("UPDATE billing_payment SET status = 'unknown'", "doubt_is_checked"),
        ("UPDATE billing_payment SET status = 'lost'", "payment_status"),
        ("UPDATE billing_invoice SET status = 'paid'", "paid_has_date"),
        ("UPDATE billing_invoice SET status = 'void'", "void_has_date"),
    ],
)
def test_a_status_comes_with_what_it_implies(gateway, now, statement, constraint):
    billing.invoice(billing.payer(gateway, now=now), now=now)
    refused(statement, constraint)
    assert (Payment.objects.get().status, Invoice.objects.get().status) == ("pending", "open")


@pytest.mark.parametrize(
    ("country", "day", "basis_points"),
    [
        ("IT", date(2026, 3, 10), 2200),
        ("RO", date(2025, 7, 31), 1900),
        ("RO", date(2025, 8, 1), 2100),
        ("EE", date(2025, 6, 30), 2200),
        ("FI", date(2026, 1, 1), 2550),
        ("US", date(2026, 1, 1), 0),
    ],
)
def test_tax_rates_are_dated(country, day, basis_points):
    assert tax.rate_for(country, day).basis_points == basis_points
    assert tax.rates_on(day)[country] == basis_points


def test_a_country_without_a_rate_is_refused(now):
    with pytest.raises(tax.NoTaxRate, match="CH"):
        tax.rate_for("CH", now.date())
    assert "CH" not in TaxRate.objects.countries(now.date())
    assert len(TaxRate.objects.countries(now.date())) == 28


def test_two_rates_on_one_day_are_refused():
    open_ended = TaxRate.objects.get(country="IT")
    overlap = TaxRate(country="IT", basis_points=2300, valid_from=open_ended.valid_from + timedelta(days=900))
    with pytest.raises(IntegrityError, match="billing_tax_one_rate_a_day"), transaction.atomic():
        overlap.save()
    assert TaxRate.objects.get(country="IT") == open_ended


def test_staff_have_one_open_item_for_one_matter(now):
    first = Parked.objects.put("settle", ref="7", reason="first", now=now)
    assert Parked.objects.put("settle", ref="7", reason="second", now=now) == first
    assert Parked.objects.all().resolve(by="staff@example.com", now=now) == 1
    assert Parked.objects.put("settle", ref="7", reason="third", now=now) != first
    assert list(Parked.objects.waiting().values_list("reason", flat=True)) == ["third"]
