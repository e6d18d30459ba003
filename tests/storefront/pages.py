"""Customers in front of the shop's pages, and what a refusal must leave alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from apps.billing.gateway.behaviours import Rule
from apps.billing.gateway.rehearsal import Rehearsal
from apps.memberships.models import Signup


def signed_in(user: User) -> Client:
    """A browser in which this customer is signed in."""
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def said(response: HttpResponse) -> list[str]:
    """The messages on the page that a redirect leads to, or on this one."""
    return [str(message) for message in response.context["messages"]]


def sent_to(response: HttpResponse) -> str:
    """Where a followed response ended up."""
    return response.redirect_chain[-1][0]


@contextmanager
def nothing_changes() -> Iterator[None]:
    """Every row of every table of the shop is the same afterwards."""
    before = _rows()
    yield
    after = _rows()
    assert {table for table in before if before[table] != after[table]} == set()


def _rows() -> dict[str, tuple]:
    """For each table of the shop, its number of rows and a fingerprint of all they hold."""
    ours = [
        model for config in apps.get_app_configs() if config.name.startswith("apps.") for model in config.get_models()
    ]
    tables = sorted({model._meta.db_table for model in ours})
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t")
            found[table] = cursor.fetchone()
    return found


def agree(browser: Client, plan: str = "grove", interval: str = "month", *, query: str = "") -> Signup:
    """Read the review page, tick the box, go on to the card."""
    address = f"/join/{plan}/{interval}/{query}"
    page = browser.get(address)
    answer = browser.post(address, {"shown": page.context["form"].fingerprint, "agree": "on"})
    assert answer.status_code == 302, answer.content.decode()
    return Signup.objects.get(token=answer.url.split("/")[-2])


def open_card_page(browser: Client, begun: Signup) -> str:
    """Open the card page; returns the id of the card set-up it made."""
    page = browser.get(f"/join/pay/{begun.token}/")
    assert page.status_code == 200
    return page.context["client_secret"].removesuffix("_secret")


def enter_card(browser: Client, begun: Signup, gateway: Rehearsal, *, script: tuple[Rule, ...] = ()) -> HttpResponse:
    """Type a card into the card page and send it; returns the page it leads to."""
    setup_id = open_card_page(browser, begun)
    gateway.save_card(setup_id, script=script)
    return browser.post(f"/join/pay/{begun.token}/", {"setup_intent": setup_id}, follow=True)
