"""The contract of a box, on the pages that serve the membership as well: pause, another size, cancel, withdraw."""

from datetime import timedelta

import pytest

from apps.billing.models import CreditNote
from apps.core import sweeps
from apps.memberships.models import Pause, Subscription
from apps.orders import fulfilling
from apps.orders.models import Order
from tests.factories import boxes
from tests.storefront.pages import said, sent_to, signed_in

pytestmark = pytest.mark.django_db
HOME = "/account/boxes/seasonal-box/"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def made(db):
    return boxes.box()


@pytest.fixture
def subscription(gateway, made, now) -> Subscription:
    """The first box is an order; the next is charged on 10 April 2026, 10:30 in Rome, and closes two days before."""
    subscription = boxes.subscriber(gateway, made, now=now)
    sweeps.run("orders.boxes", now=now)
    return subscription


@pytest.fixture
def browser(subscription):
    return signed_in(subscription.customer)


def test_pause_and_resume(browser, subscription, time_machine):
    page = browser.get(f"{HOME}pause/")
    assert "nothing is sent and nothing is charged" in page.content.decode()
    begins = page.context["form"]["begins"].value()
    done = browser.post(f"{HOME}pause/", {"months": "2", "begins": begins}, follow=True)
    assert sent_to(done) == HOME
    assert Pause.objects.get().plan_group == "seasonal-box"
    time_machine.move_to(subscription.current_end + DAY, tick=False)
    sweeps.run("memberships.pause", now=subscription.current_end + DAY)
    browser = signed_in(subscription.customer)
    html = browser.get(HOME).content.decode()
    assert "Your boxes are paused until <strong>10 June 2026</strong>." in html
    assert "We pack your next box at once." in browser.get(f"{HOME}resume/").content.decode()
    back = browser.post(f"{HOME}resume/", follow=True)
    assert said(back) == ["Welcome back! We pack your next box now."]


def test_another_size_from_the_next_box_on(browser, subscription, made):
    large = boxes.box(amount_minor=4900)
    html = browser.get(f"{HOME}change/").content.decode()
    assert f"{HOME}change/?price={large.price.pk}" in html
    page = browser.get(f"{HOME}change/?price={large.price.pk}")
    assert "Nothing is charged today." in page.content.decode()
    typed = {"price": large.price.pk, "quantity": "1", "quoted": page.context["quoted"]}
    done = browser.post(f"{HOME}change/", typed, follow=True)
    assert sent_to(done) == HOME
    assert large.plan.name in done.content.decode()
    kept = browser.post(f"{HOME}keep/", follow=True)
    assert said(kept) == ["You keep your plan."]
    subscription.refresh_from_db()
    assert subscription.pending_price is None


def test_cancel_in_three_clicks_with_the_skip_beside_and_undo(browser, subscription):
    page = browser.get(f"{HOME}cancel/").content.decode()
    for fact in ("Cancel now", "Skip the next box instead", "No box comes from <strong>10 April 2026</strong> on."):
        assert fact in page, fact
    assert "membership" not in page[page.index("<main") : page.index("</main")].lower()
    done = browser.post(f"{HOME}cancel/", {"reason": "too_expensive"}, follow=True)
    assert (sent_to(done), said(done)) == (HOME, ["Your boxes are cancelled. We have sent you a confirmation."])
    assert "Your boxes are cancelled: none comes from <strong>10 April 2026</strong> on" in done.content.decode()
    undone = browser.post(f"{HOME}undo/", follow=True)
    assert said(undone) == ["Good to have you with us: your boxes go on as before."]
    subscription.refresh_from_db()
    assert subscription.ends_at is None


def test_withdraw_before_anything_was_sent(browser, subscription):
    page = browser.get(f"{HOME}withdraw/")
    assert "€29.00" in page.content.decode()
    done = browser.post(f"{HOME}withdraw/", {"token": str(page.context["token"])}, follow=True)
    assert sent_to(done) == HOME
    assert said(done)[0].startswith("You have withdrawn.")
    subscription.refresh_from_db()
    assert (subscription.status, subscription.end_reason) == ("ended", "withdrawn")
    assert "Your boxes have ended" in done.content.decode()


def test_withdraw_when_a_parcel_is_out(browser, subscription, now):
    order = Order.objects.get()
    fulfilling.pack(order.pk, actor="staff", now=now)
    fulfilling.ship(order.pk, carrier="Sole", actor="staff", now=now)
    page = browser.get(f"{HOME}withdraw/")
    assert "<strong>€29.00</strong>, goes back as soon as the parcel is here again" in page.content.decode()
    done = browser.post(f"{HOME}withdraw/", {"token": str(page.context["token"])}, follow=True)
    assert said(done) == ["You have withdrawn. Please send the parcel back: your money follows when it is here."]
    subscription.refresh_from_db()
    assert (subscription.status, subscription.end_reason) == ("ended", "withdrawn")
    assert not CreditNote.objects.exists()
