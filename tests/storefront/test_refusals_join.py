"""Everything that joining refuses: clearly, and without changing anything."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from apps.billing import cards
from apps.billing import gateway as gateways
from apps.billing.gateway import GatewayUnavailable
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Card, Profile
from apps.memberships.models import Plan, Signup
from apps.memberships.services import new_price_version
from tests.factories import accounts, billing
from tests.factories import memberships as make
from tests.storefront.pages import agree, enter_card, nothing_changes, open_card_page, said, sent_to, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def anna():
    return accounts.customer()


@pytest.fixture
def browser(anna) -> Client:
    return signed_in(anna)


@pytest.mark.parametrize("address", ["/join/orchard/month/", "/join/grove/week/", "/join/grove/fortnight/"])
def test_what_is_not_sold_is_not_found(browser, address):
    with nothing_changes():
        assert browser.get(address).status_code == 404
        assert browser.post(address, {"agree": "on"}).status_code == 404


def test_a_closed_plan(browser):
    Plan.objects.filter(slug="grove").update(status="closed")
    with nothing_changes():
        page = browser.post("/join/grove/month/", {"agree": "on"}, follow=True)
    assert said(page) == ["This plan is not open to new members."]


def test_a_plan_closed_between_agreeing_and_paying(browser, gateway):
    begun = agree(browser)
    setup_id = open_card_page(browser, begun)
    gateway.save_card(setup_id)
    Plan.objects.filter(slug="grove").update(status="closed")
    with nothing_changes():
        page = browser.post(f"/join/pay/{begun.token}/", {"setup_intent": setup_id}, follow=True)
    assert said(page) == ["This plan is not on sale any more."]


def test_a_price_that_went_up_while_the_page_was_open(browser, now):
    """Consent is only taken for what was on the screen."""
    shown = browser.get("/join/grove/month/").context["form"].fingerprint
    new_price_version(make.price("grove"), amount_minor=1400, now=now)
    with nothing_changes():
        page = browser.post("/join/grove/month/", {"shown": shown, "agree": "on"}, follow=True)
    assert said(page) == ["Something has changed since you saw this page. Please look it over again."]
    assert "€14.00 today" in page.content.decode()
    assert " checked" not in page.content.decode()


@pytest.mark.parametrize("answer", [{}, {"agree": ""}, {"agree": "false"}])
def test_the_box_is_required(browser, answer):
    shown = browser.get("/join/grove/month/").context["form"].fingerprint
    with nothing_changes():
        page = browser.post("/join/grove/month/", {"shown": shown, **answer})
    assert page.status_code == 400
    assert "Please tick the box to agree before you go on." in page.content.decode()


@pytest.mark.parametrize("shown", ["", "0" * 64, "\x00"])
def test_a_consent_to_another_text(browser, shown):
    with nothing_changes():
        page = browser.post("/join/grove/month/", {"shown": shown, "agree": "on"}, follow=True)
    assert said(page) == ["Something has changed since you saw this page. Please look it over again."]


@pytest.mark.parametrize("country", ["JP", "it", "", "ZZ", "Italy"])
def test_a_country_the_shop_does_not_sell_to(browser, country):
    with nothing_changes():
        page = browser.post("/join/grove/month/", {"country": country}, follow=True)
    assert said(page) == ["We cannot sell to this country yet."]


def test_a_member_does_not_join_twice(gateway, now):
    member = make.member(gateway, "grove", now=now)
    browser = signed_in(member.customer)
    with nothing_changes():
        for address in ("/join/grove/month/", "/join/conservatory/year/", "/join/seedling/month/"):
            page = browser.post(address, {"agree": "on"}, follow=True)
            assert said(page) == ["You are a member of Grove already."]
            assert sent_to(page) == "/account/"


def test_a_free_member_does_not_join_free_again(now):
    browser = signed_in(make.free_member(now=now).customer)
    with nothing_changes():
        page = browser.post("/join/seedling/month/", follow=True)
    assert said(page) == ["You are a member already. You can change your plan in your account."]


def test_a_second_sign_up_in_another_tab(browser, gateway, anna):
    first, second = agree(browser), agree(browser, "conservatory")
    setup_id = open_card_page(browser, second)
    enter_card(browser, first, gateway)
    gateway.save_card(setup_id)

    with nothing_changes():
        page = browser.post(f"/join/pay/{second.token}/", {"setup_intent": setup_id}, follow=True)
        assert said(page) == ["You are a member already. You can change your plan in your account."]
        assert sent_to(page) == "/account/"
        page = browser.post(f"/join/pay/{second.token}/", {"card": Card.objects.get().pk}, follow=True)
        assert said(page) == ["You are a member already. You can change your plan in your account."]
        page = browser.get(f"/join/pay/{second.token}/", follow=True)
        assert said(page) == ["You are a member of Grove already."]


def test_a_card_set_up_that_is_not_this_sign_ups(browser, gateway, anna, now):
    begun = agree(browser)
    open_card_page(browser, begun)
    other = accounts.customer()
    foreign = cards.start_setup(other, purpose="membership", now=now).id
    own_but_other = cards.start_setup(anna, purpose="account", now=now).id
    for setup_id in (foreign, own_but_other):
        gateway.save_card(setup_id)
    with nothing_changes():
        for setup_id in (foreign, own_but_other, "seti_never_made", "", "x" * 5000):
            page = browser.post(f"/join/pay/{begun.token}/", {"setup_intent": setup_id})
            assert page.url == f"/join/pay/{begun.token}/", setup_id
    assert said(browser.get(page.url))[0] == (
        "This card set-up belongs to another account. Please enter your card again."
    )


def test_another_customers_set_up_on_a_sign_up_without_one(browser, gateway, now):
    """The card page was never opened, so that the sign-up knows no set-up to compare with."""
    begun = agree(browser)
    foreign = cards.start_setup(accounts.customer(), purpose="membership", now=now).id
    gateway.save_card(foreign)
    with nothing_changes():
        page = browser.post(f"/join/pay/{begun.token}/", {"setup_intent": foreign})
    assert page.url == f"/join/pay/{begun.token}/"


def test_an_unfinished_set_up(browser, gateway):
    begun = agree(browser)
    setup_id = open_card_page(browser, begun)
    with nothing_changes():
        browser.post(f"/join/pay/{begun.token}/", {"setup_intent": setup_id})
    page = browser.get(f"/join/pay/{begun.token}/")
    assert said(page) == ["Your card was not saved: your bank has not confirmed it yet, or declined it."]


def test_a_set_up_of_the_day_before(browser, gateway, time_machine, now):
    begun = agree(browser)
    setup_id = open_card_page(browser, begun)
    gateway.save_card(setup_id)
    time_machine.move_to(now + timedelta(hours=25), tick=False)
    with nothing_changes():
        browser.post(f"/join/pay/{begun.token}/", {"setup_intent": setup_id})
    page = browser.get(f"/join/pay/{begun.token}/")
    assert said(page) == ["This card set-up is too old. Please enter your card again."]


def test_the_set_up_of_a_card_that_was_removed(browser, gateway, anna, now):
    begun = agree(browser)
    setup_id = open_card_page(browser, begun)
    gateway.save_card(setup_id)
    cards.detach(anna, cards.complete_setup(anna, setup_id, now=now).pk, now=now)
    with nothing_changes():
        browser.post(f"/join/pay/{begun.token}/", {"setup_intent": setup_id})
    page = browser.get(f"/join/pay/{begun.token}/")
    assert said(page) == ["This card was removed in the meantime. Please enter your card again."]


def test_a_known_card_that_is_not_theirs(browser, gateway, now):
    begun = agree(browser)
    billing.payer(gateway, now=now)
    foreign = Card.objects.get().pk
    with nothing_changes():
        for card in (foreign, "0", "-1", "one", "9" * 30, "9" * 5000):
            page = browser.post(f"/join/pay/{begun.token}/", {"card": card})
            assert page.url == f"/join/pay/{begun.token}/"
    assert Signup.objects.get().subscription_id is None


def test_another_customers_sign_up(browser, gateway, now):
    theirs = agree(signed_in(accounts.customer()))
    done = make.join(gateway, make.price("grove"), now=now)
    billing.payer(gateway, now=now)
    with nothing_changes():
        for begun in (theirs, done):
            for address in (f"/join/pay/{begun.token}/", f"/join/done/{begun.token}/"):
                assert browser.get(address).status_code == 404
                assert browser.post(address, {"setup_intent": begun.setup_id or "", "card": "1"}).status_code == 404
        assert browser.get(f"/join/pay/{uuid4()}/").status_code == 404


def test_signed_out_leads_to_the_sign_in_page(client, gateway, now):
    begun = make.join(gateway, make.price("grove"), now=now)
    with nothing_changes():
        for address in ("/join/grove/month/", f"/join/pay/{begun.token}/", f"/join/done/{begun.token}/"):
            for answer in (client.get(address), client.post(address)):
                assert answer.url == f"/accounts/login/?next={address}"


class Silent(Rehearsal):
    """A gateway that does not answer."""

    def create_customer(self, **_facts) -> str:
        raise GatewayUnavailable("no answer")


def test_a_silent_gateway_says_so(browser):
    begun = agree(browser)
    with gateways.using(Silent()):
        page = browser.get(f"/join/pay/{begun.token}/")
    assert page.status_code == 503
    assert "Nothing was changed" in page.content.decode()
    assert Profile.objects.get().gateway_customer_id is None
    assert Signup.objects.get().setup_id is None
