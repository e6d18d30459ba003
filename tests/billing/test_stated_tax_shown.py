"""VAT in the seller's currency where people meet it: the invoice, its PDF and its explanation, the export for the
accountant, and the back office that brings in the rates."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from apps.accounts.models import User
from apps.billing import collection, corrections, exports, printing
from apps.billing.models import CreditNote, ExchangeRate, Invoice, Parked, StatedTax
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import staff

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 9)
FILE = "Date,USD,JPY,\n2026-03-09,1.0823,163.42,\n2026-03-06,1.1,N/A,\n"


@pytest.fixture(autouse=True)
def _now(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def dollars() -> ExchangeRate:
    return ExchangeRate.objects.create(currency="USD", day=MONDAY, per_euro=Decimal("1.0823"))


@pytest.fixture
def paid(gateway, now) -> Invoice:
    """An invoice of $29.00, 10.00 of it credited."""
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now, currency="USD")
    collection.collect_due(now=now)
    corrections.to_credit(invoice.pk, amount=Money(1000, "USD"), key="a", reason="Late", now=now)
    return invoice


@pytest.fixture
def office(client):
    client.force_login(staff())
    return client


def page(action: str, *args) -> str:
    return reverse(f"admin:billing_exchangerate_{action}", args=args)


def upload(office, text: str | bytes, since: str = "2026-01-01"):
    content = text if isinstance(text, bytes) else text.encode()
    return office.post(page("bring_in"), {"file": SimpleUploadedFile("hist.csv", content), "since": since}, follow=True)


def test_the_invoice_and_the_credit_note_say_it_with_the_rate(dollars, paid):
    browser = Client()
    browser.force_login(paid.customer)
    shown = browser.get(f"/account/invoices/{paid.number}/").content.decode()
    for fact in ("VAT in EUR", "€4.83", "1 EUR = 1.0823 USD, European Central Bank", "$5.23 ÷ 1.0823 = €4.83"):
        assert fact in shown, fact
    note = CreditNote.objects.get()
    shown = browser.get(reverse("credit_note", args=[note.number])).content.decode()
    assert "€1.66" in shown
    for row, print_ in ((Invoice, printing.invoice), (CreditNote, printing.credit_note)):
        text = PdfReader(io.BytesIO(print_(row.objects.with_lines().get()))).pages[0].extract_text()
        assert "VAT in EUR" in text
        assert ("€4.83" if row is Invoice else "€1.66") in text


def test_an_invoice_in_the_sellers_currency_says_nothing_of_it(dollars, gateway, now):
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    browser = Client()
    browser.force_login(invoice.customer)
    assert "VAT in EUR" not in browser.get(f"/account/invoices/{invoice.number}/").content.decode()


@pytest.mark.parametrize(("table", "tax"), [(exports.INVOICES, "4.83"), (exports.CREDIT_NOTES, "1.66")])
def test_the_accountant_finds_it_in_the_export(dollars, paid, now, table, tax):
    text = "".join(exports.stream(table, since=now.date(), until=now.date()))
    [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    names = ("VAT stated in", "VAT in that currency", "Rates for one euro", "Rate of")
    assert [row[name] for name in names] == ["EUR", tax, "1 EUR = 1.0823 USD", "2026-03-09"]


def test_staff_bring_in_the_file_and_what_waited_is_stated(office, paid):
    assert Parked.objects.get().kind == "exchange_rate"
    assert office.get(page("bring_in")).status_code == 200
    answer = upload(office, FILE)
    told = "Rates: 3 new, 0 changed, 0 kept as they are on documents. Invoices whose VAT is stated now: 1."
    assert told in answer.content.decode()
    assert set(StatedTax.objects.values_list("tax_minor", flat=True)) == {483, 166}
    assert Parked.objects.get().resolved_at is not None
    shown = office.get(reverse("admin:billing_invoice_change", args=[paid.pk])).content.decode()
    assert "€4.83 (1 EUR = 1.0823 USD, 2026-03-09)" in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Date,USD\n2026-03-09,x\n", "Line 2 has a rate that is none: x."),
        (b"PK\x03\x04\xff\xfe", "This is not a text file: unpack it first."),
        ("", "empty"),
    ],
)
def test_another_file_is_refused_and_changes_nothing(office, paid, text, says):
    answer = upload(office, text)
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert not ExchangeRate.objects.exists()
    assert not StatedTax.objects.exists()


def test_a_rate_typed_in_states_what_waited_and_then_stays(office, paid):
    form = {"currency": "usd", "day": "2026-03-09", "per_euro": "1.0823"}
    for wrong in ({"currency": "EUR"}, {"currency": "XXZ"}, {"per_euro": "0"}, {"day": ""}):
        assert office.post(page("add"), {**form, **wrong}).status_code == 200
    assert not ExchangeRate.objects.exists()
    assert office.post(page("add"), form).status_code == 302
    rate = ExchangeRate.objects.get()
    assert StatedTax.objects.get(invoice=paid).tax_minor == 483
    assert office.get(page("change", rate.pk)).status_code == 200
    assert office.post(page("change", rate.pk), {**form, "per_euro": "2"}).status_code == 403
    assert office.post(page("delete", rate.pk), {"post": "yes"}).status_code == 403
    rate.refresh_from_db()
    assert rate.per_euro == Decimal("1.0823")


def test_who_may_only_look_brings_in_nothing(client, paid):
    clerk = User.objects.create_user("clerk@example.com", "secret", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_exchangerate"))
    client.force_login(clerk)
    assert client.get(page("changelist")).status_code == 200
    assert upload(client, FILE).status_code == 403
    assert not ExchangeRate.objects.exists()


def test_the_queue_states_what_waits_once_the_rate_is_there(office, paid, now):
    item = Parked.objects.get()
    step = reverse("admin:insights_queue_act", args=["parked-items", item.pk, "state"])
    answer = office.post(step, follow=True).content.decode()
    assert "No rate is known yet for 1 invoices in USD." in answer
    ExchangeRate.objects.create(currency="USD", day=MONDAY, per_euro=Decimal("1.0823"))
    assert "Stated: 1. Nothing waits any more." in office.post(step, follow=True).content.decode()
    assert not Parked.objects.waiting().exists()


def test_the_command_takes_the_file_in(paid, tmp_path, capsys):
    file = tmp_path / "eurofxref-hist.csv"
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_exchange_rates", file)
    file.write_text(FILE)
    with pytest.raises(CommandError, match="Give a day"):
        call_command("import_exchange_rates", file, since="yesterday")
    call_command("import_exchange_rates", file, since="2026-03-08")
    assert capsys.readouterr().out.splitlines() == [
        "Rates: 2 new, 0 changed, 0 kept as they are on documents.",
        "Invoices whose VAT is stated now: 1.",
    ]
    assert ExchangeRate.objects.count() == 2
    assert timedelta(days=1) == date(2026, 3, 10) - StatedTax.objects.get(invoice=paid).rate_day
