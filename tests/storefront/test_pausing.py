"""Pausing, skipping and coming back through the pages."""

from datetime import timedelta

import pytest

from apps.billing.models import Invoice
from apps.memberships import resting, services
from apps.memberships.models import Pause, Status, Subscription
from tests.factories import accounts
from tests.factories import memberships as make
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db
PAUSE, UNDO, RESUME = "/account/membership/pause/", "/account/membership/pause/undo/", "/account/membership/resume/"


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def member(gateway, now) -> Subscription:
    return make.member(gateway, "grove", now=now)


def rest(member: Subscription, time_machine) -> Subscription:
    """Pause for two months, and go to the day after it has begun."""
    services.request_pause(member.pk, months=2, customer=member.customer, now=member.current_start)
    time_machine.move_to(member.current_end + timedelta(days=1), tick=False)
    resting.pause_due(now=member.current_end)
    member.refresh_from_db()
    return member


def test_the_page_says_it_all_and_the_choice_is_confirmed(member):
    browser = signed_in(member.customer)
    assert f'href="{PAUSE}"' in browser.get("/account/").content.decode()
    assert f'href="{PAUSE}"' in browser.get("/account/membership/cancel/").content.decode()
    page = browser.get(PAUSE)
    text = page.content.decode()
    for fact in (
        "You keep everything until <strong>10 April 2026</strong>",
        "we charge €12.00 every month",
        "Skip the next period, until 10 May 2026",
        "1 month, until 10 May 2026",
        "3 months, until 10 July 2026",
    ):
        assert fact in text, fact
    begins = page.context["form"]["begins"].value()
    done = browser.post(PAUSE, {"months": "2", "begins": begins}, follow=True)
    assert said(done) == ["Your pause is planned. We have sent you a confirmation."]
    assert "pauses from 10 April 2026 to 10 June 2026" in done.content.decode()
    assert "on 10 June 2026" in done.content.decode()
    member.refresh_from_db()
    assert (member.pause_at, member.pause_kind) == (member.current_end, "pause")
    undone = browser.post(UNDO, follow=True)
    assert said(undone) == ["Your membership does not pause: it renews as before."]
    assert Pause.objects.get().outcome == "undone"


def test_skipping(member):
    browser = signed_in(member.customer)
    browser.post(PAUSE, {"months": "0", "begins": member.current_end.isoformat()})
    assert Pause.objects.get().kind == "skip"


def test_a_paused_membership_and_coming_back(member, time_machine, client):
    rest(member, time_machine)
    browser = signed_in(member.customer)
    hub = browser.get("/account/").content.decode()
    assert "paused until <strong>10 June 2026</strong>" in hub
    assert "Change plan" not in hub
    page = browser.get(RESUME).content.decode()
    assert "€12.00 every month from today" in page
    back = browser.post(RESUME, follow=True)
    assert said(back) == ["Welcome back! Your membership goes on from today."]
    member.refresh_from_db()
    assert member.status == Status.ACTIVE
    assert Invoice.objects.filter(reason="renewal").count() == 1
    with nothing_changes():
        assert said(browser.post(RESUME, follow=True)) == ["Your membership is not paused."]


def test_a_paused_member_has_no_benefits_and_no_second_membership(member, time_machine):
    rest(member, time_machine)
    browser = signed_in(member.customer)
    with nothing_changes():
        answer = browser.get("/join/estate/month/", follow=True)
        assert said(answer) == ["You are a member of Grove already."]
        change = browser.get(f"/account/membership/change/?price={make.price('estate').pk}", follow=True)
        assert said(change) == ["It is paused. Resume it to change your plan."]
        assert sent_to(change) == "/account/"
    assert browser.get("/pricing/").context["standing"].rank == 0
    assert "ends at once" in browser.get("/account/membership/cancel/").content.decode()


@pytest.mark.parametrize(
    "answer", [{}, {"months": "4"}, {"months": "x"}, {"months": "1"}, {"months": "1", "begins": "x"}]
)
def test_a_bad_answer_pauses_nothing(member, answer):
    browser = signed_in(member.customer)
    with nothing_changes():
        assert browser.post(PAUSE, answer).status_code == 400


def test_dates_that_have_changed_are_shown_again(member):
    browser = signed_in(member.customer)
    with nothing_changes():
        stale = (member.current_end - timedelta(days=31)).isoformat()
        answer = browser.post(PAUSE, {"months": "1", "begins": stale}, follow=True)
        assert "renewed since you saw the dates" in said(answer)[0]


def test_what_there_is_not_to_pause(client, member, now):
    free, stranger = signed_in(make.free_member(now=now).customer), signed_in(accounts.customer())
    with nothing_changes():
        assert said(free.get(PAUSE, follow=True)) == ["Only what you pay for can be paused."]
        assert said(stranger.get(PAUSE, follow=True)) == ["You have no membership to pause."]
        assert stranger.post(UNDO).status_code == 404
        assert said(stranger.post(RESUME, follow=True)) == ["Your membership is not paused."]
        for address in (PAUSE, UNDO, RESUME):
            assert client.post(address).url == f"/accounts/login/?next={address}"


def test_with_our_compliments(now):
    user = accounts.customer()
    services.give_complimentary(
        user, make.plans()["estate"], reason="Press", actor="staff", now=now, ends_at=now + timedelta(days=30)
    )
    browser = signed_in(user)
    page = browser.get("/account/").content.decode()
    assert "With our compliments until <strong>9 April 2026</strong>" in page
    assert "Press" not in page
    with nothing_changes():
        answer = browser.post("/account/membership/cancel/", follow=True)
        assert said(answer) == ["Your membership ends by itself. Nothing is ever charged for it."]
    assert browser.get("/join/grove/month/").status_code == 200
