"""The page on which a member agrees to a new price: from the account, or from the link in our mails."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing

from apps.accounts.models import Consent
from apps.memberships.models import PricePromise, Subscription
from apps.memberships.models.promises import LINK_SALT
from apps.memberships.services import promises
from tests.factories import accounts
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, STAFF
from tests.storefront.pages import nothing_changes, said, signed_in

pytestmark = pytest.mark.django_db
JOINED = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 10, 8, 0, tzinfo=UTC)


@pytest.fixture
def member(gateway, now, time_machine) -> Subscription:
    time_machine.move_to(now, tick=False)
    return make.member(gateway, "grove", now=JOINED)


@pytest.fixture
def promise(member) -> PricePromise:
    promised.planned(promised.grove(), 1500, now=JOINED + DAY)
    return promised.of(member)


def link(promise: PricePromise) -> str:
    return f"/account/price/{promise.token}/"


def answer(browser, promise: PricePromise, say: str, **extra):
    shown = browser.get(link(promise)).context["form"].fingerprint
    return browser.post(link(promise), {"shown": shown, "answer": say, **extra}, follow=True)


def test_the_page_says_it_all_and_looking_changes_nothing(client, promise):
    with nothing_changes():
        page = client.get(link(promise))
    text = page.content.decode()
    for fact in (
        "<strong>€12.00</strong> every month",
        "<strong>€15.00</strong> every month",
        "€3.00 every month",
        "10 April 2026, the day your membership renews",
        "Soil and water cost more.",
        "If you agree, you pay €15.00 every month from 10 April 2026 on.",
        "If you do not agree, or do nothing, you keep your price of €12.00 every month.",
        "You can change your answer until 10 April 2026.",
        '<a href="/account/membership/cancel/">cancel your membership</a>',
        "Keep my price",
    ):
        assert fact in text, fact
    box = page.context["form"]["agree"]
    assert "checked" not in str(box)
    assert page.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_agreeing_without_a_login_and_thinking_again(client, promise, member, now):
    page = answer(client, promise, "agree", agree="on")
    assert said(page) == ["Thank you. You pay €15.00 from 10 April 2026 on."]
    consent = Consent.objects.get(kind="price_change")
    assert (consent.granted, consent.source, consent.version) == (True, "mail", "price-change-2026-11")
    assert consent.text == (
        "I agree that from 10 April 2026 my Grove membership costs €15.00 every month instead of €12.00, tax included, "
        "until I cancel. I can take this back until that date, and cancel at any time."
    )
    assert "You agreed on" in page.content.decode()
    page = answer(client, promise, "refuse")
    assert said(page) == ["You keep your price of €12.00."]
    promise.refresh_from_db()
    assert (promise.answer, promise.answered_at) == ("refused", now)
    assert promise.consent.text == (
        "I do not agree to the new price of €15.00. I keep my Grove membership at €12.00 every month."
    )


def test_signed_in_it_is_an_answer_of_the_account(promise, member):
    answer(signed_in(member.customer), promise, "agree", agree="on")
    assert Consent.objects.get(kind="price_change").source == "account"


def test_where_the_membership_would_end(client, member):
    promised.planned(promised.grove(), 1500, now=JOINED + DAY, without_consent="end")
    promise = promised.of(member)
    text = client.get(link(promise)).content.decode()
    assert "your membership ends on 10 April 2026, with what you have paid for." in text
    assert "Let my membership end" in text
    assert said(answer(client, promise, "refuse"))[0].startswith("Your membership ends on 10 April 2026.")
    promise.refresh_from_db()
    assert promise.consent.text.endswith("My Grove membership ends on 10 April 2026.")


def test_the_box_is_the_answer(client, promise):
    shown = client.get(link(promise)).context["form"].fingerprint
    with nothing_changes():
        page = client.post(link(promise), {"shown": shown, "answer": "agree"})
    assert page.status_code == 400
    assert "Please tick the box to agree" in page.content.decode()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"answer": "agree", "agree": "on"}, "This page has changed since you opened it. Please read it again."),
        ({"shown": "f" * 64, "answer": "refuse"}, "This page has changed since you opened it. Please read it again."),
    ],
)
def test_an_answer_to_another_page(client, promise, sent, told):
    with nothing_changes():
        page = client.post(link(promise), sent, follow=True)
    assert said(page) == [told]


@pytest.mark.parametrize("say", ["", "yes", "x" * 5000])
def test_an_answer_that_is_none(client, promise, say):
    with nothing_changes():
        assert said(answer(client, promise, say)) == ["Please choose one of the two answers."]


def test_forged_links(client, promise):
    forged = [
        "1",
        str(promise.pk),
        f"{promise.pk}:AAAA",
        promise.token[:-1],
        promise.token + "x",
        signing.Signer(salt="another").sign(str(promise.pk)),
        signing.Signer(salt=LINK_SALT).sign(str(promise.pk + 1)),
        "%00",
    ]
    with nothing_changes():
        for token in forged:
            assert client.get(f"/account/price/{token}/").status_code == 404
            assert client.post(f"/account/price/{token}/", {"answer": "agree", "agree": "on"}).status_code == 404


def test_another_customers_link(promise):
    browser = signed_in(accounts.customer())
    with nothing_changes():
        assert browser.get(link(promise)).status_code == 404
        assert browser.post(link(promise), {"answer": "agree", "agree": "on"}).status_code == 404


def test_too_late_and_withdrawn(client, promise, time_machine, now):
    shown = client.get(link(promise)).context["form"].fingerprint
    time_machine.move_to(APRIL, tick=False)
    sent = {"shown": shown, "answer": "agree", "agree": "on"}
    with nothing_changes():
        page = client.post(link(promise), sent, follow=True)
    assert said(page) == ["This can no longer be answered. Your account shows the price you pay."]
    time_machine.move_to(APRIL - timedelta(days=5), tick=False)
    promises.withdraw(promise.change_id, reason="A mistake", actor=STAFF, now=now)
    assert client.get(link(promise)).context["form"] is None


def test_a_lower_price_asks_nothing(client, member):
    promised.planned(promised.grove(), 900, now=JOINED + DAY)
    page = client.get(link(promised.of(member)))
    assert page.context["form"] is None
    assert "the lower price comes by itself" in page.content.decode()


def test_the_account_leads_there(promise, member, now):
    browser = signed_in(member.customer)
    text = browser.get("/account/").content.decode()
    assert "There is a new price of €15.00 from 10 April 2026. You keep <strong>€12.00</strong>" in text
    assert link(promise) in text
    for renewal in (datetime(2026, 2, 10, 9, tzinfo=UTC), datetime(2026, 3, 10, 9, tzinfo=UTC)):
        promised.work(at=renewal)
    answer(browser, promise, "agree", agree="on")
    text = browser.get("/account/").content.decode()
    assert "<strong>€15.00</strong> on 10 April 2026" in text, "the next charge"
    assert "You have agreed to a new price of <strong>€15.00</strong>" in text
    assert "Your plan changes to" not in text
    promises.withdraw(promise.change_id, reason="A mistake", actor=STAFF, now=now)
    promised.work(at=now)
    text = browser.get("/account/").content.decode()
    assert "new price" not in text
    assert "<strong>€12.00</strong> on 10 April 2026" in text


def test_several_at_a_price_without_tax(client, gateway, now, time_machine):
    time_machine.move_to(now, tick=False)
    make.several("grove", most=5)
    price = make.net_price(amount_minor=999)
    member = make.join(gateway, price, now=JOINED, quantity=3).subscription
    promised.planned(price, 1099, now=JOINED + DAY)
    promise = promised.of(member)
    page = client.get(link(promise))
    text = page.content.decode()
    for fact in (
        "<dt>You pay now</dt><dd><strong>€29.97</strong> a month plus VAT",
        "<dt>New price</dt><dd><strong>€32.97</strong> a month plus VAT",
        "€3.00 a month plus VAT",
    ):
        assert fact in text, fact
    assert "tax included" not in text
    answer(client, promise, "agree", agree="on")
    agreed = Consent.objects.get(kind="price_change").text
    assert "costs €32.97 a month plus VAT instead of €29.97, until I cancel." in agreed
