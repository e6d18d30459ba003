"""The copy of one's data: complete, for its owner alone, kept for seven days."""

import io
import json
import zipfile
from datetime import timedelta

import pytest

from apps.accounts import exporting
from apps.accounts.models import DataExport
from apps.catalog.models import GuideView
from apps.mail.models import Message
from apps.memberships.models import Plan
from tests.factories import accounts, catalog, memberships
from tests.privacy import stories
from tests.storefront.pages import nothing_changes, said, signed_in

pytestmark = pytest.mark.django_db


def test_everything_is_in_it(gateway, now):
    user = stories.lived(gateway, now=now)
    file = zipfile.ZipFile(io.BytesIO(exporting.archive(exporting.everybody(user))))
    data = json.loads(file.read("data.json"))
    full = {name for name, part in data.items() if part["rows"]}
    assert full >= {
        "account", "addresses", "cards", "consents", "credit-notes", "declarations", "gifts", "guides", "invoice-lines",
        "invoices", "mail", "membership-history", "memberships", "pauses", "payments", "periods", "plan-changes",
        "points", "refunds", "sign-ups", "orders", "order-lines", "order-pieces", "parcels", "basket",
        "postal-addresses", "reviews",
    }  # fmt: skip
    assert {f"{name}.csv" for name in full} | {"data.json"} == set(file.namelist())
    assert data["account"]["rows"][0]["email"] == stories.EMAIL
    assert len(data["invoices"]["rows"]) == 5
    assert len(data["orders"]["rows"]) == 2
    assert "last4" in file.read("cards.csv").decode().splitlines()[0]


def test_what_the_merchant_wrote_is_in_the_language_of_the_person(gateway, now):
    user = accounts.customer(locale="it")
    pot = catalog.product(name="Pot", name_it="Vaso")
    GuideView.objects.create(product=pot, customer=user, locked=False, at=now)
    memberships.member(gateway, now=now, user=user)
    Plan.objects.filter(slug="grove").update(i18n={"name_it": "Agrumeto"})
    exporting.request(user, now=now)
    assert exporting.make_due(now=now) == 1
    content = DataExport.objects.get().content
    data = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("data.json"))
    assert [row["product__name"] for row in data["guides"]["rows"]] == ["Vaso"]
    assert [row["plan__name"] for row in data["memberships"]["rows"]] == ["Agrumeto"]


def test_nothing_of_others_is_in_it(gateway, now):
    stories.lived(gateway, now=now)
    other = accounts.customer()
    text = zipfile.ZipFile(io.BytesIO(exporting.archive(exporting.everybody(other)))).read("data.json").decode()
    assert stories.NAME not in text
    assert stories.EMAIL not in text


def test_asked_for_made_downloaded_deleted(time_machine, now):
    time_machine.move_to(now, tick=False)
    user = accounts.customer()
    browser = signed_in(user)
    with nothing_changes():
        assert browser.get("/account/privacy/").status_code == 200
        assert browser.get("/account/privacy/download/").status_code == 404
    browser.post("/account/privacy/export/")
    browser.post("/account/privacy/export/")
    assert DataExport.objects.count() == 1
    assert exporting.make_due(now=now) == 1
    assert Message.objects.filter(kind="export-ready").count() == 1
    assert zipfile.ZipFile(io.BytesIO(browser.get("/account/privacy/download/").content)).testzip() is None
    assert signed_in(accounts.customer()).get("/account/privacy/download/").status_code == 404

    time_machine.move_to(now + timedelta(days=7), tick=False)
    assert browser.get("/account/privacy/download/").status_code == 404
    assert exporting.make_due(now=now + timedelta(days=7)) == 1
    assert DataExport.objects.get().content is None


def test_erasure_by_the_pages(client, time_machine, now):
    time_machine.move_to(now, tick=False)
    user = accounts.customer()
    browser = signed_in(user)
    assert said(browser.post("/account/privacy/erase/", follow=True))[0].startswith("We have written to you.")
    address = f"/account/erase/{user.erasure.secret}/"
    with nothing_changes():
        assert "Erase my account now" in client.get(address).content.decode()
    assert "It is confirmed." in browser.post(address).content.decode()
    assert browser.get("/account/").status_code == 302
    with nothing_changes():
        assert client.get("/account/erase/00000000-0000-4000-8000-000000000000/").status_code == 404
        assert client.post("/account/privacy/erase/").status_code == 302
