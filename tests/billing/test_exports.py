"""CSV files for accountants: what is in them, what a spreadsheet may not run, and how little memory they take."""

import csv
import io
import tracemalloc
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.billing import collection, corrections, exports, refunds
from apps.billing.models import Invoice
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import staff

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def paid(gateway, now) -> Invoice:
    invoice = billing.invoice(billing.payer(gateway, now=now, name="Anna; Rossi"), now=now)
    collection.collect_due(now=now)
    corrections.to_card(invoice.pk, amount=Money(1000, "EUR"), key="a", reason="Late, by a week", now=now + DAY)
    refunds.carry_out_due(now=now + DAY)
    return invoice


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def exported(table, since: date, until: date, **changes) -> list[dict[str, str]]:
    return read("".join(exports.stream(table, since=since, until=until, **changes)))


def test_invoices(paid, now):
    [row] = exported(exports.INVOICES, now.date(), now.date())
    assert row == {
        "Number": "OR-000001",
        "Issued": "2026-03-10T09:30:00+00:00",
        "Status": "paid",
        "Reason": "renewal",
        "Customer": "Anna; Rossi",
        "Company": "",
        "Country": "IT",
        "VAT number": "",
        "E-mail": paid.customer.email,
        "Tax treatment": "standard",
        "Currency": "EUR",
        "Without VAT": "23.77",
        "VAT": "5.23",
        "Total": "29.00",
        "Paid from credit": "0.00",
        "Due": "29.00",
        "Credited": "10.00",
        "Paid": "2026-03-10T09:30:00+00:00",
        "VAT stated in": "",
        "VAT in that currency": "",
        "Rates for one euro": "",
        "Rate of": "",
    }


def test_credit_notes(paid, now):
    [row] = exported(exports.CREDIT_NOTES, now.date(), now.date() + DAY)
    found = {name: row[name] for name in ("Number", "Invoice", "Settled", "Reason", "Without VAT", "VAT", "Total")}
    assert found == {
        "Number": "ORC-000001",
        "Invoice": "OR-000001",
        "Settled": "card",
        "Reason": "Late, by a week",
        "Without VAT": "8.20",
        "VAT": "1.80",
        "Total": "10.00",
    }


def test_payments(paid, now):
    [row] = exported(exports.PAYMENTS, now.date(), now.date())
    payment = billing.payment_of(paid)
    assert row == {
        "Invoice": "OR-000001",
        "Attempt": "1",
        "Settled": "2026-03-10T09:30:00+00:00",
        "Status": "succeeded",
        "Surplus": "",
        "Customer": "Anna; Rossi",
        "E-mail": paid.customer.email,
        "Currency": "EUR",
        "Amount": "29.00",
        "Refunded": "10.00",
        "Card": "Visa •••• 4242",
        "Decline code": "",
        "Gateway intent": payment.gateway_id,
        "Key": str(payment.key),
    }


def test_both_days_count_and_other_currencies_do_not(gateway, now):
    user = billing.payer(gateway, now=now)
    midnight = now.replace(hour=0, minute=0)
    for moment in (midnight - timedelta(seconds=1), midnight, midnight + 2 * DAY - timedelta(seconds=1)):
        billing.invoice(user, now=moment)
    billing.invoice(user, now=midnight + 2 * DAY)
    billing.invoice(user, now=now, currency="USD")
    day = now.date()

    def numbers(**changes):
        return [row["Number"] for row in exported(exports.INVOICES, day, day + DAY, **changes)]

    assert numbers(currency="EUR") == ["OR-000002", "OR-000003"]
    assert numbers(currency="USD") == ["OR-000005"]
    assert numbers() == ["OR-000002", "OR-000005", "OR-000003"]


