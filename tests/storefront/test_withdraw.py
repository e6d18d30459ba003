"""Withdrawing signed in: the exact amounts, two clicks from the hub, and gifts that nobody has redeemed."""

from datetime import timedelta

import pytest

from apps.billing.models import CreditNote
from apps.mail.models import Message
from apps.memberships.models import Declaration, Handling, Subscription
from tests.factories import accounts, gifts
from tests.factories import memberships as make
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db
WITHDRAW = "/account/membership/withdraw/"


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def member(gateway, now) -> Subscription:
    return make.member(gateway, "grove", now=now)


def test_two_clicks_from_the_hub(member):
    browser = signed_in(member.customer)
    assert f'href="{WITHDRAW}"' in browser.get("/account/").content.decode()
    with nothing_changes():
        page = browser.get(WITHDRAW)
    text = page.content.decode()
    assert "<strong>€12.00</strong> goes back to the card you paid with" in text
    typed = {"token": str(page.context["token"])}
    answer = browser.post(WITHDRAW, typed, follow=True)
    assert sent_to(answer) == "/account/"
    assert said(answer)[0].startswith("You have withdrawn.")
    member.refresh_from_db()
    assert (member.status, member.end_reason) == ("ended", "withdrawn")
    assert CreditNote.objects.get().total_minor == 1200
    handling = Handling.objects.get()
    assert (handling.status, handling.customer, handling.to_card_minor) == ("done", member.customer, 1200)
    kinds = list(Message.objects.order_by("pk").values_list("kind", flat=True))[-2:]
    assert kinds == ["declaration-receipt", "withdrawal-done"]
    with nothing_changes():
        assert "nothing to withdraw from" in said(browser.post(WITHDRAW, typed, follow=True))[0]


def test_after_the_fourteen_days(member, time_machine, now):
    time_machine.move_to(now + timedelta(days=16), tick=False)
    browser = signed_in(member.customer)
    assert f'href="{WITHDRAW}"' not in browser.get("/account/").content.decode()
    with nothing_changes():
        assert "nothing to withdraw from" in said(browser.get(WITHDRAW, follow=True))[0]
        assert "nothing to withdraw from" in said(browser.post(WITHDRAW, follow=True))[0]
    assert not Declaration.objects.exists()


def test_signed_out(client, member):
    assert client.post(WITHDRAW).url == f"/accounts/login/?next={WITHDRAW}"


def test_a_gift_is_taken_back_by_its_buyer_alone(gateway, now):
    gift = gifts.bought(gateway, now=now)
    address = f"/gifts/{gift.token}/withdraw/"
    stranger = signed_in(accounts.customer())
    with nothing_changes():
        assert stranger.post(address).status_code == 404
    browser = signed_in(gift.buyer)
    assert address in browser.get(f"/gifts/{gift.token}/").content.decode()
    assert "<strong>€36.00</strong> goes back" in browser.get(address).content.decode()
    assert said(browser.post(address, follow=True))[0].startswith("The gift is taken back")
    gift.refresh_from_db()
    assert gift.status == "refunded"
    with nothing_changes():
        assert said(browser.post(address, follow=True)) == ["This gift cannot be taken back any more."]
