"""Changing the plan through the pages: the preview is the charge."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core import signing

from apps.billing import credit
from apps.billing.gateway.behaviours import authenticate, decline
from apps.billing.models import Account, Invoice, Payment
from apps.core.money import Money
from apps.memberships import services
from apps.memberships.models import PlanChange, Price, Subscription
from apps.memberships.services import new_price_version
from apps.storefront.views.changing import sign_instant
from tests.factories import accounts
from tests.factories import memberships as make
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db
JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)  # a month of thirty days, without a change of the clocks
HALF_WAY = JOINED + timedelta(days=15)


@pytest.fixture(autouse=True)
def _shop(time_machine):
    time_machine.move_to(HALF_WAY, tick=False)
    make.plans()


@pytest.fixture
def member(gateway) -> Subscription:
    return make.member(gateway, "grove", now=JOINED)


def price(slug: str, *, unit: str = "month", currency: str = "EUR") -> Price:
    return make.price(slug, unit=unit, currency=currency)


def confirm(browser, chosen: Price, *, quoted: str | None = None, **how):
    quoted = sign_instant(HALF_WAY) if quoted is None else quoted
    return browser.post("/account/membership/change/", {"price": chosen.pk, "quoted": quoted}, **how)


def test_the_plans_to_choose_from(member):
    page = signed_in(member.customer).get("/account/membership/change/")
    assert [(p.plan.slug, p.interval_unit) for p in page.context["prices"]] == [
        ("seedling", "month"),
        ("grove", "month"),
        ("grove", "year"),
        ("conservatory", "month"),
        ("conservatory", "year"),
        ("estate", "month"),
        ("estate", "year"),
    ]
    assert page.content.decode().count("Your plan<") == 1


def test_the_preview_is_the_charge(member, time_machine):
    browser = signed_in(member.customer)
    page = browser.get(f"/account/membership/change/?price={price('conservatory').pk}")
    text = page.content.decode()
    for fact in (
        '<td class="num" data-due>€6.00</td>',
        "-€6.00",
        "€12.00",
        "Next charge: <strong>€24.00</strong> on 1 May 2026",
        "Change now and pay €6.00",
        "Visa •••• 4242",
    ):
        assert fact in text, fact

    # Read for ten minutes, then confirmed: the amounts are those of the page.
    time_machine.move_to(HALF_WAY + timedelta(minutes=10), tick=False)
    page = confirm(browser, price("conservatory"), quoted=page.context["quoted"], follow=True)
    assert said(page) == ["You are now on Conservatory."]
    invoice = Invoice.objects.get(reason="change")
    assert (invoice.total_minor, invoice.status) == (600, "paid")
    assert list(invoice.lines.values_list("amount_minor", flat=True)) == [-600, 1200]
    assert Payment.objects.get(invoice=invoice).amount_minor == 600


def test_credit_is_taken_off_on_the_page_and_on_the_card(member):
    credit.grant(
        member.customer,
        money=Money(250, "EUR"),
        key="gift",
        reason="A gift",
        now=HALF_WAY,
        source_account=Account.REVENUE,
    )
    browser = signed_in(member.customer)
    page = browser.get(f"/account/membership/change/?price={price('conservatory').pk}").content.decode()
    assert "−€2.50" in page
    assert '<td class="num" data-due>€3.50</td>' in page
    confirm(browser, price("conservatory"))
    assert Payment.objects.get(invoice__reason="change").amount_minor == 350


def test_down_waits_for_the_end_and_can_be_taken_back(gateway):
    member = make.member(gateway, "conservatory", now=JOINED)
    browser = signed_in(member.customer)
    page = browser.get(f"/account/membership/change/?price={price('grove').pk}").content.decode()
    assert "Nothing is charged today" in page
    assert "<strong>1 May 2026</strong>" in page
    assert "From then on you pay <strong>€12.00</strong>" in page

    page = confirm(browser, price("grove"), follow=True)
    assert said(page) == ["Your plan changes at the end of the period you have paid for."]
    assert "Your plan changes to Grove on 1 May 2026." in page.content.decode()
    assert not Invoice.objects.filter(reason="change").exists()

    page = browser.post("/account/membership/keep/", follow=True)
    assert said(page) == ["You keep your plan."]
    member.refresh_from_db()
    assert member.pending_price is None


def test_a_declined_card_changes_nothing(gateway):
    member = make.member(gateway, "grove", now=JOINED, script=(decline("insufficient_funds", first=2),))
    page = confirm(signed_in(member.customer), price("conservatory"), follow=True)
    assert said(page)[0].startswith("Your card was declined.")
    member.refresh_from_db()
    assert member.plan.slug == "grove"
    assert Invoice.objects.get(reason="change").status == "void"


def test_the_bank_asks_and_the_customer_confirms(gateway):
    member = make.member(gateway, "grove", now=JOINED, script=(authenticate(first=2),))
    browser = signed_in(member.customer)
    page = confirm(browser, price("conservatory"), follow=True)
    waiting = PlanChange.objects.get()
    assert sent_to(page) == f"/account/membership/change/{waiting.token}/"
    assert "confirm the payment of €6.00" in page.content.decode()

    gateway.confirm(Payment.objects.get(invoice=waiting.invoice).gateway_id)
    page = browser.post(f"/account/membership/change/{waiting.token}/", follow=True)
    assert said(page) == ["You are now on Conservatory."]
    # Coming back once more is harmless.
    with nothing_changes():
        assert browser.get(f"/account/membership/change/{waiting.token}/").url == "/account/"


def test_another_customers_change_is_not_found(gateway, member):
    theirs = make.member(gateway, "grove", now=JOINED, script=(authenticate(first=2),))
    confirm(signed_in(theirs.customer), price("conservatory"))
    token = PlanChange.objects.get().token
    browser = signed_in(member.customer)
    with nothing_changes():
        for address in (f"/account/membership/change/{token}/", f"/account/membership/change/{uuid4()}/"):
            assert browser.get(address).status_code == 404
            assert browser.post(address).status_code == 404


@pytest.mark.parametrize("quoted", ["", "forged", "2026-04-16T10:00:00+00:00", "eyJ:abc:def"])
def test_a_forged_instant_is_not_believed(member, quoted):
    browser = signed_in(member.customer)
    with nothing_changes():
        page = confirm(browser, price("conservatory"), quoted=quoted, follow=True)
    assert said(page) == ["Please look at the amounts again before you confirm."]


def test_an_instant_signed_for_something_else(member):
    quoted = signing.dumps(HALF_WAY.isoformat(), salt="another-page")
    browser = signed_in(member.customer)
    with nothing_changes():
        page = confirm(browser, price("conservatory"), quoted=quoted, follow=True)
    assert said(page) == ["Please look at the amounts again before you confirm."]


def test_an_instant_of_another_day(member):
    """Signed by us, but too long ago by the shop's clock, or before the membership began."""
    browser = signed_in(member.customer)
    for moment in (HALF_WAY - timedelta(hours=2), JOINED - timedelta(days=1), HALF_WAY + timedelta(hours=1)):
        quoted = sign_instant(moment)
        with nothing_changes():
            page = confirm(browser, price("conservatory"), quoted=quoted, follow=True)
        assert said(page) == ["The amounts have changed since you saw them. Please look at them again."]


