"""Step 7: staff find a customer and their story, read the mail they got, and see what the workers did."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from apps.accounts import services as accounts
from apps.billing import collection
from apps.billing.models import Payment, Recovery
from apps.memberships import services
from apps.memberships.models import Subscription
from apps.offers import winback
from tests.stack import wait_for

from . import people, staff


@pytest.fixture
def office(shop, open_page) -> Page:
    """A member of staff, signed in, before the overview."""
    page = open_page()
    staff.enter(page, staff.manager(shop))
    return page


@pytest.fixture
def faults(shop) -> Iterator[None]:
    """None is left behind."""
    yield
    shop.control("faults", method="DELETE")


def test_a_customer_is_found_and_their_whole_story_told(shop, office, snap):
    user = people.customer(shop, name="Ottilia Zafferano", marketing=True)
    joined = people.member(shop, "grove", user=user)
    people.bank_says(shop, people.card_of(user), "insufficient_funds")
    invoice = people.renewal_due(shop, joined)
    wait_for(lambda: Recovery.objects.open().filter(invoice=invoice).exists())
    people.bank_says(shop, people.card_of(user), "ok")
    collection.retry_with_card(invoice.pk, card_id=people.card_of(user).pk, on_session=True, now=shop.now())
    people.mail(shop, user, "payment-recovered")
    services.request_cancel(joined.pk, customer=user, reason="moving", now=shop.now())
    joined.refresh_from_db()
    winback.make(joined, reason="moving", now=shop.now())

    for words in ("Ottilia", user.email):
        staff.search(office, "/admin/accounts/user/", words)
        expect(office.locator("#result_list").get_by_text(user.email)).to_be_visible()
        expect(office.get_by_role("link", name="Everything that happened")).to_have_count(1)
    office.get_by_role("link", name="Everything that happened").click()

    expect(office.get_by_role("heading", name="At a glance")).to_be_visible()
    story = office.locator(".bo-story .title")
    told = story.all_inner_texts()
    for title in (
        "Account opened",
        "Marketing mail: granted",
        "Subscription terms: granted",
        "Grove: active",
        "Grove: payment overdue",
        f"Invoice {invoice.number}: €12.00",
        "Payment of €12.00: succeeded",
        "Payment of €12.00: declined",
        "Recovery started",
        "Recovery: recovered",
        "We could not collect €12.00",
        "All is well: your payment went through",
        "Welcome: begun",
    ):
        assert title in told, (title, told)
    assert any(title.startswith("+75 points") for title in told), told
    assert "Offer made: Win-back: Grove" in told
    assert told.count(f"Receipt {invoice.number}: €12.00") == 1
    [cancelled] = [title for title in told if title.startswith("Cancellation")]
    assert re.fullmatch(r"Cancellation: end on \d+ \w+ \d{4}, \d\d:\d\d", cancelled)
    snap(office, "story")

    office.locator(".bo-tabs").get_by_role("link", name="Payments").click()
    statuses = ["succeeded", "declined", "succeeded"]
    expect(story).to_have_text([f"Payment of €12.00: {status}" for status in statuses])
    story.nth(1).get_by_role("link").click()
    expect(office.get_by_text("insufficient_funds").first).to_be_visible()
    snap(office, "payment")


def test_mail_is_read_as_it_was_sent(shop, office, snap):
    user = people.member(shop, "grove").customer
    receipt = people.mail(shop, user, "receipt")
    staff.search(office, "/admin/mail/message/", user.email)
    snap(office, "list")
    office.get_by_role("link", name=receipt.subject).click()
    letter = office.frame_locator('iframe[title="The letter"]')
    expect(letter.get_by_role("row", name="Total, tax included")).to_contain_text("€12.00")
    expect(office.get_by_label("Subject")).to_have_count(0)
    snap(office, "letter")


def test_a_membership_put_aside_is_seen_mended_and_taken_up_again(shop, office, snap):
    joined = people.member(shop, "grove")
    accounts.set_country(joined.customer, country="GB")
    people.travel(shop, joined.next_bill_at)
    shop.ring("memberships.bill")
    wait_for(lambda: Subscription.objects.parked().filter(pk=joined.pk).exists())

    office.goto("/admin/")
    office.get_by_role("row", name=re.compile("Memberships put aside")).get_by_role("link").click()
    row = office.get_by_role("row").filter(has_text=joined.customer.name).filter(has_text="No tax rate for GB")
    expect(row).to_be_visible()
    snap(office, "queue")

    accounts.set_country(joined.customer, country="IT")
    row.get_by_role("link", name="Take up again").click()
    office.get_by_role("button", name="Take up again").click()
    expect(office.get_by_text("The workers take it up again within seconds")).to_be_visible()
    expect(office.get_by_role("row").filter(has_text=joined.customer.name)).to_have_count(0)
    shop.ring("memberships.bill", "billing.collect")
    wait_for(lambda: people.charges(shop, joined.customer) == [("succeeded", 1200)] * 2)
    assert not Subscription.objects.parked().filter(pk=joined.pk).exists()


def test_a_payment_of_unknown_end_waits_for_staff_and_is_looked_up_from_the_page(shop, office, faults, snap):
    joined = people.member(shop, "grove")
    _silence(shop)
    invoice = people.renewal_due(shop, joined)
    payment = invoice.payments.get()
    assert (payment.status, invoice.status) == ("unknown", "open")

    office.goto("/admin/")
    waiting = office.get_by_role("row", name=re.compile("Payments of unknown outcome"))
    expect(waiting.get_by_role("cell")).to_have_text(str(Payment.objects.unknown().count()))
    snap(office, "overview")
    waiting.get_by_role("link").click()
    office.wait_for_url("**/queues/unknown-payments/")
    row = office.get_by_role("row").filter(has_text=invoice.number)
    while not row.count():  # other tests' customers wait before this one
        office.get_by_role("link", name="Next").click()
        office.wait_for_load_state()
    expect(row).to_contain_text("€12.00")
    row.get_by_role("link", name="Ask the gateway").click()
    snap(office, "question")

    shop.control("faults", method="DELETE")
    office.get_by_role("button", name="Ask the gateway").click()
    expect(office.get_by_text(f"Payment {payment}: succeeded")).to_be_visible()
    expect(office.get_by_role("row").filter(has_text=invoice.number)).to_have_count(0)
    snap(office, "looked-up")
    invoice.refresh_from_db()
    assert (invoice.status, Payment.objects.get(pk=payment.pk).status) == ("paid", "succeeded")
    assert people.charges(shop, joined.customer) == [("succeeded", 1200)] * 2


def _silence(shop) -> None:
    """The gateway takes what it is told to charge, but its answers are lost; it does not answer questions either."""
    lost = {"kind": "drop_after", "path_prefix": "/v1/payment_intents", "method": "POST"}
    silent = {"kind": "drop_before", "path_prefix": "/v1/payment_intents", "method": "GET"}
    for fault in (lost, silent):
        shop.control("faults", json.dumps(fault).encode())
