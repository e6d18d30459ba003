"""The PDF of an invoice or credit note: every fact the law asks for, read from the sheet itself."""

import logging
import os
from io import BytesIO

import pytest
from pypdf import PdfReader

from apps.billing import collection, corrections, printing
from apps.billing.models import CreditNote, Invoice, Seller
from apps.billing.printing import libraries
from apps.core.money import Money
from tests.factories import billing

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> None:
    Seller.objects.update(
        legal_name="Orangery S.r.l.",
        tax_number="IT00743110157",
        registration="REA NA-1010101",
        email="invoices@orangery.example",
    )


def sold(gateway, now, **changes) -> Invoice:
    """A paid invoice with two rates, a discount, and something whose price does not divide evenly."""
    lines = [
        billing.plan_line(2900, start=now),
        billing.plan_line(-725, start=now, kind="discount", description="Spring"),
        billing.plan_line(
            1000, start=now, quantity=3, description="Gardener hours", period_start=None, period_end=None
        ),
        billing.plan_line(
            1100, start=now, tax_basis_points=1050, description="Guide", period_start=None, period_end=None
        ),
    ]
    invoice = billing.invoice(billing.payer(gateway, now=now, **changes), now=now, lines=lines)
    collection.collect_due(now=now)
    return Invoice.objects.with_lines().get(pk=invoice.pk)


def words(pdf: bytes) -> str:
    """The text of all sheets, in the order of reading, with single spaces."""
    return " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(pdf)).pages).split())


def test_an_invoice_carries_what_article_226_asks(gateway, seller, now):
    text = words(printing.invoice(sold(gateway, now, name="Ștefănia Țîrlea")))
    for fact in (
        "InvoiceOR-000001",  # two lines on the sheet; (2) sequential number
        "DATE OF ISSUE 10 March 2026",  # (1)
        "Orangery S.r.l. Via degli Agrumi 12 80067 Sorrento Italy VAT number: IT00743110157",  # (3), (5)
        "Ștefănia Țîrlea",  # (5)
        "PERIOD OF SUPPLY 10 March 2026 – 10 April 2026",  # (7)
        "Grove membership 10 Mar 2026 – 10 Apr 2026 1 €23.77 €23.77 22 % €5.23 €29.00",  # (6), (8), (9), (10)
        "Spring 10 Mar 2026 – 10 Apr 2026 1 -€5.94 -€5.94 22 % -€1.31 -€7.25",
        "Gardener hours 3 €2.7333 €8.20 22 % €1.80 €10.00",
        "Guide 1 €9.95 €9.95 10.5 % €1.05 €11.00",
        "22 % €26.03 €5.72",  # (8) by rate, (10)
        "10.5 % €9.95 €1.05",
        "Total without VAT €35.98",
        "VAT €6.77",
        "Total €42.75",
        "PAID 10 March 2026, Visa •••• 4242",
        "Orangery S.r.l. · REA NA-1010101 · invoices@orangery.example",
    ):
        assert fact in text, f"{fact}\n{text}"
    assert "Reverse charge" not in text


def test_an_invoice_is_written_in_the_customers_language_and_time(gateway, seller, now):
    late = now.replace(hour=23, minute=30)
    text = words(printing.invoice(sold(gateway, late, locale="it", time_zone="Europe/Rome")))
    for fact in ("Fattura", "11 marzo 2026", "11/03/2026 – 11/04/2026", "23,77 €", "10,5 %", "42,75 €", "Italia"):
        assert fact in text, f"{fact}\n{text}"


def test_a_company_abroad_reads_the_words_of_the_reverse_charge(gateway, seller, now):
    user = billing.payer(gateway, now=now, name="Max Baum", country="DE")
    invoice = Invoice.objects.with_lines().get(
        pk=billing.invoice(user, now=now, lines=[billing.plan_line(2377, start=now, tax_basis_points=0)]).pk
    )
    invoice.customer_company, invoice.customer_tax_number = "Baumhaus GmbH", "DE129273398"
    invoice.customer_address, invoice.tax_treatment = "Gartenweg 3\n10115 Berlin", "reverse_charge"
    text = words(printing.invoice(invoice))
    for fact in (
        "Baumhaus GmbH Max Baum Gartenweg 3 10115 Berlin Germany VAT number: DE129273398",
        "0 % €23.77 €0.00",
        "Total €23.77",
        "Reverse charge: the customer accounts for the VAT (Directive 2006/112/EC, Art. 196).",
    ):
        assert fact in text, f"{fact}\n{text}"


def test_a_credit_note_names_the_invoice_it_corrects(gateway, seller, now):
    invoice = sold(gateway, now)
    made = corrections.to_credit(
        invoice.pk, amount=Money(2000, "EUR"), key="a", reason="Half the month was lost", now=now
    )
    text = words(printing.credit_note(CreditNote.objects.with_lines().get(pk=made.pk)))
    for fact in (
        "Credit noteORC-000001",
        "CORRECTS INVOICE OR-000001 of 10 March 2026",
        "Total credited €20.00",
        "Reason: Half the month was lost",
        "The amount is your credit: your next invoices use it before any card is charged.",
    ):
        assert fact in text, f"{fact}\n{text}"


def test_a_sheet_fetches_nothing_and_shows_markup_as_text(gateway, seller, now, caplog):
    name = '<img src="file:///etc/passwd"><img src="http://127.0.0.1:9/x.png"><b>Eve</b>'
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        text = words(printing.invoice(sold(gateway, now, name=name)))
    assert "<b>Eve</b>" in text
    assert caplog.records == []


def test_a_long_invoice_goes_on_over_several_sheets_with_numbers(gateway, seller, now):
    lines = [billing.plan_line(100, start=now, description=f"Pot number {number}") for number in range(60)]
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now, lines=lines)
    pdf = printing.invoice(Invoice.objects.with_lines().get(pk=invoice.pk))
    sheets = [" ".join(sheet.extract_text().split()) for sheet in PdfReader(BytesIO(pdf)).pages]
    assert [f"{number} / 5" in sheet for number, sheet in enumerate(sheets, start=1)] == [True] * 5
    assert all(f"Pot number {number} " in " ".join(sheets) for number in range(60))


def test_the_pdf_says_what_it_is(gateway, seller, now):
    document = PdfReader(BytesIO(printing.invoice(sold(gateway, now))))
    assert (document.metadata.title, document.metadata.author) == ("Invoice OR-000001", "Orangery S.r.l.")
    assert document.metadata.creation_date == now
    assert document.trailer["/Root"]["/Lang"] == "en"
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    fonts = {font for sheet in document.pages for font in sheet["/Resources"]["/Font"].values()}
    names = {font.get_object()["/BaseFont"].split("+")[1] for font in fonts}
    assert {name.split("-")[0] for name in names} <= {"Figtree", "Young", "YoungSerif"}


def test_a_lent_library_that_does_not_load_is_passed_over(tmp_path, monkeypatch):
    # Set before it is removed, so that it is put back as it was: a browser started later reads it too.
    monkeypatch.setenv("FONTCONFIG_FILE", "")
    monkeypatch.delenv("FONTCONFIG_FILE")
    folder = tmp_path / "root" / "usr" / "lib" / "x"
    folder.mkdir(parents=True)
    (folder / "libpango-1.0.so.0").write_text("not a library")
    (tmp_path / "fonts.conf").write_text("<fontconfig/>")
    libraries.lend(tmp_path)
    assert os.environ["FONTCONFIG_FILE"] == str(tmp_path / "fonts.conf")
    libraries.lend(tmp_path / "nothing")
