"""The customer's box: what comes next and what can be done about it, through the pages."""

from datetime import date, timedelta

import pytest

from apps.billing.gateway.behaviours import authenticate, decline
from apps.billing.models import Invoice, Payment
from apps.core import sweeps
from apps.memberships.models import Subscription
from apps.orders import fulfilling
from apps.orders.models import BoxRecipient, Order
from tests.factories import accounts, boxes
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db
HOME = "/account/boxes/seasonal-box/"
CLOSED = "Your next box could be changed until 8 April 2026, 10:30. It is being made ready now."
DAY = timedelta(days=1)
QUERIES = 25


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


@pytest.fixture
def late(time_machine, subscription):
    time_machine.move_to(subscription.current_end - DAY, tick=False)


def charge_at(browser) -> str:
    return browser.get(HOME).context["upcoming"].charge_at.isoformat()


def test_the_page_says_it_all(browser, made, now):
    order = Order.objects.get()
    fulfilling.pack(order.pk, actor="staff", now=now)
    fulfilling.ship(
        order.pk, carrier="Sole", tracking_number="CS1", tracking_url="https://sole.example/CS1", actor="staff", now=now
    )
    html = browser.get(HOME).content.decode()
    for fact in (
        made.plan.name,
        "10 April 2026: <strong>€29.00</strong>",
        "8 April 2026, 10:30",
        f"2 × <strong>{made.jam}</strong>",
        "Via Roma 1",
        "€29.00 a month",
        order.number,
        "https://sole.example/CS1",
        f"{HOME}contents/",
        f"{HOME}skip/",
        f"{HOME}move/",
        f"{HOME}order/",
        f"{HOME}address/",
        f"{HOME}change/",
        f"{HOME}pause/",
        f"{HOME}cancel/",
        f"{HOME}withdraw/",
    ):
        assert fact in html, fact
    hub = browser.get("/account/").content.decode()
    assert f'href="{HOME}"' in hub
    assert "The next box is charged on <strong>10 April 2026</strong>: €29.00." in hub
    assert sent_to(browser.get("/account/boxes/", follow=True)) == HOME


def test_who_has_none_is_shown_what_there_is(made):
    browser = signed_in(accounts.customer())
    assert 'href="/boxes/"' in browser.get("/account/boxes/").content.decode()
    for page in ("", "contents/", "move/", "order/", "address/"):
        assert browser.get(f"{HOME}{page}").status_code == 404
    for page in ("skip/", "undo/", "keep/", "pause/undo/"):
        assert browser.post(f"{HOME}{page}").status_code == 404
    for page in ("cancel/", "pause/", "resume/", "withdraw/"):
        assert sent_to(browser.get(f"{HOME}{page}", follow=True)) == "/account/"
    assert sent_to(browser.get(f"{HOME}change/", follow=True)) == "/boxes/"


def test_somebody_elses_box_is_theirs(browser, made, subscription):
    other = signed_in(accounts.customer())
    with nothing_changes():
        assert other.post(f"{HOME}skip/").status_code == 404
        assert other.post(f"{HOME}contents/", {f"slot-{made.fruit.pk}": made.oranges.pk}).status_code == 404


@pytest.mark.parametrize(("for_which", "picked"), [("next", "lemons"), ("all", "oranges")])
def test_swap(browser, made, for_which, picked):
    page = browser.get(f"{HOME}contents/").content.decode()
    assert f'<option value="{made.lemons.pk}" selected>' in page
    typed = {f"slot-{made.fruit.pk}": made.oranges.pk, "for": for_which}
    done = browser.post(f"{HOME}contents/", typed, follow=True)
    assert f"<strong>{made.oranges}</strong>" in done.content.decode()
    recipient = BoxRecipient.objects.get()
    assert recipient.picked_next == {made.fruit.pk: made.oranges.pk}
    assert recipient.picked == {made.fruit.pk: getattr(made, picked).pk}


def test_something_else_than_the_box_offers_is_refused(browser, made):
    with nothing_changes():
        answer = browser.post(f"{HOME}contents/", {f"slot-{made.fruit.pk}": made.jam.pk})
    assert (answer.status_code, said(answer)) == (400, ["Please choose for “The fruit”."])


def test_skip_and_take_it_back(browser, subscription, now):
    done = browser.post(f"{HOME}skip/", {"charge_at": charge_at(browser)}, follow=True)
    assert said(done) == ["Your next box is skipped: it is neither sent nor charged."]
    html = done.content.decode()
    assert "The box of 10 April 2026 is skipped. The next one comes on 10 May 2026." in html
    assert f"{HOME}skip/" not in html
    back = browser.post(f"{HOME}pause/undo/", follow=True)
    assert said(back) == ["Your next box comes on its own day again."]
    subscription.refresh_from_db()
    assert subscription.pause_at is None


def test_a_box_that_moved_meanwhile_is_not_skipped(browser, subscription, now):
    seen = charge_at(browser)
    browser.post(f"{HOME}move/", {"day": "2026-04-20", "charge_at": seen})
    with nothing_changes():
        answer = browser.post(f"{HOME}skip/", {"charge_at": seen}, follow=True)
    assert said(answer)[-1] == "Your next box comes on another day than you saw. Please look at it again."


