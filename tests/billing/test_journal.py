"""The month-end journal, and closing a month."""

import csv
import hashlib
import io
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, IntegrityError, connection, transaction

from apps.billing import collection, invoices, journal, ledger, recognition, refunds
from apps.billing.models import JournalBalance, JournalMonth, LedgerEntry, RevenueSchedule
from apps.billing.months import Month
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import customer

DAY = timedelta(days=1)
MARCH, APRIL, MAY = Month(2026, 3), Month(2026, 4), Month(2026, 5)
START = datetime(2026, 3, 17, tzinfo=UTC)

EXPECTED_APRIL = """\
month,currency,part,document,account,documents,opening,debit,credit,closing
2026-04,EUR,journal,credit-note,revenue_deferred,1,,5.00,0.00,
2026-04,EUR,journal,credit-note,tax_payable,1,,1.10,0.00,
2026-04,EUR,journal,credit-note,refunds_clearing,1,,0.00,6.10,
2026-04,EUR,journal,revenue,revenue_deferred,1,,11.00,0.00,
2026-04,EUR,journal,revenue,revenue,1,,0.00,11.00,
2026-04,EUR,balance,,cash,0,37.82,0.00,0.00,37.82
2026-04,EUR,balance,,revenue_deferred,2,-16.00,16.00,0.00,0.00
2026-04,EUR,balance,,revenue,1,-15.00,0.00,11.00,-26.00
2026-04,EUR,balance,,tax_payable,1,-6.82,1.10,0.00,-5.72
2026-04,EUR,balance,,refunds_clearing,1,0.00,0.00,6.10,-6.10
2026-04,EUR,deferred,credit-note,revenue_deferred,1,-16.00,5.00,0.00,-11.00
2026-04,EUR,deferred,revenue,revenue_deferred,1,-11.00,11.00,0.00,0.00
2026-04,EUR,check,,,,0.00,17.10,17.10,0.00
"""


@pytest.fixture
def sold(gateway, db):
    """Sold on 17 March for 37.82 with tax, 31 days; 6.10 given back in April; everything recognised by May."""
    user = billing.payer(gateway, now=START)
    invoice = billing.invoice(user, now=START, lines=[billing.plan_line(3782, start=START)])
    collection.collect_due(now=START)
    recognition.recognise_due(now=APRIL.start)
    payment = billing.payment_of(invoice)
    refunds.request(payment.pk, amount=Money(610, "EUR"), key="a", reason="Sorry", now=APRIL.start + DAY)
    recognition.recognise_due(now=MAY.start)
    return invoice


def exported(month: Month, **options) -> str:
    return journal.export(journal.of(month), **options).decode()


def rows(month: Month) -> list[dict]:
    return list(csv.DictReader(io.StringIO(exported(month))))


def test_a_month_is_what_an_accountant_books(sold):
    assert exported(APRIL).replace("\r\n", "\n") == EXPECTED_APRIL


def test_balances_go_on_from_month_to_month_and_each_kind_of_document_sums_to_zero(sold):
    months = [rows(month) for month in (MARCH, APRIL, MAY)]
    closing, opening = (
        {row["account"]: row[side] for row in month if row["part"] == "balance"}
        for month, side in ((months[0], "closing"), (months[1], "opening"))
    )
    assert {account: minor for account, minor in opening.items() if minor != "0.00"} == {
        account: minor for account, minor in closing.items() if minor != "0.00"
    }
    for month in months:
        kinds = {row["document"] for row in month if row["part"] == "journal"}
        for kind in kinds:
            mine = [row for row in month if row["part"] == "journal" and row["document"] == kind]
            assert sum(round(100 * (float(row["debit"]) - float(row["credit"]))) for row in mine) == 0
    assert [row["part"] for row in months[2]] == ["balance"] * 4 + ["check"]


def test_each_currency_stands_for_itself_in_its_own_decimals(sold):
    entries = [("cash", Money(500, "JPY")), ("revenue", Money(-500, "JPY"))]
    ledger.post("sale:1", entries, customer_id=None, now=APRIL.start)
    assert "2026-04,JPY,journal,sale,cash,1,,500,0,\r\n" in exported(APRIL)
    assert "EUR" not in exported(APRIL, currency="JPY")
    assert exported(APRIL, currency="EUR").replace("\r\n", "\n") == EXPECTED_APRIL


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(key):
    ledger.post(f"{key}:1", [("cash", Money(5, "EUR")), ("revenue", Money(-5, "EUR"))], customer_id=None, now=START)
    assert {row["document"] for row in rows(MARCH) if row["part"] == "journal"} == {f"'{key}"}


def test_a_closed_month_gives_the_same_bytes_and_takes_no_more_postings(sold):
    before = exported(MARCH)
    closed = journal.close(MARCH, by="anna@example.com", now=APRIL.start)
    assert closed.digest == hashlib.sha256(before.encode()).hexdigest()
    assert (closed.closed_by, closed.closed_at) == ("anna@example.com", APRIL.start)
    assert {row.account: row.closing_minor for row in closed.balances.all()} == {
        "receivable": 0, "cash": 3782, "revenue_deferred": -1600, "revenue": -1500, "tax_payable": -682,
    }  # fmt: skip
    entries = [("cash", Money(5, "EUR")), ("revenue", Money(-5, "EUR"))]
    count = LedgerEntry.objects.count()
    for late in (START, APRIL.start - timedelta(microseconds=1), datetime(2025, 1, 1, tzinfo=UTC)):
        with pytest.raises(IntegrityError, match="the books are closed before"), transaction.atomic():
            ledger.post("late:1", entries, customer_id=None, now=late)
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_ledgerentry (key, account, currency, amount_minor, at) VALUES"
            " ('raw:1', 'cash', 'EUR', 5, %(at)s), ('raw:1', 'revenue', 'EUR', -5, %(at)s)",
            {"at": START},
        )
    assert LedgerEntry.objects.count() == count
    ledger.post("in-time:1", entries, customer_id=None, now=APRIL.start)
    assert exported(MARCH) == before
    assert "2026-04,EUR,balance,,cash,1,37.82,0.05,0.00,37.87" in exported(APRIL)


