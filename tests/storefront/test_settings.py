"""The settings page: who one is, marketing with its history, open sign-ins."""

import pytest
from django.test import Client

from apps.accounts.models import Consent
from tests.factories import accounts
from tests.factories import memberships as make
from tests.storefront.pages import nothing_changes, said, signed_in

pytestmark = pytest.mark.django_db
SETTINGS = "/account/settings/"
WANTED = {"name": "Anna Bianchi", "locale": "en", "currency": "USD", "time_zone": "America/New_York"}


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)


def browser_of(user, agent: str) -> Client:
    """A browser in which the customer signed in by the form."""
    browser = Client(headers={"user-agent": agent})
    answer = browser.post("/accounts/login/", {"login": user.email, "password": accounts.PASSWORD})
    assert answer.status_code == 302
    return browser


def test_what_is_saved(gateway, now):
    member = make.member(gateway, now=now)
    browser = signed_in(member.customer)
    with nothing_changes():
        assert browser.get(SETTINGS).status_code == 200
    assert said(browser.post(SETTINGS, WANTED, follow=True)) == ["Saved."]
    user = member.customer
    user.refresh_from_db()
    assert {name: getattr(user, name) for name in WANTED} == WANTED
    member.refresh_from_db()
    assert (member.zone, member.price.currency) == ("Europe/Rome", "EUR")


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 151}, {"locale": "tlh"}, {"currency": "XXX"}, {"time_zone": "Mars/Base"}]
)
def test_bad_input_changes_nothing(wrong):
    browser = signed_in(accounts.customer())
    with nothing_changes():
        page = browser.post(SETTINGS, WANTED | wrong)
    assert page.status_code == 400
    assert 'class="errorlist"' in page.content.decode()


def test_marketing_on_and_off_with_its_history():
    user = accounts.customer()
    browser = signed_in(user)
    browser.post(f"{SETTINGS}marketing/", {"granted": "yes"})
    browser.post(f"{SETTINGS}marketing/", {"granted": "yes"})
    user.refresh_from_db()
    assert user.accepts_marketing
    answer = browser.post(f"{SETTINGS}marketing/", {"granted": "no"}, follow=True)
    assert said(answer)[-1] == "You get no more marketing mail."
    history = list(Consent.objects.order_by("pk").values_list("kind", "granted", "source"))
    assert history == [("marketing", True, "account"), ("marketing", False, "account")]
    assert answer.content.decode().count("Marketing mail, ") == 2


def test_sign_out_everywhere_else():
    user = accounts.customer()
    here, there = browser_of(user, "Firefox at home"), browser_of(user, "Chrome at work")
    stranger = browser_of(accounts.customer(), "Safari")
    page = here.get(SETTINGS).content.decode()
    assert "Chrome at work" in page
    assert "Safari" not in page
    here.post(f"{SETTINGS}sessions/")
    assert here.get(SETTINGS).status_code == 200
    assert there.get(SETTINGS).status_code == 302
    assert stranger.get(SETTINGS).status_code == 200


def test_signed_out(client):
    with nothing_changes():
        for address in (SETTINGS, f"{SETTINGS}marketing/", f"{SETTINGS}sessions/"):
            assert client.post(address).url.startswith("/accounts/login/")
