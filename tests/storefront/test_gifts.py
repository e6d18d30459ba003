"""Giving and redeeming through the pages."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing.gateway.behaviours import authenticate, decline
from apps.billing.models import Card
from apps.mail.models import Message
from apps.memberships.models import Gift, GiftStatus, Subscription
from tests.factories import accounts, billing, gifts
from tests.factories import memberships as make
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db
REVIEW = "/gifts/grove/month/3/"


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


def agree(browser, **answers) -> Gift:
    """Fill the page in, tick the box, go on to the card."""
    page = browser.get(REVIEW)
    filled = {"recipient_name": "Bea", "shown": page.context["form"].fingerprint, "agree": "on", **answers}
    answer = browser.post(REVIEW, filled)
    assert answer.status_code == 302, answer.content.decode()
    return Gift.objects.get(token=answer.url.split("/")[-2])


def enter_card(browser, begun: Gift, gateway, *, script=()):
    page = browser.get(f"/gifts/pay/{begun.token}/")
    assert page.status_code == 200
    setup_id = page.context["client_secret"].removesuffix("_secret")
    gateway.save_card(setup_id, script=script)
    return browser.post(f"/gifts/pay/{begun.token}/", {"setup_intent": setup_id}, follow=True)


def test_choosing_shows_what_each_length_costs(client):
    answer = client.get("/gifts/")
    page = answer.content.decode()
    lengths = {
        plan.slug: [(choice.label, str(choice.amount)) for choice in found] for plan, found in answer.context["shelves"]
    }
    # Twelve months would cost more than the year, which is the same gift.
    assert lengths["grove"] == [
        ("1 month", "€12.00"),
        ("3 months", "€36.00"),
        ("6 months", "€72.00"),
        ("1 year", "€120.00"),
    ]
    assert "Seedling" not in page.split("<footer")[0].split("<main")[-1]
    assert f'href="{REVIEW}"' in page
    assert client.get(REVIEW).url == f"/accounts/login/?next={REVIEW}"


def test_buying_one_to_print(gateway):
    buyer = accounts.customer()
    browser = signed_in(buyer)
    review = browser.get(REVIEW).content.decode()
    assert "charges my card €36.00 today, once" in review
    assert "None. The membership ends by itself." in review
    begun = agree(browser, greeting="For your balcony")
    assert begun.consent.text.startswith("I agree that Orangery charges my card €36.00 today, once")
    done = enter_card(browser, begun, gateway)
    assert sent_to(done) == f"/gifts/{begun.token}/"
    page = done.content.decode()
    begun.refresh_from_db()
    assert begun.printed_code in page
    assert f"http://testserver/gifts/redeem/{begun.code}/" in page
    assert "For your balcony" in page
    assert "Print this page" in page
    assert "waiting to be redeemed" in browser.get("/gifts/").content.decode()
    assert signed_in(accounts.customer()).get(f"/gifts/{begun.token}/").status_code == 404


def test_sending_one_on_a_day(gateway):
    browser = signed_in(accounts.customer())
    begun = agree(browser, recipient_email="bea@example.com", deliver_on="2026-05-17")
    page = enter_card(browser, begun, gateway).content.decode()
    assert "We send the code to bea@example.com on 17 May 2026." in page
    # Eight in the morning in Rome.
    assert Message.objects.get(kind="gift-delivery").send_after == datetime(2026, 5, 17, 6, 0, tzinfo=UTC)


def test_an_expired_card_is_not_offered(gateway, now):
    browser = signed_in(billing.payer(gateway, now=now))
    address = f"/gifts/pay/{agree(browser).token}/"
    Card.objects.update(exp_year=2026, exp_month=2)
    assert browser.get(address).context["card"] is None
    Card.objects.update(exp_month=3)
    assert browser.get(address).context["card"] is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient_name": ""},
        {"recipient_email": "bea"},
        {"deliver_on": "2026-03-09", "recipient_email": "bea@example.com"},
        {"deliver_on": "2027-04-01", "recipient_email": "bea@example.com"},
        {"deliver_on": "2026-05-17"},
        {"deliver_on": "soon"},
        {"greeting": "x" * 501},
        {"greeting": "a\x00b"},
        {"agree": ""},
    ],
)
def test_a_bad_answer_buys_nothing(wrong):
    browser = signed_in(accounts.customer())
    page = browser.get(REVIEW)
    filled = {"recipient_name": "Bea", "shown": page.context["form"].fingerprint, "agree": "on"}
    with nothing_changes():
        answer = browser.post(REVIEW, filled | wrong)
    assert answer.status_code == 400
    assert 'class="errorlist"' in answer.content.decode()


@pytest.mark.parametrize(
    "address", ["/gifts/grove/month/2/", "/gifts/seedling/month/3/", "/gifts/grove/week/1/", "/gifts/x/month/1/"]
)
def test_what_cannot_be_given_is_not_found(address):
    assert signed_in(accounts.customer()).get(address).status_code == 404


def test_declined_and_to_be_confirmed(gateway):
    browser = signed_in(accounts.customer())
    declined = enter_card(browser, agree(browser), gateway, script=(decline("insufficient_funds"),))
    assert "did not go through" in declined.content.decode()
    assert f'href="{REVIEW}"' in declined.content.decode()
    begun = agree(browser)
    asked = enter_card(browser, begun, gateway, script=(authenticate(),))
    assert "Confirm" in asked.content.decode()
    begun.refresh_from_db()
    gateway.confirm(begun.invoice.payments.get().gateway_id)
    browser.post(f"/gifts/{begun.token}/")
    begun.refresh_from_db()
    assert begun.status == GiftStatus.WAITING


def test_redeeming_with_the_code(gateway, now):
    gift = gifts.bought(gateway, now=now, greeting="Enjoy")
    user = accounts.customer()
    browser = signed_in(user)
    answer = browser.post("/gifts/redeem/", {"code": f" {gift.printed_code.lower()} "})
    assert answer.url == f"/gifts/redeem/{gift.code}/"
    page = browser.get(answer.url)
    text = page.content.decode()
    assert "You are a member of Grove from now until <strong>10 June 2026</strong>" in text
    assert "Enjoy" in text
    done = browser.post(answer.url, {"use": "starts"}, follow=True)
    assert said(done) == ["Your gift is redeemed. Enjoy it!"]
    assert "Your gift lasts until <strong>10 June 2026</strong>" in done.content.decode()
    assert "Cancel membership" not in done.content.decode()
    with nothing_changes():
        assert said(browser.get(answer.url, follow=True)) == ["This gift has been redeemed already."]
        assert said(browser.post(answer.url, {"use": "starts"}, follow=True)) == [
            "This gift has been redeemed already."
        ]
        assert (
            "is a gift"
            in said(browser.get(f"/account/membership/change/?price={make.price('estate').pk}", follow=True))[0]
        )


def test_a_member_is_told_of_the_credit_before(gateway, now):
    member = make.member(gateway, "estate", now=now)
    gift = gifts.bought(gateway, now=now)
    browser = signed_in(member.customer)
    address = f"/gifts/redeem/{gift.code}/"
    assert "becomes credit of <strong>€36.00</strong>" in browser.get(address).content.decode()
    with nothing_changes():
        stale = browser.post(address, {"use": "starts"}, follow=True)
        assert "has changed since" in said(stale)[0]
    hub = browser.post(address, {"use": "credit"}, follow=True).content.decode()
    assert "<strong>€36.00</strong> of credit" in hub


def test_a_gift_that_is_kept_has_no_button(gateway, now):
    user = accounts.customer()
    make.join(gateway, make.price("grove", currency="USD"), now=now, user=user)
    gift = gifts.bought(gateway, now=now)
    page = signed_in(user).get(f"/gifts/redeem/{gift.code}/").content.decode()
    assert "paid in USD, the gift in EUR" in page
    assert "Your code stays good until 9 March 2029" in page
    assert 'name="use"' not in page


def test_a_wrong_or_late_code(gateway, now, time_machine):
    browser = signed_in(accounts.customer())
    gift = gifts.bought(gateway, now=now)
    with nothing_changes():
        for code in ("", "ABC", "x" * 41, "0" * 16):
            assert browser.post("/gifts/redeem/", {"code": code}).status_code == 400
        assert "no gift with this code" in said(browser.get("/gifts/redeem/ABCDEFGHJKMNPQRS/", follow=True))[0]
    time_machine.move_to(gift.expires_at + timedelta(seconds=1), tick=False)
    late = signed_in(gift.buyer)
    with nothing_changes():
        assert "is over" in said(late.post(f"/gifts/redeem/{gift.code}/", {"use": "starts"}, follow=True))[0]
    assert not Subscription.objects.exists()