def test_amounts_follow_their_currency(gateway, now):
    lines = [billing.plan_line(2900, start=now, tax_basis_points=0)]
    billing.invoice(billing.payer(gateway, now=now), now=now, currency="JPY", lines=lines)
    [row] = exported(exports.INVOICES, now.date(), now.date())
    assert (row["Total"], row["Currency"]) == ("2900", "JPY")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(gateway, now, start):
    name = start + 'HYPERLINK("http://evil.example","Click"),1'
    billing.invoice(billing.payer(gateway, now=now, name=name), now=now)
    text = "".join(exports.stream(exports.INVOICES, since=now.date(), until=now.date()))
    [row] = read(text)
    assert row["Customer"] == "'" + name
    quoted = name.replace('"', '""')
    assert f'''"'{quoted}"''' in text


def test_a_harmless_text_stays_as_it_is():
    assert [exports.harmless(text) for text in ("", "Anna", "a=b", "'=1", " =1")] == ["", "Anna", "a=b", "'=1", " =1"]


def test_rows_stream_from_the_database_and_memory_stays_flat(gateway, now):
    first = billing.invoice(billing.payer(gateway, now=now), now=now)
    columns = ", ".join(
        field.column for field in Invoice._meta.concrete_fields if field.column not in {"id", "key", "serial", "number"}
    )

    def peak(count: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO billing_invoice (key, serial, number, {columns})"
                f" SELECT 'copy:' || n, n, 'COPY-' || n, {columns} FROM billing_invoice, generate_series(%s::int, %s) n"
                " WHERE billing_invoice.id = %s",
                [10 * count, 11 * count - 1, first.pk],
            )
        lines = 0
        tracemalloc.start()
        for _line in exports.stream(exports.INVOICES, since=now.date(), until=now.date()):
            lines += 1
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert lines > count
        return reached

    peak(10)
    assert peak(20_000) < 1.3 * peak(2_500)


def test_the_statements_do_not_grow_with_the_rows(paid, gateway, now):
    def statements(table):
        with CaptureQueriesContext(connection) as captured:
            exported(table, now.date() - 9 * DAY, now.date() + 9 * DAY)
        return len(captured)

    tables = (exports.INVOICES, exports.CREDIT_NOTES, exports.PAYMENTS)
    before = [statements(table) for table in tables]
    for number in range(5):
        invoice = billing.invoice(billing.payer(gateway, now=now), now=now, key=str(number))
        collection.collect_due(now=now)
        corrections.to_credit(invoice.pk, amount=Money(100, "EUR"), key="a", reason="", now=now)
    assert [statements(table) for table in tables] == before


@pytest.mark.parametrize("name", ["invoice", "creditnote", "payment"])
def test_staff_download_a_file(client, paid, now, name):
    client.force_login(staff())
    url = reverse(f"admin:billing_{name}_export")
    page = client.get(url)
    assert page.status_code == 200
    assert "Download CSV" in page.content.decode()
    answer = client.get(url, {"since": "2026-03-10", "until": "2026-03-11", "currency": "eur"})
    assert answer.streaming
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    kind = {"invoice": "invoices", "creditnote": "credit-notes", "payment": "payments"}[name]
    file = f'attachment; filename="{kind}-2026-03-10-2026-03-11-EUR.csv"'
    assert answer.headers["Content-Disposition"] == file
    assert len(read(answer.getvalue().decode())) == 1


@pytest.mark.parametrize(
    "changes", [{"since": "soon"}, {"until": "2026-03-09"}, {"currency": "EURO"}, {"currency": "=1+"}]
)
def test_a_senseless_range_is_refused(client, paid, changes):
    client.force_login(staff())
    chosen = {"since": "2026-03-10", "until": "2026-03-11", "currency": "", **changes}
    answer = client.get(reverse("admin:billing_invoice_export"), chosen)
    assert (answer.status_code, answer.streaming) == (400, False)
    assert answer.context["form"].errors


def test_whoever_may_not_see_the_list_does_not_get_the_file(client, paid):
    client.force_login(User.objects.create_user("clerk@example.com", is_staff=True))
    chosen = {"since": "2026-03-10", "until": "2026-03-11"}
    assert client.get(reverse("admin:billing_invoice_export"), chosen).status_code == 403
