"""Step 4: a member whose behaviour gives a reason sees an upgrade offer; the price shown is the price charged."""

import re
from datetime import timedelta

import pytest
from django.utils.translation import override
from playwright.sync_api import expect

from apps.billing.models import Invoice, Payment
from apps.catalog.models import Product
from apps.memberships.models import Plan, Price, Subscription
from apps.offers import services as offers
from apps.offers.models import Offer, OfferPolicy
from tests.stack import wait_for

from . import looks, people
from .visits import EVERY_VISIT


@pytest.fixture
def everybody_sees_offers(shop):
    """No control group for upgrade offers while the test runs."""
    policy = OfferPolicy.objects.current("upgrade")
    holdout, policy.holdout_percent = policy.holdout_percent, 0
    offers.revise_policy(policy, now=shop.now())
    yield
    policy = OfferPolicy.objects.current("upgrade")
    policy.holdout_percent = holdout
    offers.revise_policy(policy, now=shop.now())


def test_an_offer_with_its_reason_and_its_exact_price(shop, open_page, snap, everybody_sees_offers):
    joined = people.member(shop, "grove")
    user = joined.customer
    people.travel(shop, joined.current_start + timedelta(days=10))
    page = open_page()
    people.sign_in(page, user)
    expect(page.get_by_text("A suggestion for you")).to_have_count(0)
    for guide in Product.objects.published().guides().filter(member_min_rank=3)[:2]:
        page.goto(guide.get_absolute_url())
        expect(page.get_by_role("heading", level=1)).to_have_text(guide.name)
    looks.check(page, "locked-guide", snap)

    shop.ring("offers.suggest")
    wait_for(Offer.objects.filter(customer=user).exists)
    page.goto("/account/")
    card = page.get_by_role("complementary", name="Move up to Conservatory")
    expect(card).to_contain_text("You opened 2 guides in the last 30 days that Conservatory unlocks.")
    expect(card).to_contain_text("today for the rest of this period, then €24.00 from")
    looks.check(page, "account-with-offer", snap)

    card.get_by_role("link", name="See what changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Move up to Conservatory")
    looks.check(page, "offer", snap)
    shown = page.locator("[data-due]").inner_text()
    lines = page.locator("table.lines tbody .num").all_inner_texts()
    page.get_by_role("button", name=f"Change now and pay {shown}").click()

    expect(page.get_by_text("You are now on Conservatory.")).to_be_visible()
    assert Subscription.objects.current_of(user).plan.slug == "conservatory"
    invoice = Invoice.objects.get(customer=user, reason="change")
    assert str(invoice.total) == str(invoice.due) == shown
    assert [str(line.amount) for line in invoice.lines.order_by("position")] == lines
    charge = Payment.objects.get(invoice=invoice)
    assert people.charges(shop, user) == [("succeeded", 1200), ("succeeded", charge.amount_minor)]
    assert str(charge.amount) == shown
    assert Offer.objects.get(customer=user).status == "accepted"
    expect(page.get_by_role("region", name="Conservatory")).to_contain_text(re.compile("€24.00 on"))


@EVERY_VISIT
def test_moving_up_by_oneself_with_a_bank_that_asks(shop, open_page, snap, visit):
    says = visit.says
    joined = people.member(shop, "grove", user=people.customer(shop, locale=visit.language))
    people.bank_says(shop, people.card_of(joined.customer), "authentication_required")
    page = open_page(width=visit.width)
    people.sign_in(page, joined.customer, then="/account/membership/change/", visit=visit)
    wanted = Price.objects.offered(Plan.objects.get(slug="conservatory"), currency="EUR", unit="month", now=shop.now())
    page.locator(f"a[href$='?price={wanted.pk}']").click()
    looks.check(page, "change", snap)
    page.set_viewport_size({"width": visit.width, "height": 900})
    shown = page.locator("[data-due]").inner_text()
    page.get_by_role("button", name=says("Change now and pay %(amount)s", amount=shown)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(says("Confirm with your bank"))
    expect(
        page.get_by_text(says("Your bank wants you to confirm the payment of %(total)s.", total=shown))
    ).to_be_visible()
    page.get_by_role("button", name=says("Confirm the payment")).click()
    people.bank(page).get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_text(says("You are now on %(plan)s.", plan="Conservatory"))).to_be_visible()
    paid = Payment.objects.succeeded().get(invoice__customer=joined.customer, invoice__reason="change")
    with override(visit.language):
        assert paid.amount.format() == shown
