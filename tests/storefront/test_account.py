"""The account's hub and the invoices."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.billing import invoices
from apps.billing.models import Invoice
from apps.memberships import services
from apps.memberships.gifts import redeeming
from apps.memberships.models import Subscription
from apps.offers import services as offers
from tests.factories import accounts, billing, gifts
from tests.factories import memberships as make
from tests.factories import offers as offering
from tests.storefront.pages import nothing_changes, signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HUB_QUERIES = 15


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def member(gateway, now) -> Subscription:
    return make.member(gateway, "grove", now=now)


def bill(member: Subscription, count: int, *, now) -> list[Invoice]:
    return invoices.issue([billing.draft(member.customer, now=now) for _each in range(count)], now=now)


def test_the_hub_shows_all_that_matters(member, now):
    page = signed_in(member.customer).get("/account/").content.decode()
    number = Invoice.objects.get().number
    for fact in (
        "Grove",
        "Active",
        "Member prices on trees, pots and tools",
        "<strong>€12.00</strong> on 10 April 2026",
        "€12.00 a month",
        "Visa •••• 4242",
        "valid until 12/2099",
        '<strong class="figure">75</strong> points, worth €0.75',
        number,
        "Cancel membership",
    ):
        assert fact in page, fact


@pytest.mark.parametrize("count", [2, 39])
def test_the_hub_costs_the_same_whatever_the_history(member, now, count, django_assert_num_queries):
    bill(member, count, now=now)
    browser = signed_in(member.customer)
    browser.get("/account/")
    with django_assert_num_queries(HUB_QUERIES):
        browser.get("/account/")


def test_the_hub_with_an_offer_costs_the_same_the_second_time(gateway, now, django_assert_num_queries, time_machine):
    user = offering.customer_in("treatment", "upgrade")
    make.member(gateway, "grove", now=now, user=user)
    offering.opened(user, 3, 3, at=now + DAY)
    time_machine.move_to(now + 2 * DAY, tick=False)
    offers.suggest_upgrades(now=now + 2 * DAY)
    browser = signed_in(user)
    page = browser.get("/account/").content.decode()
    assert "Move up to Conservatory" in page
    assert "You opened 2 guides in the last 30 days that Conservatory unlocks." in page
    with CaptureQueriesContext(
        connection,
    ) as first:
        browser.get("/account/")
    with CaptureQueriesContext(connection) as second:
        browser.get("/account/")
    assert len(first) == len(second)


def test_somebody_without_a_membership(django_assert_num_queries):
    browser = signed_in(accounts.customer())
    page = browser.get("/account/").content.decode()
    assert "You are not a member yet" in page
    assert "No invoices yet." in page
    assert "No card is saved." in page


def test_a_free_member_sees_what_joining_costs(now, time_machine):
    user = offering.customer_in("treatment", "upgrade")
    make.free_member(now=now, user=user)
    offering.opened(user, 2, 2, at=now + DAY)
    time_machine.move_to(now + 2 * DAY, tick=False)
    offers.suggest_upgrades(now=now + 2 * DAY)
    browser = signed_in(user)
    page = browser.get("/account/").content.decode()
    assert "Move up to Grove" in page
    assert "<strong>€12.00 a month</strong>" in page


def test_a_cancelled_membership_says_until_when(member, now):
    services.request_cancel(member.pk, customer=member.customer, now=now)
    page = signed_in(member.customer).get("/account/").content.decode()
    assert "ends on <strong>10 April 2026</strong>" in page
    assert "Undo the cancellation" in page
    assert "Next charge" not in page


def test_invoices_come_in_pages(member, now):
    bill(member, 29, now=now)
    browser = signed_in(member.customer)
    first, second = browser.get("/account/invoices/"), browser.get("/account/invoices/?page=2")
    assert [len(page.context["page"].object_list) for page in (first, second)] == [24, 6]
    assert "?page=2" in first.content.decode()
    for page in ("0", "99", "x"):
        assert browser.get(f"/account/invoices/?page={page}").status_code == 200


@pytest.mark.parametrize("count", [1, 23])
def test_the_list_of_invoices_costs_the_same_whatever_its_length(member, now, count, django_assert_num_queries):
    bill(member, count, now=now)
    browser = signed_in(member.customer)
    browser.get("/account/")
    with django_assert_num_queries(6):
        browser.get("/account/invoices/")


def test_an_invoice_explains_every_line(member):
    number = Invoice.objects.get().number
    page = signed_in(member.customer).get(f"/account/invoices/{number}/").content.decode()
    for fact in (number, "Grove", "€12.00", "€2.16", "22 %", "€9.84", "10 Mar 2026", "Visa •••• 4242", "succeeded"):
        assert fact in page, fact


def test_another_customers_invoice_is_not_found(member, gateway, now):
    theirs = make.member(gateway, "estate", now=now)
    number = Invoice.objects.get(customer=theirs.customer).number
    browser = signed_in(member.customer)
    with nothing_changes():
        for address in (f"/account/invoices/{number}/", "/account/invoices/nonsense/", "/account/invoices/%00/"):
            assert browser.get(address).status_code == 404
    assert number not in browser.get("/account/invoices/").content.decode()


def test_signed_out_leads_to_the_sign_in_page(client, member):
    number = Invoice.objects.get().number
    for address in ("/account/", "/account/invoices/", f"/account/invoices/{number}/"):
        assert client.get(address).url == f"/accounts/login/?next={address}"


def test_reading_pages_take_no_post(member):
    browser = signed_in(member.customer)
    number = Invoice.objects.get().number
    with nothing_changes():
        for address in ("/account/", "/account/invoices/", f"/account/invoices/{number}/"):
            assert browser.post(address).status_code == 405


def test_a_gift_says_when_it_ends_and_leads_to_the_plans(gateway, now):
    user = accounts.customer()
    redeeming.redeem(gifts.bought(gateway, now=now).code, customer=user, shown="starts", now=now)
    page = signed_in(user).get("/account/").content.decode()
    assert "Your gift lasts until <strong>10 June 2026</strong>" in page
    assert "nothing renews, and nothing is charged" in page
    assert 'href="/pricing/"' in page.partition('aria-labelledby="membership"')[2].partition("</section>")[0]
    assert "/account/membership/change/" not in page


@pytest.mark.parametrize(("periods", "label"), [(2, "Change plan"), (1, "Choose how to go on")])
def test_an_agreed_term_can_be_changed_and_cancelled(gateway, now, periods, label):
    price = make.special_price(term_periods=periods)
    user = make.join(gateway, price, now=now).customer
    page = signed_in(user).get("/account/").content.decode()
    assert label in page
    assert "/account/membership/change/" in page
    assert "/account/membership/cancel/" in page