def test_move(browser, subscription):
    page = browser.get(f"{HOME}move/").content.decode()
    assert 'min="2026-04-11" max="2026-07-11"' in page
    for day in ("2026-04-10", "2026-07-12", "never"):
        with nothing_changes():
            assert browser.post(f"{HOME}move/", {"day": day}).status_code == 400
    done = browser.post(f"{HOME}move/", {"day": "2026-04-20", "charge_at": charge_at(browser)}, follow=True)
    assert "It comes on 20 April 2026 instead of 10 April 2026." in done.content.decode()
    subscription.refresh_from_db()
    assert subscription.resumes_at.date() == date(2026, 4, 20)


def test_have_it_now(browser, subscription, made, now):
    html = browser.get(f"{HOME}order/").content.decode()
    assert "Order now and pay €29.00" in html
    assert "Next charge: <strong>€29.00</strong> on 10 May 2026." in html
    typed = {"charge_at": charge_at(browser), "total": "2900"}
    with nothing_changes():
        dearer = browser.post(f"{HOME}order/", typed | {"total": "100"}, follow=True)
        blind = browser.post(f"{HOME}order/", {"total": "2900"}, follow=True)
    assert said(dearer) == ["The amounts have changed since you saw them. Please look at them again."]
    assert said(blind) == ["Please look at the amounts again before you confirm."]
    done = browser.post(f"{HOME}order/", typed, follow=True)
    assert said(done) == ["Your next box is ordered and paid: €29.00. We pack it now."]
    assert "10 May 2026: <strong>€29.00</strong>" in done.content.decode()
    assert list(Payment.objects.values_list("status", "amount_minor")) == [("succeeded", 2900)] * 2
    with nothing_changes():
        again = browser.post(f"{HOME}order/", typed, follow=True)
    assert said(again) == ["Your next box comes on another day than you saw. Please look at it again."]


def test_have_it_now_with_a_card_that_is_declined(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now, script=(decline("insufficient_funds", first=2),))
    browser = signed_in(subscription.customer)
    answer = browser.post(f"{HOME}order/", {"charge_at": charge_at(browser), "total": "2900"}, follow=True)
    invoice = Invoice.objects.order_by("-pk").first()
    assert sent_to(answer) == f"/account/pay/{invoice.pay_token}/"
    assert said(answer)[0].startswith("Your bank declined the payment.")


def test_have_it_now_with_a_bank_that_asks(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now, script=(authenticate(first=2),))
    browser = signed_in(subscription.customer)
    answer = browser.post(f"{HOME}order/", {"charge_at": charge_at(browser), "total": "2900"})
    invoice = Invoice.objects.order_by("-pk").first()
    assert answer.url == f"/account/pay/{invoice.pay_token}/confirm/"


def test_another_address(browser, made):
    html = browser.get(f"{HOME}address/").content.decode()
    assert 'value="Via Roma 1"' in html
    typed = {"country": "DE", "name": "Bea Braun", "line1": "Hafenstr. 1", "postal_code": "10115", "city": "Berlin"}
    with nothing_changes():
        shown = browser.post(f"{HOME}address/", typed | {"update": "1"})
        wrong = browser.post(f"{HOME}address/", typed | {"postal_code": "1"})
    assert 'name="region"' not in shown.content.decode()
    assert wrong.status_code == 400
    done = browser.post(f"{HOME}address/", typed, follow=True)
    assert said(done) == ["Noted: your next boxes go there."]
    assert BoxRecipient.objects.get().address["city"] == "Berlin"


def test_after_the_cut_off_each_page_says_why_not(made, late, browser):
    html = browser.get(HOME).content.decode()
    assert CLOSED in html
    for page in ("contents/", "skip/", "move/", "order/"):
        assert f'"{HOME}{page}"' not in html
    with nothing_changes():
        for page in ("contents/", "move/", "order/"):
            assert said(browser.get(f"{HOME}{page}", follow=True)) == [CLOSED]
        for page, typed in (
            ("skip/", {}),
            ("order/", {"charge_at": "2026-04-10T08:30:00+00:00", "total": "2900"}),
            ("pause/", {"months": "2", "begins": "2026-04-10T08:30:00+00:00"}),
        ):
            assert said(browser.post(f"{HOME}{page}", typed, follow=True)) == [CLOSED]
        swap = browser.post(f"{HOME}contents/", {f"slot-{made.fruit.pk}": made.oranges.pk})
        assert said(swap) == [CLOSED]


def test_the_page_costs_the_same_however_many_were_sent(browser, subscription, django_assert_num_queries, time_machine):
    browser.get(HOME)
    with django_assert_num_queries(QUERIES):
        browser.get(HOME)
    later = subscription.current_end + DAY
    for sweep in ("memberships.bill", "billing.collect", "orders.boxes"):
        sweeps.run(sweep, now=later)
    time_machine.move_to(later, tick=False)
    signed = signed_in(subscription.customer)
    signed.get(HOME)
    with django_assert_num_queries(QUERIES):
        signed.get(HOME)
