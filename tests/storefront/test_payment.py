"""The card page, and the page that pays an open invoice from the link in our mails."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core import signing

from apps.billing import cards, collection, dunning
from apps.billing.gateway.behaviours import authenticate, decline, lose_after
from apps.billing.models import Card, Invoice, Payment, Profile, Recovery
from apps.storefront import gateway_page
from tests.factories import accounts, billing
from tests.factories import memberships as make
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db
CARD = "/account/card/"


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


NO_FUNDS = (decline("insufficient_funds"),)


def owing(gateway, now, *, script=NO_FUNDS) -> Invoice:
    """An invoice that the customer's card did not pay."""
    user = billing.payer(gateway, now=now, script=script)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    return invoice


def link(invoice: Invoice) -> str:
    return f"/account/pay/{invoice.pay_token}/"


def new_card(browser, address: str, gateway, *, script=()) -> dict:
    """Type a card into the form of a page; returns what the page then posts."""
    setup_id = browser.get(address).context["client_secret"].removesuffix("_secret")
    gateway.save_card(setup_id, number="5555555555554444", script=script)
    return {"setup_intent": setup_id}


def test_a_new_card_takes_the_place_of_the_old(gateway, now):
    user = billing.payer(gateway, now=now)
    browser = signed_in(user)
    page = browser.post(CARD, new_card(browser, CARD, gateway), follow=True)
    assert said(page) == ["We will charge Mastercard •••• 4444 from now on."]
    assert Profile.objects.of(user).default_card.last4 == "4444"
    assert "Mastercard •••• 4444" in browser.get(CARD).content.decode()


def test_a_new_card_pays_what_the_old_could_not(gateway, now):
    invoice = owing(gateway, now)
    browser = signed_in(invoice.customer)
    page = browser.post(CARD, new_card(browser, CARD, gateway), follow=True)
    assert said(page)[-1] == "Thank you: the invoice is paid."
    invoice.refresh_from_db()
    assert invoice.status == "paid"
    assert Recovery.objects.get().status == "recovered"


@pytest.mark.parametrize("setup_id", ["", "seti_never_made", "x" * 5000])
def test_a_card_set_up_that_does_not_exist(gateway, now, setup_id):
    browser = signed_in(billing.payer(gateway, now=now))
    with nothing_changes():
        page = browser.post(CARD, {"setup_intent": setup_id})
    assert page.url == CARD
    assert said(browser.get(CARD)) == ["We could not find this card set-up. Please enter your card again."]


def test_another_customers_set_up(gateway, now):
    browser = signed_in(billing.payer(gateway, now=now))
    foreign = cards.start_setup(accounts.customer(), purpose="account", now=now).id
    gateway.save_card(foreign)
    with nothing_changes():
        browser.post(CARD, {"setup_intent": foreign})
    assert said(browser.get(CARD)) == ["This card set-up belongs to another account. Please enter your card again."]


def test_the_link_works_without_signing_in(client, gateway, now):
    invoice = owing(gateway, now)
    text = client.get(link(invoice)).content.decode()
    for fact in ("Pay €29.00", invoice.number, "Your bank declined the last attempt.", "Visa •••• 4242"):
        assert fact in text, fact
    page = client.post(link(invoice), new_card(client, link(invoice), gateway), follow=True)
    assert said(page) == ["Thank you: the invoice is paid."]
    assert sent_to(page) == "/"
    assert Payment.objects.succeeded().get().amount_minor == 2900
    assert "This invoice is paid" in client.get(link(invoice)).content.decode()


def test_the_known_card_may_try_again(client, gateway, now):
    invoice = owing(gateway, now, script=(decline("insufficient_funds", times=1),))
    page = client.post(link(invoice), follow=True)
    assert said(page) == ["Thank you: the invoice is paid."]
    assert [p.status for p in invoice.payments.order_by("attempt")] == ["declined", "succeeded"]


def test_declined_again(client, gateway, now):
    invoice = owing(gateway, now)
    page = client.post(link(invoice), follow=True)
    assert said(page) == ["Your bank declined the payment. Nothing was charged; please try another card."]
    assert sent_to(page) == link(invoice)
    assert not Payment.objects.succeeded().exists()


def test_the_bank_asks(client, gateway, now):
    invoice = owing(gateway, now, script=(authenticate(),))
    page = client.post(link(invoice), follow=True)
    assert sent_to(page) == f"{link(invoice)}confirm/"
    assert "confirm the payment of €29.00" in page.content.decode()
    waiting = invoice.payments.get(status="needs_action")
    gateway.confirm(waiting.gateway_id)
    page = client.post(f"{link(invoice)}confirm/", follow=True)
    assert said(page) == ["Thank you: the invoice is paid."]


