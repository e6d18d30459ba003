"""Boxes as a gift: bought like any other, redeemed with an address and what is in them."""

import pytest

from apps.memberships.models import Gift, GiftUse, Subscription
from apps.orders.models import BoxDelivery, BoxRecipient
from tests.factories import accounts, boxes, gifts
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in
from tests.storefront.test_boxes import typed

pytestmark = pytest.mark.django_db
HOME = "/account/boxes/seasonal-box/"


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def made(db):
    return boxes.box()


@pytest.fixture
def gift(gateway, made, now) -> Gift:
    return gifts.bought(gateway, price=made.price, periods=3, now=now)


def use(gift: Gift) -> str:
    return f"/gifts/redeem/{gift.code}/"


def filled(made, **changes) -> dict:
    return {**typed(made), "use": "starts", **changes}


def test_boxes_are_given_by_the_month(client, made):
    html = client.get("/gifts/").content.decode()
    assert "Give boxes" in html
    for months, amount in ((1, "€29.00"), (3, "€87.00"), (12, "€348.00")):
        assert f'href="/gifts/{made.plan.slug}/month/{months}/"' in html
        assert amount in html
    review = signed_in(accounts.customer()).get(f"/gifts/{made.plan.slug}/month/3/").content.decode()
    assert "None. The boxes end by themselves." in review
    assert "charges my card €87.00 today, once" in review


def test_redeeming_asks_what_is_in_them_and_where_they_go(made, gift, now):
    browser = signed_in(accounts.customer())
    html = browser.get(use(gift)).content.decode()
    assert f"3 times {made.plan.name} comes to you, one each month." in html
    assert 'name="line1"' in html
    done = browser.post(use(gift), filled(made), follow=True)
    assert (sent_to(done), said(done)) == (HOME, ["Your gift is redeemed. Enjoy it!"])
    assert BoxRecipient.objects.get().picked == {made.fruit.pk: made.oranges.pk}
    assert [row.due_at.isoformat()[:10] for row in BoxDelivery.objects.order_by("number")] == [
        "2026-03-10",
        "2026-04-10",
        "2026-05-10",
    ]
    html = done.content.decode()
    assert "paid for by your gift" in html
    assert f"<strong>{made.oranges}</strong>" in html
    assert f"{HOME}cancel/" not in html


@pytest.mark.parametrize(("changes", "problem"), [({"line1": ""}, "This field is required."), ({"use": "credit"}, "")])
def test_nothing_is_redeemed_without_an_address_or_otherwise_than_shown(made, gift, changes, problem):
    browser = signed_in(accounts.customer())
    with nothing_changes():
        answer = browser.post(use(gift), filled(made, **changes))
    assert answer.status_code == (400 if problem else 302)
    assert problem in answer.content.decode()


def test_a_choice_that_is_missing_is_asked_for(made, gift):
    browser = signed_in(accounts.customer())
    with nothing_changes():
        answer = browser.post(use(gift), filled(made, **{f"slot-{made.fruit.pk}": ""}))
    assert (answer.status_code, said(answer)) == (400, ["Please choose for “The fruit”."])


def test_who_pays_for_boxes_gets_credit_and_keeps_what_is_in_them(gateway, made, gift, now):
    subscription = boxes.subscriber(gateway, made, now=now)
    browser = signed_in(subscription.customer)
    html = browser.get(use(gift)).content.decode()
    assert f"You pay for the {made.plan.name} already." in html
    assert 'name="line1"' not in html
    done = browser.post(use(gift), {"use": "credit"}, follow=True)
    assert sent_to(done) == HOME
    assert Gift.objects.get().used_as == GiftUse.CREDIT
    assert BoxRecipient.objects.get().picked == {made.fruit.pk: made.lemons.pk}
    assert "(€29.00 less €29.00 credit)" in done.content.decode()
    assert Subscription.objects.held().count() == 1
