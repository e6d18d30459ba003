"""Staff and the papers: who sells, part of an invoice taken back, what a failed refund left, and PDFs."""

from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from pypdf import PdfReader

from apps.accounts.models import User
from apps.billing import collection, credit, printing, refunds
from apps.billing.gateway.port import RefundFailed
from apps.billing.models import CreditNote, Invoice, Payment, Refund, Seller
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import staff

pytestmark = pytest.mark.django_db

SENT = {"_form_submitted": "on"}
KEY = "6b3b7a9e-7d3c-4c55-9d0e-0a4d5a3f6f10"
SELLER = {
    "legal_name": "Orangery S.r.l.",
    "address": "Via degli Agrumi 12\n80067 Sorrento",
    "country": "it",
    "tax_number": "IT 0074 3110157",
    "registration": "REA NA-1010101",
    "email": "",
    "tax_rounding": "line",
    "tax_currency": "eur",
}


@pytest.fixture
def office(client):
    client.force_login(staff())
    return client


@pytest.fixture
def paid(gateway, now) -> Payment:
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    collection.collect_due(now=now)
    return billing.payment_of(invoice)


@pytest.fixture
def failed(paid, gateway, now, monkeypatch) -> Refund:
    refund = refunds.request(paid.pk, amount=Money(2900, "EUR"), key="a", reason="Withdrawn", now=now)
    monkeypatch.setattr(gateway, "refund", lambda **_facts: RefundFailed("expired_or_canceled_card"))
    refunds.carry_out_due(now=now)
    monkeypatch.undo()
    return refund


def page(name: str, action: str, *args) -> str:
    return reverse(f"admin:billing_{name}_{action}", args=args)


def credit_form(**changes) -> dict:
    return {**SENT, "to": "credit", "amount": "10.00", "reason": "Late start", "key": KEY, **changes}


def test_the_seller_is_one_page(office):
    url = page("seller", "change", 1)
    assert "Via degli Agrumi 12" in office.get(page("seller", "changelist")).content.decode()
    assert office.get(page("seller", "add")).status_code == 403
    assert office.post(page("seller", "delete", 1)).status_code == 403
    assert office.post(url, SELLER).status_code == 302
    seller = Seller.objects.current()
    assert (seller.legal_name, seller.country, seller.tax_number) == ("Orangery S.r.l.", "IT", "IT00743110157")


@pytest.mark.parametrize(
    "changes", [{"legal_name": ""}, {"country": "I1"}, {"tax_number": "00743110157"}, {"tax_currency": "EUX"}]
)
def test_a_senseless_seller_is_refused(office, changes):
    before = Seller.objects.values().get()
    assert office.post(page("seller", "change", 1), {**SELLER, **changes}).status_code == 200
    assert Seller.objects.values().get() == before


def test_staff_take_back_part_of_an_invoice_once_for_each_form(office, paid):
    url = page("invoice", "credit_this", paid.invoice_id)
    dialog = office.get(url).content.decode()
    assert "back to the card (at most €29.00)" in dialog
    for _ in range(2):
        assert office.post(url, credit_form()).status_code == 302
    note = CreditNote.objects.get()
    assert (note.total, note.settlement, note.reason) == (Money(1000, "EUR"), "credit", "Late start")
    assert credit.balance(paid.invoice.customer, "EUR") == Money(1000, "EUR")
    assert "back to the card (at most €19.00)" in office.get(url).content.decode()
    office.post(url, credit_form(to="card", amount="19.00"))
    assert Refund.objects.get().amount == Money(1900, "EUR")
    for address in (
        page("invoice", "change", paid.invoice_id),
        page("creditnote", "changelist"),
        page("creditnote", "change", note.pk),
        page("refund", "change", Refund.objects.get().pk),
    ):
        assert office.get(address).status_code == 200
    assert "ORC-000002" in office.get(page("invoice", "change", paid.invoice_id)).content.decode()


@pytest.mark.parametrize(
    "changes", [{"amount": "0"}, {"amount": "29.01"}, {"amount": "1.005"}, {"to": "open"}, {"reason": ""}]
)
def test_a_senseless_credit_is_refused_at_the_form(office, paid, changes):
    answer = office.post(page("invoice", "credit_this", paid.invoice_id), credit_form(**changes))
    assert answer.status_code == 200
    assert not CreditNote.objects.exists()


