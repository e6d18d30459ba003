"""Step 1: a visitor looks around, opens an account, and keeps it safe."""

import re
import time
from itertools import count

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from apps.accounts.models import User
from tests.stack import wait_for

from . import looks, people

PASSWORD, NEW_PASSWORD = "tall-lemon-tree-42", "old-orange-grove-77"
PERIOD = 30
_numbers = count(1)


def sign_up(page: Page) -> str:
    """Fill in the form on the open page; returns the address."""
    email = f"visitor{next(_numbers)}@example.com"
    page.get_by_label("Name").fill("Vera Visitor")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign Up").click()
    page.wait_for_url("**/accounts/confirm-email/")
    return email


def follow_letter(page: Page, email: str, subject: str, start: str) -> None:
    """Open the mailbox, the newest letter with this subject, and the link in it whose path begins with `start`."""

    def arrived() -> bool:
        page.goto(f"/demo/mailbox/?to={email}")
        return page.get_by_role("link", name=re.compile(subject)).count() > 0

    wait_for(arrived)
    page.get_by_role("link", name=re.compile(subject)).first.click()
    letter = page.frame_locator('iframe[title="The letter"]')
    page.goto(letter.locator(f'a[href*="{start}"]').first.get_attribute("href"))


def code(secret: str) -> str:
    """What the authenticator app shows; never one that is about to change."""
    while PERIOD - time.time() % PERIOD < 8:
        time.sleep(0.5)
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD))


def test_looking_around(shop, open_page, snap):
    page = open_page()
    looks.check(page, "home", snap)
    page.get_by_role("link", name="Trees").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("rees")
    looks.check(page, "category", snap)
    page.get_by_text("Narrow the shelf").click()
    with page.expect_response(re.compile("stock=on")):
        page.get_by_label("In stock").check()
    expect(page).to_have_url(re.compile("stock=on"))
    looks.check(page, "narrowed", snap)

    search = page.get_by_role("searchbox", name="Search the shop")
    search.fill("lemmon")
    search.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Did you mean one of these?")
    looks.check(page, "search", snap)
    page.get_by_role("link", name="Lemon ‘Femminello’").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lemon ‘Femminello’")
    picture = page.locator(".product__art img")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    looks.check(page, "product", snap)

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Membership").click()
    expect(page.get_by_text("€12.00").first).to_be_visible()
    looks.check(page, "pricing-monthly", snap)
    page.get_by_role("link", name=re.compile("Yearly")).click()
    expect(page.get_by_text("€120.00").first).to_be_visible()
    looks.check(page, "pricing-yearly", snap)


def test_opening_an_account_on_the_way_to_a_plan(shop, open_page, snap):
    page = open_page("/pricing/")
    page.get_by_role("link", name="Join Grove").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign In")
    looks.check(page, "sign-in", snap)
    page.get_by_role("link", name="sign up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign Up")
    looks.check(page, "sign-up", snap)
    email = sign_up(page)
    looks.check(page, "confirm-your-address", snap)
    user = User.objects.get(email=email)
    assert not User.objects.verified().filter(pk=user.pk).exists()

    follow_letter(page, email, "onfirm", "/accounts/confirm-email/")
    page.get_by_role("button", name="Confirm").click()
    # Back where they wanted to go, signed in.
    page.wait_for_url("**/join/grove/month/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Join Grove")
    assert User.objects.verified().filter(pk=user.pk).exists()


def test_a_forgotten_password(shop, open_page):
    user = people.customer(shop)
    page = open_page("/accounts/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill(user.email)
    page.get_by_role("button", name="Reset My Password").click()
    follow_letter(page, user.email, "assword", "/accounts/password/reset/key/")
    page.get_by_label("New Password", exact=True).fill(NEW_PASSWORD)
    again = page.get_by_label("New Password (again)")
    if again.count():
        again.fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change Password").click()
    page.wait_for_url("**/reset/key/done/")
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)

    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(people.PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_text("The email address and/or password you specified are not correct.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url("**/account/")


def test_signing_in_with_a_second_factor(shop, open_page, snap):
    user = people.customer(shop)
    page = open_page()
    people.sign_in(page, user)
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("link", name="Two-factor sign-in").first.click()
    looks.check(page, "two-factor", snap)
    page.get_by_role("link", name="Activate").first.click()
    # Who sits at an open browser cannot change how its owner signs in.
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm Access")
    page.get_by_label("Password", exact=True).fill(people.PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Authenticator")
    looks.check(page, "authenticator", snap)
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(code(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()

    page = open_page("/accounts/login/?next=/account/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(people.PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url("**/accounts/2fa/authenticate/**")
    looks.check(page, "second-factor", snap)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_text("Incorrect code.")).to_be_visible()
    page.get_by_label("Code").fill(code(secret))
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url("**/account/")