def test_revenue_of_a_closed_month_that_is_billed_late_is_dated_in_the_open_month(sold):
    journal.close(MARCH, by="anna", now=MAY.start)
    journal.close(APRIL, by="anna", now=MAY.start)
    billed = MAY.start + DAY
    [late] = invoices.issue([billing.draft(customer(), now=billed, lines=[plan_of_march()])], now=billed)
    recognition.recognise_due(now=billed + DAY)
    row = RevenueSchedule.objects.get(invoice=late)
    dates = LedgerEntry.objects.filter(key__startswith=f"revenue:{row.pk}:").values_list("key", "at")
    assert set(dates) == {(f"revenue:{row.pk}:2026-03", billed), (f"revenue:{row.pk}:2026-04", billed)}


def plan_of_march():
    return billing.plan_line(3100, start=START, tax_basis_points=0)


@pytest.mark.django_db
def test_months_are_closed_in_order_when_they_are_over_and_wholly_booked():
    invoices.issue([billing.draft(customer(), now=START, lines=[plan_of_march()])], now=START)
    with pytest.raises(journal.CannotClose, match="2026-03 is not over yet"):
        journal.close(MARCH, by="anna", now=APRIL.start - timedelta(microseconds=1))
    with pytest.raises(journal.CannotClose, match="not recognised all revenue of 2026-03"):
        journal.close(MARCH, by="anna", now=APRIL.start)
    recognition.recognise_due(now=datetime(2026, 7, 1, tzinfo=UTC))
    journal.close(MARCH, by="anna", now=MAY.start)
    with pytest.raises(journal.CannotClose, match="2026-03 is closed already"):
        journal.close(MARCH, by="anna", now=MAY.start)
    with pytest.raises(journal.CannotClose, match="2026-04 has to be closed first"):
        journal.close(MAY, by="anna", now=datetime(2026, 7, 1, tzinfo=UTC))
    with pytest.raises(journal.CannotClose, match="2026-02 is closed already"):
        journal.close(Month(2026, 2), by="anna", now=MAY.start)
    assert JournalMonth.objects.count() == 1
    assert JournalBalance.objects.count() == 3


def test_a_forged_ledger_is_not_exported(own_database):
    invoices.issue([billing.draft(customer(), now=START)], now=START)
    recognition.recognise_due(now=APRIL.start)
    journal.close(MARCH, by="anna", now=APRIL.start)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_ledgerentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE billing_ledgerentry SET account = 'cash' WHERE account = 'receivable'")
    with pytest.raises(journal.Changed, match="2026-03 is not what it was"):
        exported(MARCH)


def test_closing_waits_for_a_posting_under_way(own_database):
    posted, go_on, closed = Event(), Event(), []

    def post() -> None:
        try:
            with transaction.atomic():
                entries = [("cash", Money(5, "EUR")), ("revenue", Money(-5, "EUR"))]
                ledger.post("slow:1", entries, customer_id=None, now=START)
                posted.set()
                go_on.wait()
        finally:
            connection.close()

    def close() -> None:
        try:
            closed.append(journal.close(MARCH, by="anna", now=APRIL.start))
        finally:
            connection.close()

    threads = [Thread(target=post), Thread(target=close)]
    threads[0].start()
    posted.wait()
    threads[1].start()
    threads[1].join(0.5)
    assert closed == []
    go_on.set()
    for thread in threads:
        thread.join()
    assert {row.account: row.closing_minor for row in closed[0].balances.all()} == {"cash": 5, "revenue": -5}


def test_the_command_writes_the_file_whole(sold, tmp_path, capsys):
    target = tmp_path / "april.csv"
    target.write_text("old")
    call_command("export_journal", month="2026-04", output=target)
    assert target.read_bytes() == EXPECTED_APRIL.replace("\n", "\r\n").encode()
    assert "is not closed" in capsys.readouterr().out
    journal.close(APRIL, by="anna", now=MAY.start)
    call_command("export_journal", month="2026-04", currency="EUR", output=target)
    assert target.read_bytes() == EXPECTED_APRIL.replace("\n", "\r\n").encode()
    assert "is not closed" not in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["april.csv"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"month": "2026-13"}, "such as 2026-10"),
        ({"month": "April"}, "such as 2026-10"),
        ({"month": "2999-01"}, "has not begun"),
        ({"month": "2026-04", "currency": "GBP"}, "nothing in GBP"),
    ],
)
def test_nonsense_writes_nothing(sold, tmp_path, options, problem):
    with pytest.raises(CommandError, match=problem):
        call_command("export_journal", output=tmp_path / "a.csv", **options)
    with pytest.raises(CommandError, match="No such file"):
        call_command("export_journal", month="2026-04", output=tmp_path / "nowhere" / "a.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_the_books_before_the_first_posting_are_empty():
    assert list(journal.months(now=START)) == []
    assert exported(MARCH) == ",".join(journal.HEADER) + "\r\n"
    with pytest.raises(Error, match="is_first_day"):
        JournalMonth.objects.create(month=START.date(), closed_at=START, closed_by="", digest="")
