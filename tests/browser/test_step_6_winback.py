"""Step 6: who left is written to once, with what fits the reason, if they wanted mail; a few clicks bring them back."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from apps.accounts.models import Consent, User
from apps.campaigns.models import Enrollment
from apps.mail.models import Message
from apps.memberships.models import Period, Subscription
from apps.offers.models import Offer
from tests.factories import offers
from tests.stack import Stack, wait_for

from . import people

DELAY = timedelta(days=14)
# The longest a worker may take over one step: the shop's clock runs on while it does.
PROMPTLY = timedelta(hours=1)


def leaver(shop: Stack, page: Page, slug: str, reason: str, *, user: User) -> Subscription:
    """A member who cancels in the browser for a reason, and whose paid time is then over."""
    joined = people.member(shop, slug, user=user)
    people.sign_in(page, user, then="/account/membership/cancel/")
    page.get_by_label(reason).check()
    page.get_by_role("button", name="Cancel now").click()
    expect(page.get_by_text("Your membership is cancelled and ends on")).to_be_visible()
    people.travel(shop, joined.current_end)
    shop.ring("memberships.end")
    wait_for(lambda: Subscription.objects.filter(pk=joined.pk, status="ended").exists())
    joined.refresh_from_db()
    return joined


def call_back(shop: Stack, left: Subscription) -> Enrollment:
    """Move to the first letter of the win-back and let the workers send it."""
    journey = Enrollment.objects.get(campaign__slug="winback", subscription=left)
    assert timedelta(0) <= journey.started_at - left.ended_at < PROMPTLY
    assert journey.next_at == journey.started_at + DELAY
    people.travel(shop, journey.next_at)
    shop.ring("campaigns.advance")
    wait_for(lambda: Enrollment.objects.filter(pk=journey.pk).exclude(status="active", position=1).exists())
    journey.refresh_from_db()
    return journey


def wants_mail() -> User:
    """Accepts marketing, and is not in the control group."""
    return offers.customer_in("treatment", "winback", marketing=True)


def join_by(page: Page, *, price: str) -> None:
    """From an open offer to the welcome page, paying `price` with a new card."""
    page.get_by_role("link", name="See what it costs and join").click()
    expect(page.get_by_role("row", name="Charged today, tax included")).to_contain_text(price)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go on to the card").click()
    people.type_card(page, "5555555555554444")
    page.get_by_role("button", name=f"Subscribe and pay {price} with the new card").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome to")


def test_too_expensive_brings_a_discount_for_three_periods(shop, open_page, snap):
    page = open_page()
    user = wants_mail()
    left = leaver(shop, page, "grove", "It costs too much for me", user=user)
    assert left.cancel_reason == "too_expensive"
    call_back(shop, left)
    letter = people.mail(shop, user, "winback-price")
    assert "€8.40 instead of €12.00 a month for the first 3 months, then €12.00 a month." in letter.text
    page.goto(f"/demo/mailbox/{letter.pk}/")
    snap(page, "letter")

    visitor = open_page(people.link_in(letter, "/offers/"))
    visitor.get_by_label("Email").fill(user.email)
    visitor.get_by_label("Password", exact=True).fill(people.PASSWORD)
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.get_by_text("You told us the price was too high.")).to_be_visible()
    snap(visitor, "offer")
    join_by(visitor, price="€8.40")

    offer = Offer.objects.get(customer=user)
    back = Subscription.objects.current_of(user)
    assert (offer.status, offer.arm, offer.price_id) == ("accepted", "treatment", back.price_id)
    assert (back.status, back.promotion_id, back.promotion_periods_left) == ("active", offer.promotion_id, 2)
    assert back.pk != left.pk
    for _period in range(3):
        people.renewal_due(shop, back)
    grosses = Period.objects.filter(subscription=back).order_by("number").values_list("gross_minor", flat=True)
    assert list(grosses) == [840, 840, 840, 1200]
    assert [minor for _status, minor in people.charges(shop, user)] == [1200, 840, 840, 840, 1200]

    visitor.goto(people.link_in(letter, "/offers/"))
    expect(visitor.get_by_role("link", name="See what it costs and join")).to_have_count(0)


def test_not_using_it_brings_a_smaller_plan(shop, open_page):
    page = open_page()
    user = wants_mail()
    left = leaver(shop, page, "conservatory", "I do not use it enough", user=user)
    call_back(shop, left)
    letter = people.mail(shop, user, "winback-value")
    assert "Grove costs less and may be all you need." in letter.text

    page.goto(people.link_in(letter, "/offers/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Grove, if you like")
    join_by(page, price="€12.00")
    back = Subscription.objects.select_related("plan").get(customer=user, status="active")
    assert (back.plan.slug, back.promotion_id) == ("grove", None)
    assert Offer.objects.get(customer=user).status == "accepted"
    assert people.charges(shop, user) == [("succeeded", 2400), ("succeeded", 1200)]


def test_without_consent_nobody_is_written_to(shop, open_page):
    user = people.customer(shop)
    left = leaver(shop, open_page(), "grove", "It costs too much for me", user=user)
    journey = call_back(shop, left)
    assert (journey.status, journey.outcome) == ("stopped", "no_consent")
    assert not Message.objects.of_user(user.pk).filter(stream="marketing").exists()
    assert not Offer.objects.filter(customer=user).exists()


def test_one_click_unsubscribes_from_the_letter_and_stops_the_next_one(shop, open_page, snap):
    user = wants_mail()
    left = leaver(shop, open_page(), "grove", "Something did not work", user=user)
    journey = call_back(shop, left)
    assert (journey.status, journey.position) == ("active", 2)
    letter = people.mail(shop, user, "winback-apology")
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = people.link_in(letter, "/mail/unsubscribe/")
    assert f"<{link}>" in letter.headers["List-Unsubscribe"]

    page = open_page(link)
    user.refresh_from_db()
    assert user.accepts_marketing, "Opening the page is not the click: scanners open pages too"
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    snap(page, "unsubscribed")

    user.refresh_from_db()
    assert user.accepts_marketing is False
    answers = Consent.objects.filter(user=user, kind="marketing").order_by("at", "pk")
    assert list(answers.values_list("granted", flat=True)) == [True, False]
    people.travel(shop, journey.next_at)
    shop.ring("campaigns.advance")
    wait_for(lambda: Enrollment.objects.filter(pk=journey.pk, status="stopped").exists())
    assert not Message.objects.of_user(user.pk).filter(kind="winback-goodbye").exists()
