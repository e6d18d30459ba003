"""Step 7: what is agreed stays as it is: prices and policies get new versions, and old members keep the old one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from apps.billing import dunning
from apps.billing.models import DunningPolicy, Recovery
from apps.memberships.models import Price, Subscription
from tests.stack import wait_for

from . import people, staff


@pytest.fixture
def office(shop, open_page) -> Page:
    """A member of staff, signed in, before the overview."""
    page = open_page()
    staff.enter(page, staff.manager(shop))
    return page


def test_a_price_is_never_edited_and_its_new_version_is_for_new_members(shop, office, open_page, snap):
    # In dollars by the year, which no other story here is about.
    early = people.member(shop, "estate", unit="year", user=people.customer(shop, currency="USD"))
    old = early.price
    assert (old.version, old.amount_minor, old.currency) == (1, 64000, "USD")

    office.goto(f"/admin/memberships/price/{old.pk}/change/")
    expect(office.locator("#price_form")).to_contain_text("$640.00")
    expect(office.locator("#price_form input:not([type=hidden])")).to_have_count(0)
    snap(office, "price")
    cookies = {cookie["name"]: cookie["value"] for cookie in office.context.cookies()}
    refused = office.request.post(
        f"/admin/memberships/price/{old.pk}/change/",
        form={"csrfmiddlewaretoken": cookies["csrftoken"], "amount_minor": "1", "plan": str(old.plan_id)},
        headers={"Referer": f"{shop.url}/admin/", "Origin": shop.url},
    )
    assert refused.status == 403
    assert Price.objects.filter(plan=old.plan, currency="USD").count() == 2
    old.refresh_from_db()
    assert (old.amount_minor, old.closed_at) == (64000, None)

    office.get_by_role("link", name="New version").click()
    office.get_by_label("New amount").fill("690.001")
    office.get_by_role("button", name="Put on sale").click()
    expect(office.get_by_text("USD has no such small unit.")).to_be_visible()
    office.get_by_label("New amount").fill("690")
    snap(office, "new-version")
    office.get_by_role("button", name="Put on sale").click()
    expect(office.get_by_text("is on sale now. Members on the old price keep it.")).to_be_visible()

    new = Price.objects.get(plan=old.plan, currency="USD", interval_unit="year", version=2)
    old.refresh_from_db()
    assert new.amount_minor == 69000
    assert new.available_from == old.closed_at
    assert Subscription.objects.get(pk=early.pk).price_id == old.pk
    late = people.member(shop, "estate", unit="year", user=people.customer(shop, currency="USD"))
    assert late.price_id == new.pk
    assert people.charges(shop, early.customer) == [("succeeded", 64000)]
    assert people.charges(shop, late.customer) == [("succeeded", 69000)]

    page = open_page()
    people.sign_in(page, early.customer)
    expect(page.get_by_text("$640.00 a year")).to_be_visible()


@pytest.fixture
def policy_kept(shop) -> Iterator[DunningPolicy]:
    """The policy in force, which is in force again afterwards."""
    before = DunningPolicy.objects.default()
    yield before
    days = {"retry_days": before.retry_days, "mail_days": before.mail_days, "grace_days": before.grace_days}
    dunning.new_policy_version(before.name, is_current=True, now=shop.now(), **days)


def test_a_changed_dunning_policy_is_a_new_version_for_new_recoveries(shop, office, policy_kept, snap):
    joined = people.member(shop, "grove")
    people.bank_says(shop, people.card_of(joined.customer), "insufficient_funds")
    invoice = people.renewal_due(shop, joined)
    wait_for(lambda: Recovery.objects.open().filter(invoice=invoice).exists())

    office.goto(f"/admin/billing/dunningpolicy/{policy_kept.pk}/change/")
    office.locator("#id_retry_days").fill("5, 2")
    office.get_by_role("button", name="Save", exact=True).click()
    expect(office.get_by_text("Give rising whole days from 1 to 60")).to_be_visible()
    assert DunningPolicy.objects.default().pk == policy_kept.pk
    office.locator("#id_retry_days").fill("2, 5")
    office.locator("#id_mail_days").fill("4")
    snap(office, "policy")
    office.get_by_role("button", name="Save", exact=True).click()
    office.wait_for_url("**/admin/billing/dunningpolicy/")
    snap(office, "policies")

    new = DunningPolicy.objects.default()
    assert (new.version, new.retry_days, new.mail_days, new.grace_days) == (policy_kept.version + 1, [2, 5], [4], 3)
    policy_kept.refresh_from_db()
    assert (policy_kept.retry_days, policy_kept.is_current) == ([1, 3, 5, 7], False)
    assert Recovery.objects.get(invoice=invoice).policy_id == policy_kept.pk
