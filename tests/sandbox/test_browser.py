"""The browser script in a real Chromium, on a page that allows no inline style or script."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import FrameLocator, Page, expect, sync_playwright

from config.embedded import chromium as browsers
from tests.sandbox import handle, page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browsers.path(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser) -> Iterator[Page]:
    """A page whose console shows no error and which breaks no policy."""
    context = browser.new_context(locale="en-GB")
    tab = context.new_page()
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda message: problems.append(message.text) if "Security Policy" in message.text else None)
    yield tab
    assert problems == []
    context.close()


@pytest.fixture
def shop(sandbox) -> Iterator[str]:
    with page.served(sandbox.url, handle.PUBLISHABLE_KEY) as address:
        yield address


def open_setup(tab: Page, shop: str, api, customer, **query: str) -> str:
    intent = api.setup_intents.create({"customer": customer.id, "usage": "off_session"})
    extra = "".join(f"&{name}={value}" for name, value in query.items())
    tab.goto(f"{shop}/?secret={intent.client_secret}{extra}")
    expect(tab.locator("body[data-ready=yes]")).to_be_attached()
    return intent.id


def card_frame(tab: Page) -> FrameLocator:
    return tab.frame_locator('iframe[title="Secure payment input frame"]')


def type_card(tab: Page, number: str) -> None:
    frame = card_frame(tab)
    frame.get_by_label("Card number").press_sequentially(number)
    frame.locator('input[name="expiry"]').press_sequentially("1230")
    frame.get_by_label("Security code").fill("123")


def bank(tab: Page) -> FrameLocator:
    return tab.frame_locator('iframe[title="3D Secure authentication"]')


def test_a_card_is_saved_and_the_page_never_sees_its_number(tab, shop, api, customer):
    setup = open_setup(tab, shop, api, customer)
    type_card(tab, "4242424242424242")
    expect(card_frame(tab).locator('input[name="number"]')).to_have_value("4242 4242 4242 4242")
    expect(card_frame(tab).locator('input[name="expiry"]')).to_have_value("12 / 30")
    tab.click("#save")
    expect(tab.locator("#outcome")).to_contain_text("succeeded pm_1")

    intent = api.setup_intents.retrieve(setup, {"expand": ["payment_method"]})
    assert intent.status == "succeeded"
    assert intent.payment_method.customer == customer.id
    assert (intent.payment_method.card.last4, intent.payment_method.card.exp_year) == ("4242", 2030)
    assert "4242424242424242" not in tab.content()
    changes = tab.evaluate("changes")
    assert changes[0] == [False, False]
    assert changes[-1] == [True, False]
    assert tab.evaluate("violations") == []
    assert tab.evaluate("document.querySelectorAll('style').length") == 0


def test_an_incomplete_card_is_refused_in_the_frame(tab, shop, api, customer):
    setup = open_setup(tab, shop, api, customer)
    card_frame(tab).get_by_label("Card number").fill("4242")
    tab.click("#save")
    expect(tab.locator("#outcome")).to_contain_text("error validation_error incomplete_number")
    expect(card_frame(tab).get_by_role("alert").first).to_have_text("Your card number is incomplete.")
    assert api.setup_intents.retrieve(setup).status == "requires_payment_method"


def test_a_declined_card_leaves_the_intent_open_for_another(tab, shop, api, customer):
    setup = open_setup(tab, shop, api, customer)
    type_card(tab, "4000000000009995")
    tab.click("#save")
    expect(tab.locator("#outcome")).to_have_text("error card_error card_declined insufficient_funds")
    assert api.setup_intents.retrieve(setup).last_setup_error.decline_code == "insufficient_funds"

    card_frame(tab).get_by_label("Card number").fill("5555555555554444")
    tab.click("#save")
    expect(tab.locator("#outcome")).to_contain_text("succeeded")
    assert api.setup_intents.retrieve(setup, {"expand": ["payment_method"]}).payment_method.card.brand == "mastercard"


def test_a_card_that_wants_3d_secure_is_saved_after_the_challenge(tab, shop, api, customer, pay):
    setup = open_setup(tab, shop, api, customer)
    type_card(tab, "4000002500003155")
    tab.click("#save")
    bank(tab).get_by_role("button", name="Complete authentication").click()
    expect(tab.locator("#outcome")).to_contain_text("succeeded")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    intent = api.setup_intents.retrieve(setup)
    assert intent.status == "succeeded"
    assert pay(intent.payment_method).status == "succeeded"
    assert tab.evaluate("violations") == []


def test_a_failed_challenge_saves_nothing(tab, shop, api, customer):
    setup = open_setup(tab, shop, api, customer)
    type_card(tab, "4000002500003155")
    tab.click("#save")
    bank(tab).get_by_role("button", name="Fail authentication").click()
    expect(tab.locator("#outcome")).to_contain_text("error invalid_request_error setup_intent_authentication_failure")
    assert api.setup_intents.retrieve(setup).status == "requires_payment_method"
    assert api.customers.payment_methods.list(customer.id).data == []


def test_without_if_required_the_page_goes_to_the_return_address(tab, shop, api, customer):
    setup = open_setup(tab, shop, api, customer, redirect="always")
    type_card(tab, "4242424242424242")
    tab.click("#save")
    tab.wait_for_url(re.compile("/done"))
    query = parse_qs(urlsplit(tab.url).query)
    assert query["setup_intent"] == [setup]
    assert query["redirect_status"] == ["succeeded"]
    assert query["setup_intent_client_secret"] == [api.setup_intents.retrieve(setup).client_secret]


def test_a_renewal_that_needs_the_customer_is_recovered_on_the_same_intent(tab, shop, api, set_up, pay, sandbox):
    method = set_up("pm_card_authenticationRequired")
    with pytest.raises(Exception, match="requires authentication") as refused:
        pay(method)
    intent = refused.value.error.payment_intent
    tab.goto(f"{shop}/?secret={intent.client_secret}&method={method}")
    tab.click("#pay")
    bank(tab).get_by_role("button", name="Complete authentication").click()
    expect(tab.locator("#outcome")).to_have_text(f"succeeded {method}")
    assert api.payment_intents.retrieve(intent.id).amount_received == 1990


def test_the_frame_speaks_the_shops_language_and_offers_the_test_cards(tab, shop, api, customer):
    open_setup(tab, shop, api, customer, locale="it")
    frame = card_frame(tab)
    expect(frame.get_by_label("Numero carta")).to_be_visible()
    frame.get_by_text("Sandbox: nessuna carta").click()
    frame.get_by_role("button", name="4242 4242 4242 4242").click()
    tab.click("#save")
    expect(tab.locator("#outcome")).to_contain_text("succeeded")