def test_an_answer_that_is_awaited_is_not_charged_again(client, gateway, now):
    invoice = owing(gateway, now, script=(lose_after(),))
    assert client.get(link(invoice)).status_code == 202
    with nothing_changes():
        page = client.post(link(invoice), follow=True)
    assert said(page) == ["A payment for this invoice is on its way. Please look again in a minute."]


def test_a_paid_invoice_takes_no_more_money_and_no_card(client, gateway, now):
    member = make.member(gateway, "grove", now=now)
    invoice = Invoice.objects.get()
    setup_id = cards.start_setup(member.customer, purpose="invoice", now=now).id
    gateway.save_card(setup_id)
    with nothing_changes():
        for form in ({}, {"setup_intent": setup_id}):
            page = client.post(link(invoice), form, follow=True)
            assert said(page) == ["There is nothing left to pay on this invoice."]


def test_without_any_card(client, gateway, now):
    user = accounts.customer()
    invoice = billing.invoice(user, now=now)
    with nothing_changes():
        page = client.post(link(invoice))
    assert page.url == link(invoice)
    assert said(client.get(link(invoice))) == ["Please enter a card."]


def test_a_set_up_of_somebody_else_does_not_pay(client, gateway, now):
    invoice = owing(gateway, now)
    foreign = cards.start_setup(accounts.customer(), purpose="account", now=now).id
    gateway.save_card(foreign)
    with nothing_changes():
        page = client.post(link(invoice), {"setup_intent": foreign})
    assert page.url == link(invoice)


def test_a_card_that_the_bank_forbids_is_not_offered_and_not_charged(client, gateway, now):
    invoice = owing(gateway, now, script=(decline("lost_card", hard=True),))
    assert "With the card you use" not in client.get(link(invoice)).content.decode()
    page = client.post(link(invoice), follow=True)
    assert said(page) == ["Your bank does not allow this card to be charged. Please enter another one."]
    assert [p.status for p in invoice.payments.all()] == ["declined"]
    page = client.post(link(invoice), new_card(client, link(invoice), gateway), follow=True)
    assert said(page) == ["Thank you: the invoice is paid."]


def test_a_new_card_pays_an_invoice_that_was_left_open(gateway, now):
    days = {"retry_days": [1], "mail_days": [], "grace_days": 0}
    dunning.new_policy_version("standard", final_action="leave_open", is_current=True, now=now, **days)
    invoice = owing(gateway, now)
    for _step in range(3):
        dunning.advance_due(now=now + timedelta(days=1))
        collection.collect_due(now=now + timedelta(days=1))
    assert Recovery.objects.get().status == "exhausted"
    browser = signed_in(invoice.customer)
    page = browser.post(CARD, new_card(browser, CARD, gateway), follow=True)
    assert said(page)[-1] == "Thank you: the invoice is paid."
    assert [p.status for p in invoice.payments.order_by("attempt")] == ["declined", "declined", "succeeded"]


def test_a_forged_link_is_not_found(client, gateway, now):
    invoice = owing(gateway, now)
    forged = [
        "x",
        str(invoice.pk),
        invoice.pay_token[:-1] + ("A" if invoice.pay_token[-1] != "A" else "B"),
        signing.Signer(salt="another").sign(str(invoice.pk)),
        signing.Signer(salt="billing.pay-invoice").sign(str(10**9)),
        quote("\x00"),
    ]
    with nothing_changes():
        for token in forged:
            for address in (f"/account/pay/{token}/", f"/account/pay/{token}/confirm/"):
                assert client.get(address).status_code == 404
                assert client.post(address).status_code == 404


def test_nothing_to_confirm(client, gateway, now):
    invoice = owing(gateway, now)
    with nothing_changes():
        assert client.get(f"{link(invoice)}confirm/").url == link(invoice)
        assert client.post(f"{link(invoice)}confirm/").url == link(invoice)


def test_the_way_back_from_the_bank_leads_only_where_we_said(client):
    good = client.get(gateway_page.way_back("/account/card/") + "&setup_intent=seti_1&redirect_status=succeeded")
    assert 'action="/account/card/"' in good.content.decode()
    assert 'name="setup_intent" value="seti_1"' in good.content.decode()
    for to in ("", "/account/", "https://evil.example/", signing.dumps("/account/", salt="another")):
        assert client.get("/account/card/return/", {"to": to}).status_code == 404
    assert client.post(gateway_page.way_back("/account/card/")).status_code == 405


def test_the_card_page_is_for_the_signed_in(client):
    assert client.get(CARD).url == f"/accounts/login/?next={CARD}"
    assert not Card.objects.exists()
