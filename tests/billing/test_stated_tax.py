"""VAT of documents in another currency is stated in the seller's own, at the rate of the day, beside the document."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.billing import collection, corrections, exchange, explanation, invoices, papers, stating
from apps.billing.models import CreditNote, ExchangeRate, Invoice, Parked, Seller, StatedTax
from apps.core.money import Money
from tests.factories import billing

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MONDAY = date(2026, 3, 9)  # the day before that of the tests


@pytest.fixture
def rates() -> None:
    """What one euro was on a Friday, and on the Monday after it."""
    for currency, day, rate in [
        ("USD", MONDAY - 3 * DAY, "1.1000"),
        ("USD", MONDAY, "1.0823"),
        ("JPY", MONDAY, "163.42"),
        ("SEK", MONDAY - 3 * DAY, "11.10"),
        ("SEK", MONDAY, "11.1935"),
    ]:
        ExchangeRate.objects.create(currency=currency, day=day, per_euro=Decimal(rate))


def bill(gateway, now, *, currency="USD", minor=2900, **line) -> Invoice:
    user = billing.payer(gateway, now=now)
    return billing.invoice(user, now=now, currency=currency, lines=[billing.plan_line(minor, start=now, **line)])


def stated(document) -> tuple:
    row = StatedTax.objects.get(**{"invoice" if isinstance(document, Invoice) else "credit_note": document})
    return row.currency, row.tax_minor, row.of_currency, str(row.of_per_euro), str(row.per_euro), row.rate_day


@pytest.mark.parametrize(
    ("currency", "minor", "tax", "expected", "rate"),
    [
        # 5.23 / 1.0823 = 4.8323; 523 / 163.42 = 3.2003
        ("USD", 2900, 523, 483, "1.082300"),
        ("JPY", 2900, 523, 320, "163.420000"),
    ],
)
def test_tax_is_stated_at_the_last_rate_published(gateway, rates, now, currency, minor, tax, expected, rate):
    invoice = bill(gateway, now, currency=currency, minor=minor)
    assert invoice.tax_minor == tax
    assert stated(invoice) == ("EUR", expected, currency, rate, "1.000000", MONDAY)
    assert not Parked.objects.exists()


def test_nothing_is_stated_where_nothing_is_due_in_another_currency(gateway, rates, now):
    bill(gateway, now, currency="EUR")
    bill(gateway, now, tax_basis_points=0)
    assert not StatedTax.objects.exists()


def test_a_seller_who_accounts_in_crowns_converts_by_way_of_the_euro(gateway, rates, now):
    Seller.objects.update(tax_currency="SEK")
    # 5.23 x 11.1935 / 1.0823 = 54.0908, and 5.23 x 11.1935 = 58.5420
    dollars, euros = bill(gateway, now), bill(gateway, now, currency="EUR")
    crowns = bill(gateway, now, currency="SEK")
    assert stated(dollars) == ("SEK", 5409, "USD", "1.082300", "11.193500", MONDAY)
    assert stated(euros) == ("SEK", 5854, "EUR", "1.000000", "11.193500", MONDAY)
    assert not StatedTax.objects.filter(invoice=crowns).exists()
    assert dollars.stated_tax.rate_text == "1 EUR = 1.0823 USD = 11.1935 SEK"


def test_a_batch_takes_two_statements_more_and_one_in_euro_none(gateway, rates, now):
    users = [billing.payer(gateway, now=now) for _ in range(30)]

    def statements(count, currency):
        drafts = [billing.draft(user, now=now, currency=currency) for user in users[:count]]
        with CaptureQueriesContext(connection) as captured:
            invoices.issue(drafts, now=now)
        return len(captured)

    assert statements(30, "USD") == statements(25, "USD") == statements(30, "EUR") + 2


def test_billing_goes_on_without_a_rate_and_it_is_stated_later(gateway, now):
    first = bill(gateway, now)
    second = bill(gateway, now + DAY)
    before = Invoice.objects.values().get(pk=first.pk)
    [parked] = Parked.objects.all()
    assert (parked.kind, parked.ref) == ("exchange_rate", "USD")
    assert parked.reason == "No rate of these days is known for USD: invoices are issued without their VAT in EUR."
    assert stating.state_missing(now=now) == 0
    assert stating.waiting_in("USD") == 2

    # The rate of the second day is known, not that of the first.
    ExchangeRate.objects.create(currency="USD", day=(now + DAY).date(), per_euro=Decimal("1.2"))
    assert stating.state_missing(now=now + 2 * DAY, actor="anna") == 1
    assert (StatedTax.objects.get().invoice, stating.waiting_in("USD")) == (second, 1)
    assert Parked.objects.waiting().count() == 1

    ExchangeRate.objects.create(currency="USD", day=MONDAY, per_euro=Decimal("1.0823"))
    assert stating.state_missing(now=now + 2 * DAY, actor="anna") == 1
    assert stated(first) == ("EUR", 483, "USD", "1.082300", "1.000000", MONDAY)
    assert Invoice.objects.values().get(pk=first.pk) == before
    assert Parked.objects.get().resolved_by == "anna"
    assert stating.state_missing(now=now + 2 * DAY) == 0
    assert StatedTax.objects.count() == 2


def test_an_old_rate_is_not_the_last_one_published(gateway, rates, now, settings):
    later = now + timedelta(days=6)
    assert stated(bill(gateway, later))[-1] == MONDAY
    invoice = bill(gateway, later + DAY)
    assert not StatedTax.objects.filter(invoice=invoice).exists()
    assert Parked.objects.get().kind == "exchange_rate"
    settings.EXCHANGE_RATE_DAYS = 30
    assert stated(bill(gateway, later + DAY))[-1] == MONDAY


def test_notes_use_the_rate_of_their_invoice_and_come_to_what_it_states(gateway, rates, now):
    invoice = bill(gateway, now)
    collection.collect_due(now=now)
    ExchangeRate.objects.create(currency="USD", day=now.date() + 5 * DAY, per_euro=Decimal("1.5"))
    notes = [
        corrections.to_credit(invoice.pk, amount=Money(minor, "USD"), key=str(minor), reason="", now=now + 5 * DAY)
        for minor in (1000, 333, 1567)
    ]
    assert [note.tax_minor for note in notes] == [180, 60, 283]
    rows = [stated(note) for note in notes]
    # 1.80, 2.40 and 5.23 at 1.0823 are 1.663, 2.217 and 4.832: the differences are stated.
    assert [row[1] for row in rows] == [166, 56, 261]
    assert {row[2:] for row in rows} == {("USD", "1.082300", "1.000000", MONDAY)}
    assert sum(row[1] for row in rows) == stated(invoice)[1] == 483


def test_an_invoice_stated_late_states_its_notes_too(gateway, now):
    invoice = bill(gateway, now)
    collection.collect_due(now=now)
    corrections.to_credit(invoice.pk, amount=Money(1000, "USD"), key="a", reason="", now=now + DAY)
    assert not StatedTax.objects.exists()
    ExchangeRate.objects.create(currency="USD", day=MONDAY, per_euro=Decimal("1.0823"))
    assert stating.state_missing(now=now + 2 * DAY) == 1
    assert stated(CreditNote.objects.get())[1] == 166
    later = corrections.to_credit(invoice.pk, amount=Money(1900, "USD"), key="b", reason="", now=now + 3 * DAY)
    assert stated(later)[1] == 317


def test_it_stands_on_the_paper_and_is_explained(gateway, rates, now):
    invoice = Invoice.objects.with_lines().get(pk=bill(gateway, now).pk)
    paper = papers.of_invoice(invoice)
    assert (paper.stated_tax.tax, paper.stated_tax.rate_text) == (Money(483, "EUR"), "1 EUR = 1.0823 USD")
    told = explanation.stated_tax_of(invoice)
    assert told.agrees
    assert told.formula == "$5.23 ÷ 1.0823 = €4.83"
    assert told.facts == [("Rate of the European Central Bank", "1 EUR = 1.0823 USD (9 March 2026)")]
    in_euro = Invoice.objects.with_lines().get(pk=bill(gateway, now, currency="EUR").pk)
    assert papers.of_invoice(in_euro).stated_tax is explanation.stated_tax_of(in_euro) is None


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE billing_statedtax SET tax_minor = 1", "append-only"),
        ("DELETE FROM billing_statedtax", "append-only"),
        ("TRUNCATE billing_statedtax", "append-only"),
        ("UPDATE billing_exchangerate SET per_euro = 2 WHERE day = '2026-03-09'", "is on documents"),
        ("DELETE FROM billing_exchangerate WHERE day = '2026-03-09'", "is on documents"),
        ("UPDATE billing_exchangerate SET per_euro = 0 WHERE day = '2026-03-06'", "billing_exchange_rate_positive"),
    ],
)
def test_what_is_stated_and_its_rate_stay(gateway, rates, now, statement, match):
    bill(gateway, now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    before = list(ExchangeRate.objects.values()), list(StatedTax.objects.values())
    with pytest.raises(IntegrityError, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert (list(ExchangeRate.objects.values()), list(StatedTax.objects.values())) == before


FILE = """Date,USD,JPY,CYP,
2026-03-10,1.0901,164.00,N/A,
2026-03-09,1.0850,163.42,N/A,
2026-03-06,1.1000,162.10,N/A,
2025-01-02,1.0300,160.00,N/A,
"""


def take_in(text: str, now, *, since=date(2026, 1, 1)) -> exchange.Imported:
    return exchange.take_in(text.splitlines(keepends=True), since=since, now=now)


def test_the_banks_file_is_taken_in_once_and_states_what_waited(gateway, rates, now):
    bill(gateway, now)
    waits = bill(gateway, now, currency="JPY", minor=29)
    StatedTax.objects.get(invoice=waits)
    older = bill(gateway, now - 3 * DAY, currency="JPY")
    assert not StatedTax.objects.filter(invoice=older).exists()
    # The dollar of Monday is on an invoice, and stays; that of Friday is as in the file.
    assert take_in(FILE, now) == exchange.Imported(added=3, changed=0, kept=1, stated=1)
    assert str(ExchangeRate.objects.get(currency="USD", day=MONDAY).per_euro) == "1.082300"
    assert stated(older) == ("EUR", 323, "JPY", "162.100000", "1.000000", date(2026, 3, 6))
    assert not ExchangeRate.objects.filter(day__year=2025).exists()
    assert take_in(FILE, now) == exchange.Imported(added=0, changed=0, kept=1, stated=0)
    corrected = FILE.replace("1.0901", "1.0902")
    assert take_in(corrected, now) == exchange.Imported(added=0, changed=1, kept=1, stated=0)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "first line"),
        ("Day,USD\n2026-03-09,1.1\n", "first line"),
        ("Date,USD,USD\n2026-03-09,1.1,1.1\n", "first line"),
        ("Date,EUR\n2026-03-09,1.1\n", "first line"),
        ("Date,USD\n09.03.2026,1.1\n", "Line 2 does not begin with a day"),
        ("Date,USD\n2026-03-09,1.1\n2026-03-08,0\n", "Line 3 has a rate that is none: 0"),
        ("Date,USD\n2026-03-09,-1.1\n", "rate that is none"),
        ("Date,USD\n2026-03-09,1.1234567\n", "rate that is none"),
        ("Date,USD\n2026-03-09,NaN\n", "rate that is none"),
        ("Date,USD,JPY\n2026-03-09,1.1\n", "too few columns"),
        ("Date,USD\n2025-03-09,1.1\n", "no rate from 2026-01-01 on"),
    ],
)
def test_a_file_that_is_none_changes_nothing(now, text, match):
    with pytest.raises(exchange.CannotRead, match=match):
        take_in(text, now)
    assert not ExchangeRate.objects.exists()
