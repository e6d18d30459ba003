"""Step 2: joining Grove with the sandbox's test cards, the good ones and the others."""

from hashlib import sha256

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.models import Consent
from apps.billing.models import Invoice, Payment, Profile
from apps.memberships.models import Signup, Subscription
from apps.memberships.services import closing

from . import looks, people

SETUP_3DS, ALWAYS_ASKS = "4000002500003155", "4000002760003184"
DECLINED_WHEN_CHARGED = "4000000000000341"


@pytest.fixture
def vera(shop):
    return people.customer(shop, name="Vera Visitor")


def to_the_card(page: Page, user) -> None:
    """Sign in on the way, agree, and wait for the card's fields."""
    people.sign_in(page, user, then="/join/grove/month/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on to the card").click()
    page.wait_for_url("**/join/pay/**")


def pay(page: Page, number: str) -> None:
    people.type_card(page, number)
    page.get_by_role("button", name="Subscribe and pay €12.00").click()


def expect_welcome(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Grove")


def is_member(user) -> bool:
    return Subscription.objects.open().filter(customer=user, plan__slug="grove", status="active").exists()


def charged(shop, user) -> list[tuple[str, int]]:
    """The customer's charges at the gateway; none before they came near a card."""
    return people.charges(shop, user) if Profile.objects.filter(user=user).exists() else []


def test_all_is_said_before_the_card_and_the_box_is_required(shop, open_page, snap, vera):
    page = open_page()
    people.sign_in(page, vera, then="/join/grove/month/")
    for fact in (
        "Charged today, tax included",
        "of which VAT at 22%",
        "€12.00 today",
        "renews every month until you cancel",
        "In your account, in three clicks, at any time",
    ):
        expect(page.get_by_role("region", name="What you pay")).to_contain_text(fact)
    assert page.locator("iframe").count() == 0
    box = page.get_by_role("checkbox")
    expect(box).not_to_be_checked()
    looks.check(page, "review", snap)

    # The browser itself refuses; and so does the shop when the browser is told not to.
    page.get_by_role("button", name="Go on to the card").click()
    expect(page).to_have_url(f"{shop.url}/join/grove/month/")
    page.locator("form.agreement").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    expect(page.get_by_text("Please tick the box to agree before you go on.")).to_be_visible()
    looks.check(page, "review-refused", snap)
    assert not Signup.objects.filter(customer=vera).exists()
    assert not Consent.objects.filter(user=vera, kind="subscription_terms").exists()

    said = page.locator("form.agreement label").inner_text()
    before = shop.now()
    box.check()
    page.get_by_role("button", name="Go on to the card").click()
    page.wait_for_url("**/join/pay/**")
    consent = Consent.objects.get(user=vera, kind="subscription_terms")
    assert (consent.text, consent.version, consent.granted) == (said, "2026-11", True)
    assert consent.text_hash == sha256(said.encode()).hexdigest()
    assert before <= consent.at <= shop.now()


def test_the_country_is_changed_on_the_page(shop, open_page, vera):
    page = open_page()
    people.sign_in(page, vera, then="/join/grove/month/")
    page.get_by_text("The VAT is that of Italy").click()
    page.get_by_label("Your country").select_option("Germany")
    page.get_by_role("button", name="Use this country").click()
    expect(page.get_by_text("of which VAT at 19%")).to_be_visible()
    expect(page.get_by_text("The VAT is that of Germany")).to_be_visible()


def test_a_good_card(shop, open_page, snap, vera):
    page = open_page()
    to_the_card(page, vera)
    people.type_card(page)
    looks.check(page, "card", snap)
    page.get_by_role("button", name="Subscribe and pay €12.00").click()
    expect_welcome(page)
    looks.check(page, "welcome", snap)
    assert is_member(vera)
    assert charged(shop, vera) == [("succeeded", 1200)]
    assert Invoice.objects.get(customer=vera).status == "paid"
    letter = people.mail(shop, vera, "membership-confirmation")
    assert "€12.00" in letter.text
    assert people.mail(shop, vera, "receipt").status == "sent"


def test_a_card_that_is_confirmed_when_it_is_saved(shop, open_page, snap, vera):
    page = open_page()
    to_the_card(page, vera)
    pay(page, SETUP_3DS)
    people.bank(page).get_by_role("button", name="Fail authentication").click()
    expect(page.locator("[data-problem]")).to_be_visible()
    snap(page, "failed-authentication")
    assert not is_member(vera)
    page.get_by_role("button", name="Subscribe and pay €12.00").click()
    people.bank(page).get_by_role("button", name="Complete authentication").click()
    # The card is saved. While the customer is there, its bank asks for each payment; not for the renewals.
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm with your bank")
    page.get_by_role("button", name="Confirm the payment").click()
    people.bank(page).get_by_role("button", name="Complete authentication").click()
    expect_welcome(page)
    assert is_member(vera)
    assert people.renewal_due(shop, Subscription.objects.current_of(vera)).status == "paid"


def test_a_card_that_asks_each_time(shop, open_page, snap, vera):
    page = open_page()
    to_the_card(page, vera)
    pay(page, ALWAYS_ASKS)
    bank = people.bank(page).get_by_role("button", name="Complete authentication")
    heading = page.get_by_role("heading", level=1, name="Confirm with your bank")
    expect(bank.or_(heading)).to_be_visible()
    if bank.is_visible():
        bank.click()
        expect(heading).to_be_visible()
    looks.check(page, "bank", snap)
    assert not is_member(vera)
    page.get_by_role("button", name="Confirm the payment").click()
    bank.click()
    expect_welcome(page)
    assert is_member(vera)
    assert [charge for charge in charged(shop, vera) if charge[0] == "succeeded"] == [("succeeded", 1200)]


@pytest.mark.parametrize(
    ("number", "words"),
    [("4000000000009995", "insufficient funds"), ("4000000000000002", "declined")],
    ids=["no-funds", "declined"],
)
def test_a_card_that_cannot_be_saved(shop, open_page, snap, vera, number, words):
    page = open_page()
    to_the_card(page, vera)
    pay(page, number)
    expect(page.locator("[data-problem]")).to_contain_text(words)
    looks.check(page, "refused", snap)
    assert not Subscription.objects.filter(customer=vera).exists()
    assert not Invoice.objects.filter(customer=vera).exists()
    assert charged(shop, vera) == []

    people.type_card(clear_card(page))
    page.get_by_role("button", name="Subscribe and pay €12.00").click()
    expect_welcome(page)
    assert is_member(vera)
    assert charged(shop, vera) == [("succeeded", 1200)]


def test_a_card_that_is_declined_when_it_is_charged(shop, open_page, snap, vera):
    page = open_page()
    to_the_card(page, vera)
    pay(page, DECLINED_WHEN_CHARGED)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your payment did not go through")
    looks.check(page, "declined", snap)
    assert not is_member(vera)
    assert Subscription.objects.get(customer=vera).status == "expired"
    assert Invoice.objects.get(customer=vera).status == "void"
    assert not Payment.objects.succeeded().filter(invoice__customer=vera).exists()
    assert charged(shop, vera) == [("failed", 1200)]

    page.get_by_role("link", name="Try another card").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on to the card").click()
    expect(page.get_by_role("heading", name="The card we know")).to_be_visible()
    looks.check(page, "card-known", snap)
    people.type_card(page)
    page.get_by_role("button", name="Subscribe and pay €12.00 with the new card").click()
    expect_welcome(page)
    assert is_member(vera)
    assert charged(shop, vera) == [("failed", 1200), ("succeeded", 1200)]


def test_who_comes_back_pays_with_the_known_card_in_one_click(shop, open_page):
    gone = people.member(shop, "grove")
    closing.end_now(gone.pk, reason="staff", now=shop.now())
    page = open_page()
    to_the_card(page, gone.customer)
    page.get_by_role("button", name="Subscribe and pay €12.00", exact=True).click()
    expect_welcome(page)
    assert charged(shop, gone.customer) == [("succeeded", 1200), ("succeeded", 1200)]


def clear_card(page: Page) -> Page:
    """Empty the card's fields before another card is typed."""
    frame = page.frame_locator('iframe[title="Secure payment input frame"]')
    for name in ("number", "expiry", "cvc"):
        frame.locator(f'input[name="{name}"]').fill("")
    return page