def test_staff_see_what_a_change_of_plan_gave_back_already(office, paid, now):
    [line] = paid.invoice.lines.all()
    given = billing.plan_line(-1400, start=now, kind="proration_credit", gives_back_of=[line.pk])
    billing.invoice(paid.invoice.customer, now=now, lines=[given, billing.plan_line(4000, start=now)])
    url = page("payment", "refund_this", paid.pk)
    dialog = office.get(url).content.decode()
    assert "At most €15.00. €29.00 was paid by card. €14.00 was given back for unused time by invoice" in dialog
    answer = office.post(url, {**SENT, "amount": "15.01", "reason": "Sorry", "key": KEY})
    assert "More than zero, and at most €15.00." in answer.content.decode()
    assert not Refund.objects.exists()
    assert office.post(url, {**SENT, "amount": "15.00", "reason": "Sorry", "key": KEY}).status_code == 302
    assert Refund.objects.get().amount == Money(1500, "EUR")
    answer = office.post(page("invoice", "credit_this", paid.invoice_id), credit_form())
    assert "At most €0.00. The invoice is of €29.00. Credit notes take back €15.00" in answer.content.decode()


def test_an_unpaid_invoice_is_not_credited_in_part(office, gateway, now):
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    answer = office.post(page("invoice", "credit_this", invoice.pk), credit_form())
    assert b"Only a paid invoice can be corrected in part." in answer.content
    assert not CreditNote.objects.exists()


def test_credit_notes_are_only_read(office, paid, now):
    office.post(page("invoice", "credit_this", paid.invoice_id), credit_form())
    note = CreditNote.objects.get()
    assert office.get(page("creditnote", "add")).status_code == 403
    assert office.post(page("creditnote", "change", note.pk), {"reason": "x"}).status_code == 403
    assert office.post(page("creditnote", "delete", note.pk), {"post": "yes"}).status_code == 403
    assert CreditNote.objects.get().reason == "Late start"


def test_staff_send_again_what_a_failed_refund_left(office, failed):
    office.post(page("refund", "send_this_again", failed.pk), SENT)
    again = Refund.objects.latest("pk")
    assert (again.status, again.credit_note) == ("pending", failed.credit_note)
    answer = office.post(page("refund", "make_this_credit", failed.pk), {**SENT, "reason": "x"}, follow=True)
    assert "nothing to send again" in answer.content.decode()
    assert Refund.objects.count() == 2


def test_staff_turn_what_a_failed_refund_left_into_credit(office, failed):
    office.post(page("refund", "make_this_credit", failed.pk), {**SENT, "reason": "Card closed"})
    assert credit.balance(failed.payment.invoice.customer, "EUR") == Money(2900, "EUR")
    answer = office.post(page("refund", "send_this_again", failed.pk), SENT, follow=True)
    assert "nothing to send again" in answer.content.decode()
    assert Refund.objects.count() == 1


def test_staff_download_both_papers(office, paid):
    office.post(page("invoice", "credit_this", paid.invoice_id), credit_form())
    for name, row in (("invoice", paid.invoice), ("creditnote", CreditNote.objects.get())):
        answer = office.get(page(name, "pdf", row.pk))
        assert answer.headers["Content-Type"] == "application/pdf"
        assert row.number in PdfReader(BytesIO(answer.content)).pages[0].extract_text()


def test_without_the_library_staff_read_what_to_install(office, paid, monkeypatch):
    def broken(row):
        raise printing.CannotPrint("PDFs need the library Pango")

    monkeypatch.setattr(printing, "invoice", broken)
    answer = office.get(page("invoice", "pdf", paid.invoice_id), follow=True)
    assert "PDFs need the library Pango" in answer.content.decode()


def test_staff_who_may_only_look_read_papers_and_correct_nothing(client, paid, failed):
    user = User.objects.create_user("clerk@example.com", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_invoice", "view_refund"]))
    client.force_login(user)
    assert client.get(page("invoice", "pdf", paid.invoice_id)).status_code == 200
    assert client.get(page("seller", "change", 1)).status_code == 403
    assert client.post(page("invoice", "credit_this", paid.invoice_id), credit_form()).status_code == 403
    assert client.post(page("refund", "send_this_again", failed.pk), SENT).status_code == 403
    assert (CreditNote.objects.count(), Refund.objects.count()) == (1, 1)
    assert Invoice.objects.get().status == "paid"
