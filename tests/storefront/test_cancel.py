"""Leaving through the pages: easy, at once, and it can be undone."""

import pytest

from apps.mail.models import Message
from apps.memberships.models import Status, Subscription
from apps.memberships.services import request_cancel
from tests.factories import accounts
from tests.factories import memberships as make
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db
CANCEL, UNDO = "/account/membership/cancel/", "/account/membership/undo/"


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def member(gateway, now) -> Subscription:
    return make.member(gateway, "grove", now=now)


def test_the_hub_leads_there_in_three_clicks(client, member):
    answer = client.get(CANCEL)  # one: the link of the hub, or of a letter
    assert answer.url == f"/accounts/login/?next={CANCEL}"
    answer = client.post(answer.url, {"login": member.customer.email, "password": accounts.PASSWORD})  # two
    assert answer.url == CANCEL
    page = client.get(CANCEL).content.decode()
    assert "Cancel now" in page
    assert "You keep everything until <strong>10 April 2026</strong>" in page
    page = client.post(CANCEL, follow=True)  # three
    assert said(page)[-1] == "Your membership is cancelled. We have sent you a confirmation."
    assert Subscription.objects.get().is_cancelling


def test_cancelling_with_a_reason_and_a_note(member):
    page = signed_in(member.customer).post(CANCEL, {"reason": "not_using", "note": " Too much sun. "}, follow=True)
    assert sent_to(page) == "/account/"
    member.refresh_from_db()
    assert (member.cancel_reason, member.cancel_note, member.status) == ("not_using", "Too much sun.", Status.ACTIVE)
    assert member.ends_at == member.current_end
    assert Message.objects.filter(kind="cancellation-receipt").count() == 1


def test_cancelling_twice_changes_nothing_more(member):
    browser = signed_in(member.customer)
    browser.post(CANCEL, {"reason": "other"})
    with nothing_changes():
        assert browser.get(CANCEL).url == "/account/"
        assert browser.post(CANCEL, {"reason": "not_using"}).url == "/account/"


def test_a_free_membership_ends_at_once(now):
    free = make.free_member(now=now)
    browser = signed_in(free.customer)
    assert "ends at once" in browser.get(CANCEL).content.decode()
    browser.post(CANCEL)
    free.refresh_from_db()
    assert free.status == Status.ENDED


def test_undoing(member, now):
    request_cancel(member.pk, customer=member.customer, now=now)
    page = signed_in(member.customer).post(UNDO, follow=True)
    assert said(page) == ["Good to have you with us: your membership goes on as before."]
    member.refresh_from_db()
    assert (member.ends_at, member.cancel_reason) == (None, "")


@pytest.mark.parametrize("answer", [{"reason": "boredom"}, {"note": "x" * 1001}, {"note": "a\x00b"}])
def test_a_bad_answer_cancels_nothing(member, answer):
    browser = signed_in(member.customer)
    with nothing_changes():
        page = browser.post(CANCEL, answer)
    assert page.status_code == 400
    assert 'class="errorlist"' in page.content.decode()


def test_what_there_is_not_to_undo(member, gateway, now):
    theirs = make.member(gateway, "grove", now=now)
    request_cancel(theirs.pk, customer=theirs.customer, now=now)
    browser, stranger = signed_in(member.customer), signed_in(accounts.customer())
    with nothing_changes():
        assert said(browser.post(UNDO, follow=True)) == ["It is not cancelled."]
        assert stranger.post(UNDO).status_code == 404
        assert said(stranger.get(CANCEL, follow=True)) == ["You have no membership to cancel."]
        assert said(stranger.post(CANCEL, follow=True)) == ["You have no membership to cancel."]
        assert browser.get(UNDO).status_code == 405
    assert Subscription.objects.get(pk=theirs.pk).is_cancelling


def test_signed_out(client, member):
    with nothing_changes():
        for address in (CANCEL, UNDO):
            assert client.post(address).url == f"/accounts/login/?next={address}"
