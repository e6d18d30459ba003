"""The customer's papers: invoices and credit notes, complete on the page, as PDF to keep, and nobody else's."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from apps.billing import collection, corrections, printing, refunds
from apps.billing.models import CreditNote, Invoice, Seller
from apps.core.money import Money
from apps.mail.models import Message
from tests.factories import billing
from tests.storefront.pages import nothing_changes, said, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(time_machine, now):
    time_machine.move_to(now, tick=False)
    Seller.objects.update(legal_name="Orangery S.r.l.", tax_number="IT00743110157", registration="REA NA-1010101")


@pytest.fixture
def paid(gateway, now) -> Invoice:
    invoice = billing.invoice(billing.payer(gateway, now=now, name="Anna Rossi"), now=now)
    collection.collect_due(now=now)
    invoice.refresh_from_db()
    return invoice


@pytest.fixture
def note(paid, now) -> CreditNote:
    made = corrections.to_card(paid.pk, amount=Money(1000, "EUR"), key="a", reason="Late start", now=now)
    refunds.carry_out_due(now=now)
    return made


def addresses(paid: Invoice, note: CreditNote) -> list[str]:
    pages = [f"/account/invoices/{paid.number}/", f"/account/credit-notes/{note.number}/"]
    return [address + end for address in pages for end in ("", "pdf/")]


def test_an_invoice_is_complete(paid):
    page = signed_in(paid.customer).get(f"/account/invoices/{paid.number}/").content.decode()
    for fact in (
        "OR-000001",
        "Orangery S.r.l.",
        "80067 Sorrento",
        "VAT number: IT00743110157",
        "REA NA-1010101",
        "Anna Rossi",
        "Italy",
        "10 March 2026 – 10 April 2026",
        "Grove membership",
        "22 %",
        "€23.77",
        "€5.23",
        "€29.00",
        "Visa •••• 4242",
        f"/account/invoices/{paid.number}/pdf/",
    ):
        assert fact in page, fact
    assert "Credit note" not in page


def test_an_invoice_leads_to_what_corrects_it_and_back(paid, note):
    browser = signed_in(paid.customer)
    address = f"/account/credit-notes/{note.number}/"
    for page in ("/account/invoices/", f"/account/invoices/{paid.number}/"):
        assert f'href="{address}"' in browser.get(page).content.decode()
    page = browser.get(address).content.decode()
    for fact in (
        "ORC-000001",
        f'href="/account/invoices/{paid.number}/"',
        "Reason: Late start",
        "The amount goes back to the card that paid.",
        "Total credited",
        "€8.20",
        "€1.80",
        "€10.00",
        "succeeded",
    ):
        assert fact in page, fact


def test_the_mail_of_a_refund_leads_to_its_credit_note(note, settings):
    mail = Message.objects.get(kind="refund-sent")
    address = f"{settings.SITE_URL}/account/credit-notes/ORC-000001/"
    assert f"The credit note ORC-000001 says what was taken back:\n{address}" in mail.text
    assert address in mail.html


def test_the_receipt_leads_to_the_pdf(paid, settings):
    address = f"{settings.SITE_URL}/account/invoices/OR-000001/pdf/"
    mail = Message.objects.get(kind="receipt")
    assert address in mail.text
    assert address in mail.html


def test_papers_are_downloaded_under_their_number(paid, note):
    browser = signed_in(paid.customer)
    for number, address in zip(("OR-000001", "ORC-000001"), addresses(paid, note)[1::2], strict=True):
        answer = browser.get(address)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{number}.pdf"'
        assert answer.headers["Cache-Control"] == "private, no-store"
        [sheet] = PdfReader(BytesIO(answer.content)).pages
        assert number in sheet.extract_text()


def test_another_customers_papers_are_not_found(paid, note, gateway, now):
    browser = signed_in(billing.payer(gateway, now=now))
    strange = [f"/account/{kind}/{name}/" for kind in ("invoices", "credit-notes") for name in ("nonsense", "%00")]
    with nothing_changes():
        for address in [*addresses(paid, note), *strange, *(f"{address}pdf/" for address in strange)]:
            assert browser.get(address).status_code == 404, address


def test_signed_out_leads_to_the_sign_in_page_and_no_paper_takes_a_post(client, paid, note):
    browser = signed_in(paid.customer)
    with nothing_changes():
        for address in addresses(paid, note):
            assert client.get(address).url == f"/accounts/login/?next={address}"
            assert browser.post(address).status_code == 405


def test_without_the_library_the_page_stays_and_says_so(paid, monkeypatch):
    def broken(row):
        raise printing.CannotPrint("no Pango")

    monkeypatch.setattr(printing, "invoice", broken)
    answer = signed_in(paid.customer).get(f"/account/invoices/{paid.number}/pdf/", follow=True)
    assert answer.status_code == 200
    assert said(answer) == ["We cannot make the PDF just now. You can print this page instead."]


@pytest.mark.parametrize("count", [1, 20])
def test_a_paper_costs_the_same_whatever_its_length(gateway, now, count):
    user = billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now, lines=[billing.plan_line(start=now)] * count)
    collection.collect_due(now=now)
    note = corrections.to_credit(invoice.pk, amount=Money(100, "EUR"), key="a", reason="", now=now)
    browser = signed_in(user)
    counts = []
    for address in addresses(invoice, note):
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address).status_code == 200
        counts.append(len(captured))
    assert counts == [8, 6, 7, 6]
