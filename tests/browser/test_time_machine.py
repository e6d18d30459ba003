"""Step 7: staff move the shop's clock, and see what the workers did on the way."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from apps.billing.models import Invoice
from apps.core.models import ClockJourney
from apps.core.periods import Interval, Unit, boundary
from apps.memberships.models import Subscription
from tests.stack import wait_for

from . import people, staff

DAY = timedelta(days=1)
# How far the clock may run on while a test looks at it.
SOON = timedelta(minutes=10)


@pytest.fixture
def machine(shop, open_page) -> Page:
    """A member of staff before the time machine."""
    page = open_page(width=1440)
    staff.enter(page, staff.manager(shop))
    page.get_by_role("link", name="Time machine").click()
    expect(page.get_by_role("heading", name="Shop time")).to_be_visible()
    return page


def go(page: Page, by: str) -> ClockJourney:
    """Press the button and wait until the page says that the shop has arrived."""
    before = ClockJourney.objects.count()
    page.get_by_role("button", name=by).click()
    wait_for(lambda: ClockJourney.objects.filter(finished_at__isnull=False).count() == before + 1)
    expect(page.get_by_text("Arrived.")).to_be_visible()
    journey = ClockJourney.objects.latest("pk")
    assert (journey.error, journey.reached >= journey.target) == ("", True)
    return journey


def shown_time(page: Page) -> datetime:
    return datetime.fromisoformat(page.locator(".bo-clock time").get_attribute("datetime"))


def test_a_day_a_month_and_the_next_event(shop, machine, snap):
    joined = people.member(shop, "grove")
    start = shown_time(machine)
    journey = go(machine, "+1 day")
    assert journey.target - journey.origin == DAY
    assert timedelta(0) <= shown_time(machine) - start - DAY < SOON
    assert Invoice.objects.of(joined.customer).count() == 1

    journey = go(machine, "+1 month")
    assert journey.target == boundary(journey.origin, 1, Interval(Unit.MONTH), "UTC")
    done = machine.locator("section", has_text="What the workers did").first
    expect(done).to_contain_text(re.compile(r"[1-9]\d* renewals? billed"))
    expect(done).to_contain_text(re.compile(r"[1-9]\d* payments? tried"))
    snap(machine, "month")
    renewal = Invoice.objects.of(joined.customer).get(reason="renewal")
    joined.refresh_from_db()
    late = renewal.issued_at - joined.current_start
    assert timedelta(0) <= late < timedelta(minutes=1), "Billed at its own time, not when the clock arrived"
    assert (renewal.status, renewal.total_minor) == ("paid", 1200)
    assert people.charges(shop, joined.customer) == [("succeeded", 1200)] * 2

    machine.reload()
    text = machine.get_by_text(re.compile("Next event:")).inner_text()
    journey = go(machine, "To the next event")
    assert journey.target > journey.origin
    assert f"{journey.target:%H:%M}" in text
    assert shown_time(machine) >= journey.target


def test_dunning_happens_on_its_days_while_the_clock_flies(shop, machine, snap):
    joined = people.member(shop, "grove")
    user = joined.customer
    people.bank_says(shop, people.card_of(user), "insufficient_funds")
    go(machine, "+1 month")
    go(machine, "+1 month")

    invoice = Invoice.objects.of(user).get(reason="renewal")
    tried = list(invoice.payments.order_by("attempt").values_list("created_at", flat=True))
    days = [round((at - joined.current_end) / DAY, 2) for at in tried]
    assert days == [0, 1, 3, 5, 7]
    assert (invoice.status, Subscription.objects.get(pk=joined.pk).status) == ("uncollectible", "ended")
    assert people.charges(shop, user) == [("succeeded", 1200)] + [("failed", 1200)] * 5
    assert people.mails(user)[2:] == ["payment-failed", "payment-retry-reminder", "final-notice", "membership-ended"]
    snap(machine, "dunning")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_staff_pages_fit_the_screen(shop, open_page, snap, width, dark):
    joined = people.member(shop, "conservatory")
    page = open_page(width=width, dark=dark)
    staff.enter(page, staff.manager(shop))
    for name, address in {
        "overview": "/admin/",
        "customers": "/admin/accounts/user/",
        "story": f"/admin/accounts/user/{joined.customer.pk}/story/",
        "subscription": f"/admin/memberships/subscription/{joined.pk}/change/",
        "plan": f"/admin/memberships/plan/{joined.plan_id}/change/",
        "price": f"/admin/memberships/price/{joined.price_id}/change/",
        "new-version": f"/admin/memberships/price/{joined.price_id}/new-version",
        "invoices": "/admin/billing/invoice/",
        "mail": "/admin/mail/message/",
        "policy": "/admin/billing/dunningpolicy/",
        "time-machine": "/admin/core/clockjourney/time-machine/",
    }.items():
        assert page.goto(address).status == 200
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} scrolls sideways by {wide} pixels"
        snap(page, name)
