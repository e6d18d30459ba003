"""Points into credit through the page."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.billing.models import CreditEntry
from apps.loyalty import services as loyalty
from apps.loyalty.models import PointsAccount
from apps.memberships.models import Subscription
from tests.factories import accounts
from tests.factories import memberships as make
from tests.storefront.pages import nothing_changes, said, signed_in

pytestmark = pytest.mark.django_db
POINTS = "/account/points/"


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def member(gateway, now) -> Subscription:
    """A Grove member: 75 points from the first invoice, and 425 more."""
    member = make.member(gateway, "grove", now=now)
    loyalty.earn(member.customer_id, points=425, key="more", reason="A gift", now=now)
    return member


def once(browser) -> str:
    return str(browser.get(POINTS).context["form"]["once"].value())


def test_points_become_credit_and_the_next_charge_is_lower(member):
    browser = signed_in(member.customer)
    page = browser.get(POINTS).content.decode()
    assert "You have 500 points, worth €5.00." in page
    page = browser.post(POINTS, {"points": "300", "once": once(browser)}, follow=True)

    assert said(page) == ["€3.00 are taken off your next invoice."]
    text = page.content.decode()
    assert "<strong>€9.00</strong> on 10 April 2026" in text
    assert "(€12.00 less €3.00 credit)" in text
    assert '<strong class="figure">200</strong> points, worth €2.00' in text
    assert CreditEntry.objects.get().amount_minor == 300
    assert PointsAccount.objects.balance_of(member.customer) == 200


def test_a_doubled_click_takes_them_once(member):
    browser = signed_in(member.customer)
    form = {"points": "300", "once": once(browser)}
    browser.post(POINTS, form)
    with nothing_changes():
        # Even with another number typed into the same page, the message tells what really happened.
        page = browser.post(POINTS, form | {"points": "100"}, follow=True)
    assert said(page)[-1] == "€3.00 are taken off your next invoice."


@pytest.mark.parametrize("points", ["0", "-1", str(10**9), "abc", "", "1.5", "1e2", "501", "9" * 5000, "\x00"])
def test_a_bad_number_takes_nothing(member, points):
    browser = signed_in(member.customer)
    token = once(browser)
    with nothing_changes():
        page = browser.post(POINTS, {"points": points, "once": token})
    assert page.status_code == 400
    assert 'class="errorlist"' in page.content.decode()


@pytest.mark.parametrize("key", ["", "again", "1" * 5000])
def test_a_form_that_is_not_ours(member, key):
    browser = signed_in(member.customer)
    with nothing_changes():
        assert browser.post(POINTS, {"points": "10", "once": key}).status_code == 400


def test_points_past_their_day_do_not_count(member, now, time_machine):
    """The sweep may not have come to them yet."""
    later = now + timedelta(days=731)
    time_machine.move_to(later, tick=False)
    browser = signed_in(member.customer)
    with nothing_changes():
        page = browser.post(POINTS, {"points": "10", "once": str(uuid4())})
    assert page.status_code == 400
    assert "You have 0 points." in page.content.decode()


def test_without_points(client):
    browser = signed_in(accounts.customer())
    assert "No points yet" in browser.get(POINTS).content.decode()
    with nothing_changes():
        page = browser.post(POINTS, {"points": "1", "once": str(uuid4())})
        assert page.status_code == 400
        assert "You have 0 points." in page.content.decode()
        assert client.post(POINTS).url == f"/accounts/login/?next={POINTS}"