def test_a_preview_left_open_over_lunch(member, time_machine):
    quoted = sign_instant(HALF_WAY)
    time_machine.move_to(HALF_WAY + timedelta(minutes=61), tick=False)
    browser = signed_in(member.customer)
    with nothing_changes():
        page = confirm(browser, price("conservatory"), quoted=quoted, follow=True)
    assert said(page) == ["Please look at the amounts again before you confirm."]


@pytest.mark.parametrize("number", ["0", "-1", "abc", "9" * 18, "9" * 30, "9" * 5000, "1e3", "²"])
def test_a_price_that_is_none(member, number):
    browser = signed_in(member.customer)
    with nothing_changes():
        assert browser.get("/account/membership/change/", {"price": number}).status_code == 404
        page = browser.post(
            "/account/membership/change/", {"price": number, "quoted": sign_instant(HALF_WAY)}, follow=True
        )
    assert said(page)[0] in ("Please look at the amounts again before you confirm.", "There is no such plan.")


def test_prices_that_are_not_for_this_membership(member):
    dollars = price("conservatory", currency="USD")
    closed = price("estate")
    new_price_version(closed, amount_minor=6000, now=HALF_WAY)
    browser = signed_in(member.customer)
    with nothing_changes():
        page = browser.get(f"/account/membership/change/?price={dollars.pk}", follow=True)
        assert said(page) == ["It cannot be changed to this plan."]
        assert said(confirm(browser, dollars, follow=True)) == ["It cannot be changed to this plan."]
        assert browser.get(f"/account/membership/change/?price={closed.pk}").status_code == 404
        assert said(confirm(browser, closed, follow=True)) == ["This plan is not on sale any more."]
        page = browser.get(f"/account/membership/change/?price={member.price_id}", follow=True)
        assert said(page) == ["This is your plan already."]
        assert said(confirm(browser, member.price, follow=True)) == ["This is your plan already."]


def test_a_cancelled_membership_is_not_changed(member):
    services.request_cancel(member.pk, customer=member.customer, now=HALF_WAY)
    browser = signed_in(member.customer)
    with nothing_changes():
        page = browser.get(f"/account/membership/change/?price={price('conservatory').pk}", follow=True)
        assert said(page) == ["It is cancelled. Undo the cancellation to change your plan."]
        assert sent_to(page) == "/account/"
        confirm(browser, price("conservatory"))


def test_a_free_member_is_sent_to_join():
    free = make.free_member(now=JOINED)
    browser = signed_in(free.customer)
    with nothing_changes():
        page = browser.get(f"/account/membership/change/?price={price('grove', unit='year').pk}")
        assert page.url == "/join/grove/year/"
        page = confirm(browser, price("grove"), follow=True)
        assert said(page) == ["Please join this plan with a card."]


def test_without_a_membership(client):
    browser = signed_in(accounts.customer())
    with nothing_changes():
        assert browser.get("/account/membership/change/").url == "/pricing/"
        assert browser.post("/account/membership/change/", {"price": "1"}).url == "/pricing/"
        assert browser.post("/account/membership/keep/").status_code == 404
        assert browser.get("/account/membership/keep/").status_code == 405
        assert client.post("/account/membership/keep/").url.startswith("/accounts/login/")


def test_nothing_to_keep(member):
    browser = signed_in(member.customer)
    with nothing_changes():
        page = browser.post("/account/membership/keep/", follow=True)
    assert said(page) == ["No change of plan is waiting."]
