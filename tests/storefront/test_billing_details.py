"""Billing details: the page in the account, the form at checkout, and what invoices show."""

import pytest

from apps.billing import vat_registry
from apps.billing.models import BillingDetails, Invoice, TaxNumberCheck
from apps.billing.vat_registry import Invalid, Unavailable
from apps.billing.vat_registry.scripted import Scripted
from apps.memberships.models import Signup
from tests.factories import accounts, billing
from tests.factories import memberships as make
from tests.storefront.pages import agree, enter_card, nothing_changes, said, signed_in

pytestmark = pytest.mark.django_db

PAGE = "/account/billing/"
COMPANY = {
    "company": "Zitrus GmbH",
    "line1": "Hafenstr. 1",
    "line2": "",
    "postcode": "20359",
    "city": "Hamburg",
    "tax_number": "136 695 976",
}


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def registry():
    with vat_registry.using(Scripted({})) as scripted:
        yield scripted


@pytest.fixture
def uta(registry):
    return accounts.customer(country="DE", name="Uta Zander")


def test_a_confirmed_number(uta):
    browser = signed_in(uta)
    page = browser.post(PAGE, COMPANY, follow=True)
    assert said(page) == ["Saved. Your VAT number is confirmed."]
    text = page.content.decode()
    assert "no VAT is charged, you account for it (reverse charge)" in text
    assert 'value="DE136695976"' in text
    assert 'value="Zitrus GmbH"' in text
    details = BillingDetails.objects.get()
    assert (details.customer, details.company, details.number_status) == (uta, "Zitrus GmbH", "valid")


@pytest.mark.parametrize(
    ("answer", "told", "state"),
    [
        (Invalid(), "does not know this VAT number, so VAT is charged", "does not know your VAT number"),
        (Unavailable("TIMEOUT"), "does not answer at the moment, so VAT is charged for now", "has not confirmed"),
    ],
)
def test_a_number_that_is_not_confirmed(uta, registry, answer, told, state):
    registry.answers["DE136695976"] = answer
    page = signed_in(uta).post(PAGE, COMPANY, follow=True)
    assert told in said(page)[0]
    assert state in page.content.decode()


def test_at_home_the_number_is_printed_and_nobody_is_asked(registry):
    page = signed_in(accounts.customer()).post(PAGE, {**COMPANY, "tax_number": "00743110157"}, follow=True)
    assert said(page) == ["Saved. Your next invoices will say so."]
    assert "It does not change the tax." in page.content.decode()
    assert registry.asked == []


def test_an_address_without_a_number_is_fine_and_all_may_be_taken_back(uta):
    browser = signed_in(uta)
    page = browser.post(PAGE, {**COMPANY, "company": "", "tax_number": ""}, follow=True)
    assert said(page) == ["Saved. Your next invoices will say so."]
    browser.post(PAGE, dict.fromkeys(COMPANY, ""))
    assert BillingDetails.objects.values_list("line1", "tax_number").get() == ("", "")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"tax_number": "DE136695977"}, "This is not a VAT number of Germany."),
        ({"tax_number": "IT00743110157"}, "This is not a VAT number of Germany."),
        ({"company": ""}, "Please fill this in: it belongs to the VAT number."),
        ({"line1": "  "}, "Please fill this in: it belongs to the VAT number."),
        ({"city": ""}, "Please fill this in: it belongs to the VAT number."),
        ({"company": "x" * 201}, "at most 200 characters"),
        ({"postcode": "1\x002"}, "Null characters are not allowed."),
    ],
)
def test_bad_input_is_said_beside_the_field_and_changes_nothing(uta, registry, changes, error):
    billing.company(uta, now=uta.joined_at, tax_number="DE129273398")
    registry.asked.clear()
    browser = signed_in(uta)
    with nothing_changes():
        page = browser.post(PAGE, {**COMPANY, **changes})
    assert page.status_code == 400
    assert error in page.content.decode()
    assert registry.asked == []


def test_the_country_is_that_of_the_account(uta):
    browser = signed_in(uta)
    browser.post(PAGE, COMPANY)
    page = browser.post(PAGE, {"country": "FR"}, follow=True)
    assert said(page)[-1] == "Your country is France."
    assert "not of the country you live in, so VAT is charged" in page.content.decode()
    with nothing_changes():
        assert browser.post(PAGE, {"country": "ZZ"}).status_code == 400


def test_it_is_the_customers_own_page(client, uta):
    assert client.get(PAGE).status_code == 302
    signed_in(uta).post(PAGE, COMPANY)
    assert "Zitrus" not in signed_in(accounts.customer()).get(PAGE).content.decode()


