"""Step 5: a renewal that the bank refuses is recovered by policy, or ends the membership."""

from datetime import timedelta

from playwright.sync_api import expect

from apps.billing.models import Invoice, Payment, Recovery
from apps.memberships.models import Subscription
from tests.stack import wait_for

from . import people

DAY = timedelta(days=1)
# The longest a worker may take over one step: the shop's clock runs on while it does.
PROMPTLY = timedelta(hours=1)


def recovery_of(invoice: Invoice) -> Recovery:
    return Recovery.objects.select_related("policy").get(invoice=invoice)


def overdue(shop, *, outcome: str = "insufficient_funds") -> tuple[Subscription, Invoice]:
    """A member whose renewal the bank has just refused."""
    joined = people.member(shop, "grove")
    people.bank_says(shop, people.card_of(joined.customer), outcome)
    invoice = people.renewal_due(shop, joined)
    wait_for(lambda: Recovery.objects.open().filter(invoice=invoice).exists())
    joined.refresh_from_db()
    return joined, invoice


def next_step(shop, invoice: Invoice) -> None:
    """Move to the next step of the recovery and let the workers take it."""
    before = recovery_of(invoice)
    people.travel(shop, before.next_action_at)
    shop.ring("billing.dunning")
    wait_for(lambda: (recovery_of(invoice).step, recovery_of(invoice).status) != (before.step, before.status))
    shop.ring("billing.collect")
    wait_for(lambda: not invoice.payments.filter(status__in=["pending", "processing"]).exists())


def attempts(invoice: Invoice) -> list[tuple[int, str]]:
    return list(invoice.payments.order_by("attempt").values_list("attempt", "status"))


def test_a_new_card_from_the_mails_link_pays_the_invoice_once_without_a_login(shop, open_page, snap):
    joined, invoice = overdue(shop)
    user = joined.customer
    assert (joined.status, invoice.status) == ("past_due", "open")
    recovery = recovery_of(invoice)
    assert (recovery.policy.retry_days, recovery.next_action_at) == ([1, 3, 5, 7], recovery.started_at + DAY)
    letter = people.mail(shop, user, "payment-failed")
    assert letter.subject == "We could not collect €12.00"

    account = open_page()
    people.sign_in(account, user)
    expect(account.get_by_text("We could not charge €12.00.")).to_be_visible()
    expect(account.get_by_text("Payment overdue")).to_be_visible()
    snap(account, "account")

    page = open_page(people.link_in(letter, "/account/pay/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay €12.00")
    snap(page, "pay")
    people.type_card(page)
    page.get_by_role("button", name="Pay €12.00 with the new card").click()

    expect(page.get_by_text("Thank you: the invoice is paid.")).to_be_visible()
    invoice.refresh_from_db()
    joined.refresh_from_db()
    assert (invoice.status, joined.status, recovery_of(invoice).status) == ("paid", "active", "recovered")
    assert attempts(invoice) == [(1, "declined"), (2, "succeeded")]
    assert people.charges(shop, user) == [("succeeded", 1200), ("failed", 1200), ("succeeded", 1200)]
    assert people.card_of(user).pk == invoice.payments.get(attempt=2).card_id
    assert people.mails(user)[-2:] == ["payment-recovered", "receipt"]

    page.goto(people.link_in(letter, "/account/pay/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("This invoice is paid")
    account.reload()
    expect(account.get_by_text("We could not charge €12.00.")).to_have_count(0)
    expect(account.get_by_text("Active", exact=True)).to_be_visible()


def test_a_new_card_that_is_refused_too_charges_nothing_and_says_so(shop, open_page):
    joined, invoice = overdue(shop)
    letter = people.mail(shop, joined.customer, "payment-failed")
    page = open_page(people.link_in(letter, "/account/pay/"))
    people.type_card(page, "4000000000000341")
    page.get_by_role("button", name="Pay €12.00 with the new card").click()

    expect(page.get_by_text("Your bank declined the payment. Nothing was charged")).to_be_visible()
    invoice.refresh_from_db()
    assert (invoice.status, recovery_of(invoice).status) == ("open", "open")
    assert people.charges(shop, joined.customer) == [("succeeded", 1200), ("failed", 1200), ("failed", 1200)]


def test_a_bank_that_wants_the_customer_gets_them_and_the_invoice_is_paid(shop, open_page, snap):
    joined, invoice = overdue(shop, outcome="authentication_required")
    user = joined.customer
    assert joined.status == "past_due"
    letter = people.mail(shop, user, "payment-failed")
    assert "Your bank wants you to confirm this payment yourself." in letter.text

    next_step(shop, invoice)
    assert len(attempts(invoice)) == 1, "Charging without the customer would be refused again"

    page = open_page(people.link_in(letter, "/account/pay/"))
    expect(page.get_by_text("Your bank wants you to confirm the payment yourself.")).to_be_visible()
    page.get_by_role("button", name="Pay €12.00 with this card").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm with your bank")
    page.get_by_role("button", name="Confirm the payment").click()
    agree = people.bank(page).get_by_role("button", name="Complete authentication")
    expect(agree).to_be_visible()
    snap(page, "bank")
    agree.click()

    expect(page.get_by_text("Thank you: the invoice is paid.")).to_be_visible()
    invoice.refresh_from_db()
    joined.refresh_from_db()
    assert (invoice.status, joined.status, recovery_of(invoice).status) == ("paid", "active", "recovered")
    assert [status for status, _minor in people.charges(shop, user)].count("succeeded") == 2
    assert invoice.payments.filter(status="succeeded").count() == 1
    assert people.mails(user)[-2:] == ["payment-recovered", "receipt"]


def test_when_the_policy_runs_out_the_membership_ends_and_nothing_more_is_charged(shop, open_page, snap):
    joined, invoice = overdue(shop)
    user = joined.customer
    recovery = recovery_of(invoice)
    for day in [1, 3, 5, 6, 7, 7]:
        assert recovery_of(invoice).next_action_at == recovery.started_at + day * DAY
        next_step(shop, invoice)
    # Three days from the notice itself, however late it was written.
    assert timedelta(0) <= recovery_of(invoice).next_action_at - recovery.started_at - 10 * DAY < PROMPTLY
    next_step(shop, invoice)

    tried = Payment.objects.filter(invoice=invoice).order_by("attempt")
    late = [
        payment.created_at - recovery.started_at - day * DAY
        for payment, day in zip(tried[1:], [1, 3, 5, 7], strict=True)
    ]
    assert all(timedelta(0) <= wait < PROMPTLY for wait in late)
    assert attempts(invoice) == [(number, "declined") for number in range(1, 6)]
    invoice.refresh_from_db()
    joined.refresh_from_db()
    assert (invoice.status, recovery_of(invoice).status) == ("uncollectible", "exhausted")
    assert (joined.status, joined.end_reason) == ("ended", "payment")
    ended_after = joined.ended_at - recovery.started_at - 10 * DAY
    assert timedelta(0) <= ended_after < PROMPTLY
    assert people.mails(user)[2:] == ["payment-failed", "payment-retry-reminder", "final-notice", "membership-ended"]
    final = people.mail(shop, user, "membership-ended")
    assert "because we could not collect the last payment. You owe us nothing." in final.text
    refused = [("succeeded", 1200)] + [("failed", 1200)] * 5
    assert people.charges(shop, user) == refused

    page = open_page(people.link_in(people.mail(shop, user, "final-notice"), "/account/pay/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing to pay")
    snap(page, "settled")
    witness = people.member(shop, "grove")
    people.renewal_due(shop, witness)
    assert Invoice.objects.of(user).count() == 2
    assert people.charges(shop, user) == refused
