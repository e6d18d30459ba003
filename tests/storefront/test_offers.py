"""Offers through the pages: exact amounts, taken at once, refused to everybody else."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from apps.billing.gateway.behaviours import decline
from apps.billing.models import Invoice, Payment
from apps.core import sweeps
from apps.memberships import services as memberships
from apps.memberships.models import Signup, Subscription
from apps.offers import services, winback
from apps.offers.models import Offer
from apps.storefront.views.changing import sign_instant
from tests.factories import accounts
from tests.factories import memberships as members
from tests.factories import offers as make
from tests.storefront.pages import agree, enter_card, nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def today(time_machine, now) -> datetime:
    """Three days after joining."""
    time_machine.move_to(now + 3 * DAY, tick=False)
    return now + 3 * DAY


def suggest(gateway, now, *, arm: str = "treatment", script=()) -> Offer:
    """An upgrade offer from Grove to Conservatory."""
    user = make.customer_in(arm, "upgrade")
    members.member(gateway, "grove", now=now, user=user, script=script)
    make.opened(user, 3, 3, at=now + DAY)
    services.suggest_upgrades(now=now + 2 * DAY)
    return Offer.objects.get(customer=user)


@pytest.fixture
def offer(gateway, now, today) -> Offer:
    return suggest(gateway, now)


def take(browser, offer: Offer, *, quoted: str | None, **how):
    return browser.post(f"/offers/{offer.token}/", {"quoted": quoted} if quoted is not None else {}, **how)


def test_the_offer_says_why_and_what_it_costs(offer):
    browser = signed_in(offer.customer)
    hub = browser.get("/account/").content.decode()
    page = browser.get(f"/offers/{offer.token}/").content.decode()
    for text in (hub, page):
        assert "You opened 2 guides in the last 30 days that Conservatory unlocks." in text
        # 671 of 743 hours are left: 24.00 x 671/743 = 21.67, less 12.00 x 671/743 = 10.84.
        assert "€10.83" in text
        assert "€24.00" in text
        assert "10 April 2026" in text
    offer.refresh_from_db()
    assert offer.shown_at is not None


def test_accepting_changes_the_plan_at_once(offer):
    browser = signed_in(offer.customer)
    quoted = browser.get(f"/offers/{offer.token}/").context["quoted"]
    page = take(browser, offer, quoted=quoted, follow=True)
    assert said(page) == ["You are now on Conservatory."]
    assert Subscription.objects.get().plan.slug == "conservatory"
    assert Invoice.objects.get(reason="change").total_minor == 1083
    assert Payment.objects.get(invoice__reason="change").amount_minor == 1083
    offer.refresh_from_db()
    assert offer.status == "accepted"
    with nothing_changes():
        assert said(take(browser, offer, quoted=quoted, follow=True)) == ["This offer was already answered."]


def test_saying_no(offer):
    browser = signed_in(offer.customer)
    page = browser.post(f"/offers/{offer.token}/no/", follow=True)
    assert said(page) == ["All right, we will not suggest this again for a while."]
    offer.refresh_from_db()
    assert offer.status == "declined"
    assert "Move up to" not in page.content.decode()
    with nothing_changes():
        page = browser.post(f"/offers/{offer.token}/no/", follow=True)
        assert said(page) == ["This offer was already answered."]
        assert said(browser.get(f"/offers/{offer.token}/", follow=True)) == ["This offer was already answered."]


def test_a_declined_card_leaves_plan_and_offer(gateway, now, today):
    offer = suggest(gateway, now, script=(decline("insufficient_funds", first=2),))
    page = take(signed_in(offer.customer), offer, quoted=sign_instant(today), follow=True)
    assert said(page)[0].startswith("Your card was declined.")
    offer.refresh_from_db()
    assert offer.status == "open"
    assert Subscription.objects.get().plan.slug == "grove"


@pytest.mark.parametrize("quoted", [None, "", "forged"])
def test_a_forged_instant(offer, quoted):
    browser = signed_in(offer.customer)
    browser.get(f"/offers/{offer.token}/")
    with nothing_changes():
        page = take(browser, offer, quoted=quoted, follow=True)
    assert said(page) == ["Please look at the amounts again before you confirm."]


def test_somebody_elses_offer(offer, today):
    stranger = signed_in(accounts.customer())
    with nothing_changes():
        for token in (offer.token, uuid4()):
            for page in (
                stranger.get(f"/offers/{token}/", follow=True),
                stranger.post(f"/offers/{token}/", {"quoted": sign_instant(today)}, follow=True),
                stranger.post(f"/offers/{token}/no/", follow=True),
                stranger.get(f"/join/conservatory/month/?offer={token}", follow=True),
            ):
                [message] = said(page)
                assert message.startswith("We cannot find this offer.")
        assert stranger.get("/offers/nonsense/").status_code == 404


def test_the_control_group_is_never_shown_its_offer(gateway, now, today):
    offer = suggest(gateway, now, arm="control")
    browser = signed_in(offer.customer)
    with nothing_changes():
        assert "Move up to" not in browser.get("/account/").content.decode()
        [message] = said(browser.get(f"/offers/{offer.token}/", follow=True))
        assert message.startswith("We cannot find this offer.")
        take(browser, offer, quoted=sign_instant(today))


def test_an_offer_past_its_end(offer, time_machine, now):
    time_machine.move_to(offer.expires_at, tick=False)
    browser = signed_in(offer.customer)
    with nothing_changes():
        assert said(browser.get(f"/offers/{offer.token}/", follow=True)) == ["This offer has ended."]


def test_an_offer_to_a_cancelled_membership(offer, today):
    member = Subscription.objects.get()
    memberships.request_cancel(member.pk, customer=offer.customer, now=today)
    browser = signed_in(offer.customer)
    with nothing_changes():
        take(browser, offer, quoted=sign_instant(today))
        page = browser.get(f"/offers/{offer.token}/", follow=True)
    assert sent_to(page) == "/account/"
    assert said(page)[-1] in ("This offer does not fit your membership any more.", "This offer has ended.")


def test_the_page_with_get_alone_declines_nothing(offer, client):
    browser = signed_in(offer.customer)
    with nothing_changes():
        assert browser.get(f"/offers/{offer.token}/no/").status_code == 405
        assert client.get(f"/offers/{offer.token}/").url.startswith("/accounts/login/")
        assert client.post(f"/offers/{offer.token}/no/").url.startswith("/accounts/login/")


@pytest.fixture
def way_back(gateway, now, time_machine) -> Offer:
    """The offer to somebody who left a month ago because of the price: 30 % off for three periods."""
    user = make.customer_in("treatment", "winback")
    member = members.member(gateway, "grove", now=now, user=user)
    memberships.request_cancel(member.pk, customer=user, now=now, reason="too_expensive")
    sweeps.run("memberships.end", now=member.current_end)
    time_machine.move_to(member.current_end + 14 * DAY, tick=False)
    member.refresh_from_db()
    return winback.make(member, reason="too_expensive", now=member.current_end + 14 * DAY)


def test_coming_back_with_the_discount_of_the_offer(way_back, gateway):
    browser = signed_in(way_back.customer)
    page = browser.get(f"/offers/{way_back.token}/").content.decode()
    assert "€8.40 instead of €12.00 a month for the first 3 months" in page
    assert f'href="/join/grove/month/?offer={way_back.token}"' in page
    # Posting to it joins nobody: there is a card and a consent to give first.
    with nothing_changes():
        browser.post(f"/offers/{way_back.token}/")

    begun = agree(browser, query=f"?offer={way_back.token}")
    assert "charges my card €8.40 today and €8.40 every month" in begun.consent.text
    page = enter_card(browser, begun, gateway)
    assert "We have charged €8.40" in page.content.decode()
    way_back.refresh_from_db()
    assert way_back.status == "accepted"


def test_a_declined_card_keeps_the_offer_for_the_next_one(way_back, gateway):
    browser = signed_in(way_back.customer)
    begun = agree(browser, query=f"?offer={way_back.token}")
    page = enter_card(browser, begun, gateway, script=(decline(),))
    again = f"/join/grove/month/?offer={way_back.token}"
    assert page.context["again"] == again
    assert again in page.content.decode()
    assert Signup.objects.get(pk=begun.pk).status == "failed"
    assert "€8.40 today" in browser.get(again).content.decode()