def test_the_page_costs_a_fixed_number_of_queries(uta, django_assert_num_queries):
    browser = signed_in(uta)
    browser.post(PAGE, COMPANY)
    browser.get(PAGE)
    with django_assert_num_queries(6):
        browser.get(PAGE)


def test_a_company_joins_without_vat(uta, gateway):
    browser = signed_in(uta)
    address = "/join/grove/month/"
    assert "of which VAT at 19%" in browser.get(address).content.decode()
    answer = browser.post(address, COMPANY)
    assert (answer.status_code, answer.url) == (302, address)
    text = browser.get(address).content.decode()
    assert "The invoice is made out to Zitrus GmbH." in text
    assert "Reverse charge: no VAT, you account for it under DE136695976" in text
    assert "€10.08 today" in text
    assert "tax included" not in text

    begun = agree(browser)
    assert begun.consent.text.endswith(
        "No VAT is charged: I account for it under my VAT number DE136695976 (reverse charge)."
    )
    page = enter_card(browser, begun, gateway)
    assert "We have charged €10.08" in page.content.decode()
    invoice = Invoice.objects.get()
    text = browser.get(f"/account/invoices/{invoice.number}/").content.decode()
    for fact in ("Zitrus GmbH", "Hafenstr. 1<br>20359 Hamburg", "DE136695976", "Reverse charge"):
        assert fact in text, fact
    assert "€12.00 × 1 = €12.00; without 19 % VAT = €10.08" in text
    assert "tax included" not in text
    assert "€10.08" in browser.get("/account/").content.decode()


def test_when_the_registry_is_down_at_checkout_vat_is_charged_and_said(uta, registry):
    registry.answers["DE136695976"] = Unavailable("MS_UNAVAILABLE")
    browser = signed_in(uta)
    page = browser.post("/join/grove/month/", COMPANY, follow=True)
    assert "so VAT is charged for now" in said(page)[0]
    assert "€12.00 today" in page.content.decode()
    assert TaxNumberCheck.objects.get().reason == "MS_UNAVAILABLE"


def test_a_wrong_number_at_checkout_keeps_the_page_and_what_was_typed(uta, registry):
    browser = signed_in(uta)
    browser.get("/join/grove/month/")
    with nothing_changes():
        page = browser.post("/join/grove/month/", {**COMPANY, "tax_number": "DE1"})
    assert page.status_code == 400
    text = page.content.decode()
    assert "This is not a VAT number of Germany." in text
    assert 'value="Zitrus GmbH"' in text
    assert '<details class="card card--flat country" open>' in text
    assert "Please tick the box" not in text
    assert not Signup.objects.exists()


def test_a_consent_given_before_the_number_was_confirmed_does_not_count(uta):
    browser = signed_in(uta)
    shown = browser.get("/join/grove/month/").context["form"].fingerprint
    browser.post("/join/grove/month/", COMPANY)
    page = browser.post("/join/grove/month/", {"shown": shown, "agree": "on"}, follow=True)
    assert "Something has changed since you saw this page. Please look it over again." in said(page)
    assert not Signup.objects.exists()


def test_a_price_without_tax_says_so_everywhere(gateway, registry):
    make.net_price("grove", amount_minor=1000)
    user = accounts.customer()
    browser = signed_in(user)
    text = browser.get("/pricing/").content.decode()
    assert "a month plus VAT" in text
    assert "Every price includes tax." not in text
    text = browser.get("/join/grove/month/").content.decode()
    assert "plus VAT at 22%" in text
    assert "€12.20 today" in text
    begun = agree(browser)
    assert begun.consent.text.startswith("I agree that Orangery charges my card €12.20 today and €12.20 every month")
    assert begun.consent.text.endswith("Today's total is €10.00 plus 22% VAT = €12.20.")
    enter_card(browser, begun, gateway)
    invoice = Invoice.objects.get()
    text = browser.get(f"/account/invoices/{invoice.number}/").content.decode()
    assert "Without VAT" in text
    assert "€2.20" in text
    assert "€10.00 × 1 = €10.00; plus 22 % VAT = €12.20" in text
    text = browser.get("/account/").content.decode()
    assert "€10.00 a month plus VAT" in text
    assert "<strong>€12.20</strong>" in text

    target = make.net_price("conservatory", amount_minor=2000)
    text = browser.get(f"/account/membership/change/?price={target.pk}").content.decode()
    assert "plus VAT" in text
    assert "of which VAT" not in text
    assert "<strong>€24.40</strong>" in text
