"""What staff do in the back office."""

import re
from itertools import count

from playwright.sync_api import Page

from apps.accounts.models import User
from tests.factories import accounts
from tests.stack import Stack

from . import people

_numbers = count(1)


def manager(shop: Stack) -> User:
    """Somebody who may do everything."""
    return accounts.staff(email=f"manager{next(_numbers)}@example.com", name="Marta Verdi", joined_at=shop.now())


def enter(page: Page, user: User) -> None:
    """Into the back office, through the shop's own login."""
    page.goto("/admin/")
    page.wait_for_url(re.compile("/accounts/login/"))
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(people.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/admin/$"))


def search(page: Page, address: str, words: str) -> None:
    """Search a list of the back office."""
    page.goto(address)
    page.locator("#changelist-search input[type=text], #changelist-search input[type=search]").first.fill(words)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"[?&]q="))
