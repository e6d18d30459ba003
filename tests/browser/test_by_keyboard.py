"""Joining and leaving with the keyboard alone: everything is reached with Tab, and one sees where one is."""

from playwright.sync_api import Page, expect

from apps.memberships.models import Subscription
from tests.factories.accounts import PASSWORD

from . import people

_MOST_STEPS = 80
_NAME = """() => {
    const here = document.activeElement;
    const label = here.labels && here.labels.length ? here.labels[0].innerText : "";
    return (here.getAttribute("aria-label") || label || here.title || here.innerText || here.value || "").trim();
}"""
# Drawn by the thing itself, or around it by what it lies in.
_IS_SEEN = """() => {
    const drawn = part => {
        const style = getComputedStyle(part);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
    };
    const here = document.activeElement;
    return here.tagName === "IFRAME" || drawn(here) || drawn(here.parentElement);
}"""


def go_to(page: Page, name: str) -> None:
    """Press Tab until what is called `name` has the focus; wherever the focus is on the way, it is seen."""
    for _step in range(_MOST_STEPS):
        page.keyboard.press("Tab")
        assert page.evaluate(_IS_SEEN), f"The focus is not seen on {page.evaluate(_NAME)!r} at {page.url}"
        if page.evaluate(_NAME).startswith(name):
            return
    raise AssertionError(f"{name!r} is not reached with Tab at {page.url}")


def type_into(page: Page, name: str, text: str) -> None:
    go_to(page, name)
    page.keyboard.type(text)


def choose(page: Page, name: str, *, then: str) -> None:
    """Press Enter on a link or a button, and wait for the page it leads to."""
    go_to(page, name)
    with page.expect_navigation(url=then):
        page.keyboard.press("Enter")


def test_joining_and_leaving(shop, open_page):
    user = people.customer(shop, name="Klara Key")
    page = open_page("/pricing/")
    go_to(page, "Skip to")
    choose(page, "Join Grove", then="**/accounts/login/**")
    type_into(page, "Email", user.email)
    type_into(page, "Password", PASSWORD)
    with page.expect_navigation(url="**/join/grove/month/"):
        page.keyboard.press("Enter")
    go_to(page, "I agree")
    page.keyboard.press("Space")
    choose(page, "Go on to the card", then="**/join/pay/**")
    expect(page.locator('iframe[title="Secure payment input frame"]')).to_be_visible()
    page.wait_for_load_state("networkidle")
    go_to(page, "Secure payment input frame")
    for typed in (people.GOOD_CARD, "1235", "123"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    go_to(page, "Subscribe and pay")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Grove")
    joined = Subscription.objects.open().get(customer=user)

    page.goto("/account/")
    choose(page, "Cancel membership", then="**/account/membership/cancel/")
    choose(page, "Cancel now", then="**/account/")
    expect(page.get_by_text("Your membership is cancelled. We have sent you a confirmation.")).to_be_visible()
    joined.refresh_from_db()
    assert joined.ends_at == joined.current_end
