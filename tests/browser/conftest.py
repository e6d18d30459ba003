"""Chromium against the running shop."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

from config.embedded import chromium
from tests import stack as stacks
from tests.conftest import clone_database

SCREENSHOTS = Path(settings.BASE_DIR) / ".data" / "screenshots"
# Playwright's synchronous API keeps an event loop in this thread, and Django would refuse to query under it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def shop(django_db_setup, django_db_blocker) -> Iterator[stacks.Stack]:
    """The running shop, stocked with plans and goods, for the tests of this folder; other tests must not meet it."""
    from apps.storefront.demo import stock

    with django_db_blocker.unblock(), clone_database() as name, stacks.demo_settings():
        stock.build(now=stacks.clock.now())
        with stacks.running(name) as stack:
            yield stack


# After the shop: the database handles of a thread are others once Playwright's loop runs in it.
@pytest.fixture(scope="package")
def browser(shop: stacks.Stack) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.path(),
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, shop: stacks.Stack) -> Iterator[Callable[..., Page]]:
    """Open a page of the shop in a fresh visitor's browser; console errors and policy violations fail the test."""
    contexts, complaints = [], []

    def opened(path: str = "/", *, width: int = 1280, dark: bool = False) -> Page:
        context = browser.new_context(
            base_url=shop.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale="en-GB",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _is_violation(message) else None)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _is_violation(message) -> bool:
    return message.type == "error" and "Content Security Policy" in message.text


@pytest.fixture
def snap(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep a picture of the page in .data/screenshots, for people to look at. They take time: with SCREENSHOTS=1."""
    if os.environ.get("SCREENSHOTS") != "1":
        return lambda page, name: None
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def shoot(page: Page, name: str) -> None:
        test = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
        page.screenshot(path=SCREENSHOTS / f"{test}-{name}.png", full_page=True)

    return shoot
