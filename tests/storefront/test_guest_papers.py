"""A guest reads the invoice of their order, and what corrects it, with the link of the order and with nothing else."""

import re
from io import BytesIO
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from apps.billing import printing
from apps.billing.models import Seller
from apps.core import sweeps
from apps.orders import refunding
from tests.factories import accounts, catalog
from tests.factories import orders as make
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    Seller.objects.update(legal_name="Orangery S.r.l.", tax_number="IT00743110157")


@pytest.fixture
def order(gateway, now):
    tree = catalog.product(price=5000, left=10, name="Lemon tree").variants.get()
    return make.paid(gateway, (tree, 2), now=now)


def html(client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def give_back(order, *, now):
    facts = {"shipping": False, "restock": True, "reason": "Frost", "actor": "staff", "key": "a", "now": now}
    refunding.give_back(order.pk, pieces={order.lines.get().pk: 1}, **facts)
    sweeps.run("billing.refund", now=now)
    return order.invoice.credit_notes.get()


def test_the_invoice_is_a_page_that_says_everything(client, order):
    page = html(client, f"/orders/{order.token}/")
    assert f'href="/orders/{order.token}/invoice/"' in page
    response = client.get(f"/orders/{order.token}/invoice/")
    assert "no-store" in response.headers["Cache-Control"]
    page = html(client, f"/orders/{order.token}/invoice/")
    for said_there in (
        order.invoice.number,
        "Orangery S.r.l.",
        "IT00743110157",
        "Gea Guest",
        "Lemon tree",
        str(order.total),
    ):
        assert said_there in page
    assert '<meta name="robots" content="noindex">' in page
    assert "How each amount came about" in page
    assert f'href="/orders/{order.token}/"' in page
    assert f'href="/orders/{order.token}/invoice/pdf/"' in page
    # Nothing on it asks a guest to sign in.
    assert not re.findall(r'href="/account/[^"]*(?:invoice|credit)', page)


def test_it_can_be_kept_as_pdf(client, order):
    answer = client.get(f"/orders/{order.token}/invoice/pdf/")
    assert answer.headers["Content-Type"] == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert order.invoice.number in text


def test_what_corrects_it_is_read_too(client, order, now):
    note = give_back(order, now=now)
    address = f"/orders/{order.token}/credit-notes/{note.number}/"
    assert f'href="{address}"' in html(client, f"/orders/{order.token}/invoice/")
    page = html(client, address)
    for said_there in (note.number, "€50.00", "Where the money went", "noindex", "Frost"):
        assert said_there in page
    assert f'href="/orders/{order.token}/invoice/">{order.invoice.number}</a>' in page
    answer = client.get(f"{address}pdf/")
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert note.number in text


def test_without_a_pdf_the_page_is_there(client, order, monkeypatch):
    def broken(_invoice):
        raise printing.CannotPrint

    monkeypatch.setattr(printing, "invoice", broken)
    answer = client.get(f"/orders/{order.token}/invoice/pdf/", follow=True)
    assert sent_to(answer) == f"/orders/{order.token}/invoice/"
    assert said(answer) == ["We cannot make the PDF just now. You can print this page instead."]


@pytest.mark.parametrize("name", ["guest_invoice", "guest_invoice_pdf", "guest_credit_note", "guest_credit_note_pdf"])
def test_nobody_reads_the_papers_of_others(gateway, order, now, name):
    note = give_back(order, now=now)
    tree = catalog.product(left=9).variants.get()
    own = make.paid(gateway, (tree, 1), now=now, customer=accounts.customer())
    other = make.paid(gateway, (tree, 1), now=now)
    unpaid = make.begin(make.basket((tree, 1), now=now), now=now)
    number = [note.number] if "credit" in name else []
    tokens = [uuid4(), own.token, unpaid.token, *([other.token] if number else [])]
    browsers = [Client(), signed_in(own.customer)]
    with nothing_changes():
        for token in tokens:
            for browser in browsers:
                assert browser.get(reverse(name, args=[token, *number])).status_code == 404
    assert Client().post(reverse(name, args=[order.token, *number])).status_code == 405


def test_a_number_that_is_none_is_not_found(client, order):
    assert client.get(f"/orders/{order.token}/credit-notes/%00/").status_code == 404


def test_it_costs_the_same_however_much_was_bought(client, gateway, order, now, django_assert_max_num_queries):
    many = [(catalog.product(left=9).variants.get(), 1) for _each in range(6)]
    large = make.paid(gateway, *many, now=now)
    html(client, f"/orders/{order.token}/")
    with django_assert_max_num_queries(14) as few:
        html(client, f"/orders/{order.token}/invoice/")
    with django_assert_max_num_queries(14) as more:
        html(client, f"/orders/{large.token}/invoice/")
    assert len(few) == len(more)
