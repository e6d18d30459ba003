"""Joining on other terms: a free trial, a quarter, a fixed term, several of a plan."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing.models import Card, Invoice
from apps.memberships import services
from apps.memberships.models import Signup, Status, Subscription
from tests.factories import accounts
from tests.factories import memberships as make
from tests.storefront.pages import agree, enter_card, nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def anna():
    return accounts.customer()


@pytest.fixture
def trial():
    return make.special_price("conservatory", amount_minor=2400, trial_days=14)


def read(browser, address: str) -> str:
    return browser.get(address).content.decode()


def test_a_trial_says_before_the_card_what_is_charged_when(anna, trial, gateway):
    browser = signed_in(anna)
    page = read(browser, "/join/conservatory/month/")
    for fact in (
        "14 days, €0.00 today",
        "€24.00 a month, tax included",
        "€24.00 on 24 March 2026",
        "before 24 March 2026 without any charge",
        "renews every month until you cancel",
        "Charged today, tax included",
    ):
        assert fact in page, fact
    assert "You pay from today" not in page

    begun = agree(browser, "conservatory")
    assert begun.consent.text == (
        "I agree that my free trial ends on 24 March 2026, and that Orangery then charges my card €24.00, and again "
        "every month, until I cancel. Today nothing is charged. If I cancel in my account before 24 March 2026, "
        "nothing is charged; after that I can cancel at any time, to the end of the paid period. I have read the terms "
        "and the information on my right of withdrawal within 14 days."
    )
    page = read(browser, f"/join/pay/{begun.token}/")
    assert "Start the free trial" in page
    assert "charge it for the first time on 24 March 2026, unless you cancel before" in page

    page = enter_card(browser, begun, gateway).content.decode()
    assert "Your free trial has begun and lasts until 24 March 2026. Nothing was charged." in page
    assert "The first charge is €24.00 on 24 March 2026" in page
    assert Subscription.objects.current_of(anna).status == Status.TRIALING
    assert not Invoice.objects.exists()


def test_the_account_and_the_way_out_of_a_trial(anna, trial, gateway):
    browser = signed_in(anna)
    enter_card(browser, agree(browser, "conservatory"), gateway)
    page = read(browser, "/account/")
    assert "Your free trial lasts until <strong>24 March 2026</strong>" in page
    assert "First charge" in page
    assert "Free trial" in page

    page = read(browser, "/account/membership/cancel/")
    assert "the end of your free trial" in page
    assert "paid for" not in page.split("What happens")[1].split("</section>")[0]
    page = browser.post("/account/membership/cancel/", {"reason": ""}, follow=True).content.decode()
    assert "ends on <strong>24 March 2026</strong>" in page
    page = browser.post("/account/membership/undo/", follow=True).content.decode()
    assert "Your free trial lasts until" in page


def test_changing_in_a_trial_says_what_becomes_of_it(anna, trial, gateway):
    browser = signed_in(anna)
    enter_card(browser, agree(browser, "conservatory"), gateway)
    up = read(browser, f"/account/membership/change/?price={make.price('estate').pk}")
    assert "Your free trial ends with this change" in up
    assert "Change now and pay €59.00" in up
    down = browser.get(f"/account/membership/change/?price={make.price('grove').pk}")
    assert "Your free trial goes on, and the change takes effect when it ends" in down.content.decode()
    page = browser.post(
        "/account/membership/change/",
        {"price": make.price("grove").pk, "quoted": down.context["quoted"]},
        follow=True,
    )
    assert said(page) == ["Your plan changes when your free trial ends."]


def test_who_had_a_trial_is_told_before_the_card(anna, trial, gateway, time_machine, now):
    browser = signed_in(anna)
    enter_card(browser, agree(browser, "conservatory"), gateway)
    services.request_cancel(Subscription.objects.get().pk, customer=anna, now=now)
    Subscription.objects.update(status="ended", end_reason="cancelled", ended_at=now, next_bill_at=None)

    page = read(browser, "/join/conservatory/month/")
    assert "You pay from today" in page
    assert "€24.00 today" in page
    assert "free trial ends on" not in page
    assert "Join Conservatory" in read(browser, "/pricing/")
    page = enter_card(browser, agree(browser, "conservatory"), gateway).content.decode()
    assert "We have charged €24.00" in page


def test_a_card_that_had_a_trial_comes_back_with_the_price(anna, trial, gateway):
    make.join(gateway, trial, now=datetime(2026, 3, 1, tzinfo=UTC))
    browser = signed_in(anna)
    page = enter_card(browser, agree(browser, "conservatory"), gateway)
    assert sent_to(page) == "/join/conservatory/month/"
    assert said(page) == ["This card, or you, had a free trial before, and everybody has one. Nothing was charged."]
    assert "€24.00 today" in page.content.decode()
    assert not Invoice.objects.exists()
    assert Subscription.objects.current_of(anna) is None

    begun = agree(browser, "conservatory")
    page = browser.post(f"/join/pay/{begun.token}/", {"card": Card.objects.of(anna).get().pk}, follow=True)
    assert "We have charged €24.00" in page.content.decode()


def test_the_pricing_page_tells_of_trials_and_terms(anna, trial, client):
    term = make.special_price("grove", amount_minor=1100, term_periods=6)
    page = read(client, "/pricing/")
    assert "Try Conservatory free for 14 days" in page
    assert "The first 14 days are free" in page
    assert f"Or €11.00 a month for {term.term_label}, then it ends by itself" in page
    assert 'href="/join/grove/month-for-6/"' in page


def test_a_quarter_is_chosen_priced_and_charged(anna, gateway, client):
    make.special_price("conservatory", version=1, amount_minor=6600, interval_count=3)
    page = client.get("/pricing/?interval=3-month")
    assert [item["label"] for item in page.context["intervals"]] == ["Monthly", "Quarterly", "Yearly"]
    assert [item["note"] for item in page.context["intervals"]] == ["", "save up to 8%", "save up to 16%"]
    card = page.context["cards"][-1]
    assert (card.plan.slug, card.per, str(card.per_month), str(card.saving)) == (
        "conservatory", "every 3 months", "€22.00", "€6.00",
    )  # fmt: skip
    assert card.href == "/join/conservatory/3-month/"

    browser = signed_in(anna)
    page = read(browser, "/join/conservatory/3-month/")
    assert "renews every 3 months until you cancel" in page
    assert "€66.00 on 10 June 2026" in page
    begun = agree(browser, "conservatory", "3-month")
    assert "€66.00 today and €66.00 every 3 months from 10 June 2026" in begun.consent.text
    enter_card(browser, begun, gateway)
    assert Invoice.objects.get().total_minor == 6600
    assert "€66.00 every 3 months" in read(browser, "/account/")
    choice = read(browser, "/account/membership/change/")
    assert choice.count("Your plan<") == 1
    assert "to Conservatory, yearly" in " ".join(choice.split())


def test_a_fixed_term_says_when_it_ends(anna, gateway, time_machine):
    make.special_price("grove", amount_minor=1100, term_periods=6)
    browser = signed_in(anna)
    page = read(browser, "/join/grove/month-for-6/")
    assert "charged every month, ends by itself on 10 September 2026" in page
    assert "until you cancel" not in page
    begun = agree(browser, "grove", "month-for-6")
    assert "until my membership ends by itself on 10 September 2026." in begun.consent.text
    page = enter_card(browser, begun, gateway).content.decode()
    assert "Your membership ends by itself on 10 September 2026." in page
    assert "Ends by itself on" in read(browser, "/account/")
    Subscription.objects.update(current_end=Subscription.objects.get().ends_at, next_bill_at=None)
    assert "as agreed. Nothing more is charged." in read(browser, "/account/")


@pytest.mark.parametrize("interval", ["month-for-7", "0-month", "decade", "3-month", "month-for-0"])
def test_what_was_never_sold_is_not_found(anna, interval):
    assert signed_in(anna).get(f"/join/grove/{interval}/").status_code == 404


def test_several_are_chosen_before_the_card_and_changed_after(anna, gateway, time_machine, now):
    make.several("grove", most=5)
    browser = signed_in(anna)
    page = read(browser, "/join/grove/month/?quantity=3")
    assert "€36.00 today" in page
    assert 'name="quantity" value="3"' in page
    begun = agree(browser, "grove", query="?quantity=3")
    assert (begun.quantity, begun.quote["total_minor"]) == (3, 3600)
    enter_card(browser, begun, gateway)
    assert Invoice.objects.get().total_minor == 3600
    page = read(browser, "/account/")
    assert "3 × Grove" in page
    assert "3 × €12.00 a month" in page

    time_machine.move_to(now + timedelta(days=1), tick=False)
    own = Subscription.objects.get().price_id
    page = browser.get(f"/account/membership/change/?price={own}&quantity=4")
    assert "Grove: 4 instead of 3" in page.content.decode()
    due = page.context["preview"].due_now
    facts = {"price": own, "quantity": 4, "quoted": page.context["quoted"]}
    page = browser.post("/account/membership/change/", facts, follow=True)
    assert said(page) == ["You are now on 4 × Grove."]
    assert Invoice.objects.get(reason="change").total == due

    page = browser.get(f"/account/membership/change/?price={own}&quantity=1")
    facts = {"price": own, "quantity": 1, "quoted": page.context["quoted"]}
    page = browser.post("/account/membership/change/", facts, follow=True).content.decode()
    assert "From 10 April 2026 on you have 1 of it." in page
    assert "<strong>€12.00</strong>" in page


@pytest.mark.parametrize("quantity", ["0", "-1", "6", "x", "9" * 40])
def test_a_quantity_that_is_none(anna, gateway, quantity):
    make.several("grove", most=5)
    browser = signed_in(anna)
    with nothing_changes():
        page = browser.get(f"/join/grove/month/?quantity={quantity}")
        assert (page.status_code, page.context["quantity_form"].is_valid()) == (200, False)
        fingerprint = page.context["form"].fingerprint
        page = browser.post(f"/join/grove/month/?quantity={quantity}", {"shown": fingerprint, "agree": "on"})
        assert page.status_code == 200
    assert not Signup.objects.exists()
    member = make.member(gateway, now=datetime(2026, 3, 9, tzinfo=UTC), user=anna)
    with nothing_changes():
        page = browser.get(f"/account/membership/change/?price={member.price_id}&quantity={quantity}", follow=True)
        assert len(said(page)) == 1
