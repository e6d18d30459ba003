"""Step 5: the membership renews, and a receipt with the way out arrives."""

from playwright.sync_api import expect

from apps.billing.models import Invoice
from apps.mail.models import Message
from apps.memberships.models import Period, Subscription
from tests.stack import wait_for

from . import people


def test_a_renewal_is_billed_collected_and_receipted_with_a_way_out(shop, open_page, snap):
    joined = people.member(shop, "grove")
    user, end = joined.customer, joined.current_end
    invoice = people.renewal_due(shop, joined)

    assert (invoice.status, invoice.reason, invoice.currency) == ("paid", "renewal", "EUR")
    assert (invoice.total_minor, invoice.tax_minor, invoice.due_minor) == (1200, 216, 1200)
    assert list(invoice.payments.values_list("attempt", "status", "amount_minor")) == [(1, "succeeded", 1200)]
    assert people.charges(shop, user) == [("succeeded", 1200), ("succeeded", 1200)]
    renewed = Subscription.objects.get(pk=joined.pk)
    assert (renewed.status, renewed.current_start) == ("active", end)
    first, second = Period.objects.filter(subscription=joined).order_by("number")
    assert (first.end, second.start, second.end) == (end, end, renewed.next_bill_at)

    wait_for(lambda: Message.objects.of_user(user.pk).filter(kind="receipt", status="sent").count() == 2)
    page = open_page("/demo/mailbox/")
    page.get_by_label("Address").fill(user.email)
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name=f"Receipt {invoice.number}: €12.00").click()
    letter = page.frame_locator("iframe")
    expect(letter.get_by_role("row", name="Total, tax included")).to_contain_text("€12.00")
    expect(letter.get_by_role("row", name="Tax €2.16")).to_be_visible()
    snap(page, "receipt")


def test_the_receipts_link_cancels_in_three_clicks(shop, open_page):
    joined = people.member(shop, "grove")
    invoice = people.renewal_due(shop, joined)
    receipt = Message.objects.get(key=f"receipt:{invoice.pk}")
    page = open_page()
    people.sign_in(page, joined.customer)
    people.mail_by_key(shop, receipt.key)
    page.goto(f"/demo/mailbox/{receipt.pk}/")

    page.frame_locator("iframe").get_by_role("link", name="Cancel contract").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel Grove")
    page.get_by_role("button", name="Cancel now").click()

    expect(page.get_by_text("Your membership is cancelled. We have sent you a confirmation.")).to_be_visible()
    left = Subscription.objects.get(pk=joined.pk)
    assert (left.status, left.ends_at) == ("active", left.current_end)
    assert people.charges(shop, joined.customer) == [("succeeded", 1200), ("succeeded", 1200)]


def test_two_months_without_a_worker_are_billed_as_two_periods_and_charged_once_each(shop):
    joined = people.member(shop, "grove")
    # A day more than the longest month: where the clocks go back in it, its end is an hour later.
    people.travel(shop, joined.current_end + people.days(32))
    shop.ring("memberships.bill", "billing.collect")
    renewals = Invoice.objects.of(joined.customer).filter(reason="renewal")
    wait_for(lambda: renewals.filter(status="paid").count() == 2)

    periods = list(Period.objects.filter(subscription=joined).order_by("number"))
    assert [period.number for period in periods] == [0, 1, 2]
    assert [period.start for period in periods[1:]] == [period.end for period in periods[:-1]]
    assert people.charges(shop, joined.customer) == [("succeeded", 1200)] * 3
