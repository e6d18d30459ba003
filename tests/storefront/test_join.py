"""Joining through the pages: what is shown, what is agreed to, what is charged."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from apps.accounts.models import Consent
from apps.billing import credit
from apps.billing.gateway.behaviours import authenticate, decline, lose_after
from apps.billing.models import Account, Card, Invoice, Payment
from apps.core.money import Money
from apps.memberships.models import Signup, SignupStatus, Status, Subscription
from tests.factories import accounts, billing
from tests.factories import memberships as make
from tests.storefront.pages import agree, enter_card, open_card_page, said, sent_to, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def anna():
    return accounts.customer()


def test_the_review_page_says_everything_before_the_card(anna):
    page = signed_in(anna).get("/join/grove/month/").content.decode()

    for fact in (
        "€12.00",  # the price, with
        "of which VAT at 22%",
        "€2.16",
        "€12.00 today",  # the first charge
        "€12.00 on 10 April 2026",  # the next one
        "renews every month until you cancel",
        "In your account, in three clicks, at any time",
        '<input type="checkbox" name="agree" required',
        "14 days",
    ):
        assert fact in page, fact
    assert "checked" not in page
    assert "card number" not in page.lower()


def test_the_yearly_plan_says_so(anna):
    page = signed_in(anna).get("/join/grove/year/").content.decode()
    assert "€120.00 on 10 March 2027" in page
    assert "renews every year until you cancel" in page


def test_agreeing_stores_the_evidence(anna, now):
    begun = agree(signed_in(anna))

    consent = Consent.objects.get()
    assert begun.consent == consent
    assert consent.text == (
        "I agree that Orangery charges my card €12.00 today and €12.00 every month from 10 April 2026, until I "
        "cancel. I can cancel at any time in my account, to the end of the paid period. I have read the terms and the "
        "information on my right of withdrawal within 14 days."
    )
    assert consent.text_hash == sha256(consent.text.encode()).hexdigest()
    assert (consent.user, consent.version, consent.granted, consent.at) == (anna, "2026-11", True, now)
    assert not Invoice.objects.exists()
    assert not Subscription.objects.exists()


def test_a_card_makes_a_member(anna, gateway, now):
    browser = signed_in(anna)
    page = enter_card(browser, agree(browser), gateway)

    assert page.templates[0].name == "storefront/join/welcome.html"
    assert "We have charged €12.00" in page.content.decode()
    member = Subscription.objects.current_of(anna)
    assert (member.status, member.plan.slug, member.started_at) == (Status.ACTIVE, "grove", now)
    assert Invoice.objects.get().total_minor == 1200
    assert Payment.objects.get().status == Payment.Status.SUCCEEDED


def test_a_declined_card_says_so_and_another_one_works(anna, gateway):
    browser = signed_in(anna)
    page = enter_card(browser, agree(browser), gateway, script=(decline("insufficient_funds"),))

    assert "Your payment did not go through" in page.content.decode()
    assert Signup.objects.get().message in page.content.decode()
    assert Subscription.objects.current_of(anna) is None
    assert Invoice.objects.get().status == Invoice.Status.VOID
    assert not Payment.objects.succeeded().exists()

    # Once more, now with a good card.
    assert page.context["again"] == "/join/grove/month/"
    page = enter_card(browser, agree(browser), gateway)
    assert page.templates[0].name == "storefront/join/welcome.html"
    assert Subscription.objects.current_of(anna).status == Status.ACTIVE
    assert Payment.objects.succeeded().count() == 1


def test_the_bank_asks_and_the_customer_confirms(anna, gateway):
    browser = signed_in(anna)
    begun = agree(browser)
    page = enter_card(browser, begun, gateway, script=(authenticate(),))

    assert page.templates[0].name == "storefront/join/confirm.html"
    payment = Payment.objects.get()
    assert page.context["client_secret"] == f"{payment.gateway_id}_secret"
    assert Subscription.objects.get().status == Status.INCOMPLETE

    gateway.confirm(payment.gateway_id)
    page = browser.post(f"/join/done/{begun.token}/", follow=True)
    assert page.templates[0].name == "storefront/join/welcome.html"
    assert Subscription.objects.get().status == Status.ACTIVE


def test_a_lost_answer_waits_and_is_looked_up(anna, gateway):
    browser = signed_in(anna)
    begun = agree(browser)
    page = enter_card(browser, begun, gateway, script=(lose_after(),))
    assert (page.status_code, page.templates[0].name) == (202, "storefront/join/waiting.html")

    page = browser.post(f"/join/done/{begun.token}/", follow=True)
    assert page.templates[0].name == "storefront/join/welcome.html"
    assert Payment.objects.get().status == Payment.Status.SUCCEEDED


def test_sending_the_card_twice_charges_once(anna, gateway):
    browser = signed_in(anna)
    begun = agree(browser)
    setup_id = open_card_page(browser, begun)
    gateway.save_card(setup_id)
    for _time in range(2):
        answer = browser.post(f"/join/pay/{begun.token}/", {"setup_intent": setup_id})
        assert answer.url == f"/join/done/{begun.token}/"
    assert Payment.objects.get().status == Payment.Status.SUCCEEDED
    assert Subscription.objects.count() == 1


def test_a_known_card_pays_with_one_click(gateway, now):
    berta = billing.payer(gateway, now=now)
    known = Card.objects.get()
    browser = signed_in(berta)
    begun = agree(browser)
    page = browser.get(f"/join/pay/{begun.token}/")
    assert page.context["card"] == known
    assert "Visa •••• 4242" in page.content.decode()

    page = browser.post(f"/join/pay/{begun.token}/", {"card": known.pk}, follow=True)
    assert page.templates[0].name == "storefront/join/welcome.html"
    assert Payment.objects.get().card == known
    assert Signup.objects.get().status == SignupStatus.COMPLETED


def test_an_expired_card_is_not_offered(gateway, now):
    berta = billing.payer(gateway, now=now)
    Card.objects.update(exp_year=2026, exp_month=2)
    browser = signed_in(berta)
    assert browser.get(f"/join/pay/{agree(browser).token}/").context["card"] is None
    Card.objects.update(exp_month=3)
    assert browser.get(f"/join/pay/{agree(browser).token}/").context["card"] is not None


def test_credit_pays_first_and_the_pages_say_so(anna, gateway, now):
    credit.grant(anna, money=Money(500, "EUR"), key="gift", reason="A gift", now=now, source_account=Account.REVENUE)
    browser = signed_in(anna)
    page = browser.get("/join/grove/month/").content.decode()
    assert "−€5.00" in page
    assert "€7.00 today" in page
    begun = agree(browser)
    assert "charges my card €7.00 today and €12.00 every month" in begun.consent.text
    assert "Subscribe and pay €7.00" in browser.get(f"/join/pay/{begun.token}/").content.decode()

    page = enter_card(browser, begun, gateway)
    assert "We have charged €7.00" in page.content.decode()
    assert Payment.objects.get().amount_minor == Invoice.objects.get().due_minor == 700


def test_the_country_decides_the_vat_and_not_the_price(anna, gateway):
    browser = signed_in(anna)
    page = browser.post("/join/grove/month/", {"country": "DE"}, follow=True)

    assert sent_to(page) == "/join/grove/month/"
    assert "of which VAT at 19%" in page.content.decode()
    assert "€1.92" in page.content.decode()
    anna.refresh_from_db()
    assert (anna.country, anna.time_zone) == ("DE", "Europe/Rome")
    enter_card(browser, agree(browser), gateway)
    invoice = Invoice.objects.get()
    assert (invoice.total_minor, invoice.tax_minor, invoice.customer_country) == (1200, 192, "DE")


def test_a_country_without_a_rate_is_asked_about(anna):
    anna.country = "JP"
    anna.save()
    browser = signed_in(anna)
    page = browser.get("/join/grove/month/")
    assert page.templates[0].name == "storefront/join/elsewhere.html"
    assert "Japan" in page.content.decode()
    page = browser.post("/join/grove/month/", {"country": "IT"}, follow=True)
    assert page.templates[0].name == "storefront/join/review.html"


def test_joining_free_takes_no_card(anna):
    browser = signed_in(anna)
    assert browser.get("/join/seedling/month/").templates[0].name == "storefront/join/free.html"
    page = browser.post("/join/seedling/month/", follow=True)
    assert said(page) == ["Welcome! You are a member of Seedling."]
    assert Subscription.objects.current_of(anna).plan.slug == "seedling"


def test_a_free_member_joins_a_paid_plan_from_the_pricing_page(gateway, now):
    free = make.free_member(now=now)
    browser = signed_in(free.customer)
    cards = {card.plan.slug: card for card in browser.get("/pricing/").context["cards"]}
    assert cards["seedling"].href == "/account/"
    assert cards["grove"].href == "/join/grove/month/"

    enter_card(browser, agree(browser), gateway)
    assert Subscription.objects.current_of(free.customer).plan.slug == "grove"
    assert Subscription.objects.open().count() == 1


def test_a_visitor_comes_back_to_the_plan_after_signing_in(client):
    answer = client.get("/join/grove/year/")
    assert answer.url == "/accounts/login/?next=/join/grove/year/"
    page = client.get(answer.url).content.decode()
    assert "/accounts/signup/?next=%2Fjoin%2Fgrove%2Fyear%2F" in page

    anna = accounts.customer()
    answer = client.post(answer.url, {"login": anna.email, "password": accounts.PASSWORD})
    assert answer.url == "/join/grove/year/"


def test_the_next_charge_falls_on_the_customers_own_day(anna, gateway, time_machine):
    # 23:30 on 31 January in Rome, so the anchor is the 31st there.
    time_machine.move_to(datetime(2026, 1, 31, 22, 30, tzinfo=UTC), tick=False)
    page = signed_in(anna).get("/join/grove/month/").content.decode()
    assert "€12.00 on 28 February 2026" in page
