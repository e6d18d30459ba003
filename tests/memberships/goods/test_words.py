"""What a box subscriber reads: on invoices, in letters, and where their links lead. Never of a membership or of
benefits."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import collection, dunning
from apps.billing.gateway.behaviours import decline
from apps.billing.models import Invoice
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import errors, services
from apps.memberships.gifts import redeeming
from apps.memberships.models import GiftUse, Subscription
from apps.memberships.services import finding, promises
from tests.factories import accounts, gifts
from tests.factories import memberships as make
from tests.factories import promises as given
from tests.memberships.pauses import work

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PAGES = "/account/boxes/seasonal-box/"
FOREIGN = re.compile(r"member(?!s_|s\.)|benefit|/pricing/", re.IGNORECASE)


def letters(customer) -> dict[str, Message]:
    """The letters to a customer by kind, each read: none speaks of a membership, in either of its forms."""
    found = {letter.kind: letter for letter in Message.objects.filter(user_id=customer.pk).order_by("pk")}
    for letter in found.values():
        for words in (letter.subject, letter.text, letter.html):
            assert not FOREIGN.search(words), (letter.kind, FOREIGN.search(words), words)
    return found


def pass_days(first: datetime, days: int) -> None:
    for day in range(days):
        at = first + day * DAY
        work(at)
        dunning.advance_due(now=at)
        collection.collect_due(now=at)


def test_joining_renewing_and_leaving(gateway):
    member = make.box_subscriber(gateway, now=JOINED)
    work(END)
    services.request_cancel(member.pk, customer=member.customer, now=END)
    services.undo_cancel(member.pk, customer=member.customer, now=END)
    services.request_cancel(member.pk, customer=member.customer, now=END + DAY)
    member.refresh_from_db()
    work(member.current_end)
    said = letters(member.customer)
    assert set(said) == {
        "membership-confirmation",
        "receipt",
        "cancellation-receipt",
        "cancellation-undone",
        "membership-ended",
    }
    first, renewal = Invoice.objects.order_by("pk")
    assert [invoice.lines.get().description for invoice in (first, renewal)] == ["Small box, one month"] * 2
    assert said["membership-confirmation"].subject == "Small box: your confirmation"
    assert f"{PAGES}cancel/" in said["membership-confirmation"].text
    assert "when the parcel is back with us" in said["membership-confirmation"].text
    assert f"{PAGES}cancel/" in said["receipt"].text
    assert said["membership-ended"].subject == "Your subscription to Small box has ended"
    assert "/boxes/" in said["membership-ended"].text


def test_a_member_still_reads_of_the_membership(gateway):
    member = make.member(gateway, now=JOINED)
    assert Invoice.objects.get().lines.get().description == "Grove membership, one month"
    said = {letter.kind: letter.text for letter in Message.objects.filter(user_id=member.customer_id)}
    assert "Your Grove membership has started" in said["membership-confirmation"]
    assert "/account/membership/cancel/" in said["membership-confirmation"]
    assert "/account/membership/cancel/" in said["receipt"]


@pytest.mark.parametrize("months", [0, 1])
def test_resting(gateway, months):
    member = make.box_subscriber(gateway, now=JOINED)
    for _twice in range(2):
        services.request_pause(member.pk, months=months, customer=member.customer, now=JOINED)
        if _twice == 0:
            services.undo_pause(member.pk, customer=member.customer, now=JOINED)
    for day in range(60):
        work(END + day * DAY)
    said = letters(member.customer)
    assert {"pause-confirmation", "pause-undone", "resuming", "resumed"} <= set(said)
    assert f"{PAGES}resume/" in said["pause-confirmation"].text


def test_another_size(gateway):
    member = make.box_subscriber(gateway, now=JOINED)
    large = make.box_price("large-box", rank=2, amount_minor=4900)
    services.change_plan(member.pk, large.pk, customer=member.customer, now=JOINED)
    letter = letters(member.customer)["plan-changed"]
    assert "you get Large box instead of Small box, from the next one on." in letter.text
    assert f"{PAGES}change/" in letter.text


@pytest.mark.parametrize(("times", "last"), [(1, "payment-recovered"), (9, "membership-ended")])
def test_a_card_that_is_declined(gateway, times, last):
    member = make.box_subscriber(gateway, now=JOINED, script=(decline("insufficient_funds", first=2, times=times),))
    pass_days(END, 40)
    said = letters(member.customer)
    assert "What it pays for is sent as soon as it is paid." in said["payment-failed"].text
    assert last in said
    if last == "membership-ended":
        assert "final-notice" in said


def test_a_long_renewal_and_a_card_that_expires(gateway):
    yearly = make.box_price(interval_unit="year", amount_minor=29000)
    member = make.box_subscriber(gateway, yearly, now=JOINED)
    card = member.customer.billing_profile.default_card
    card.exp_year, card.exp_month = 2026, 12
    card.save()
    renews = datetime(2027, 1, 31, 9, 0, tzinfo=UTC)
    for days in (35, 10):
        sweeps.run("campaigns.notices", now=renews - days * DAY)
        sweeps.run("campaigns.expiring_cards", now=renews - min(days, 30) * DAY)
    said = letters(member.customer)
    assert said["renewal-notice"].subject == "Your subscription to Small box renews on 31 January 2027"
    assert f"{PAGES}cancel/" in said["renewal-notice"].text
    assert "card-expiring" in said


def test_a_price_that_changes(gateway):
    old = make.box_price()
    member = make.box_subscriber(gateway, old, now=JOINED)
    change = given.planned(old, 3100, now=JOINED, effective_at=JOINED + 80 * DAY)
    for at in (END, datetime(2026, 3, 31, 8, 0, tzinfo=UTC)):
        given.work(at=at)
    given.notify(member)
    promises.withdraw(change.pk, actor="boss@example.com", reason="No", now=JOINED + 80 * DAY)
    given.work(at=JOINED + 81 * DAY)
    said = letters(member.customer)
    assert {"price-change-notice", "price-change-withdrawn"} <= set(said)
    assert f"{PAGES}cancel/" in said["price-change-notice"].text


def test_a_gift(gateway):
    make.box_price()
    buyer, receiver = accounts.customer(), accounts.customer()
    for use in (GiftUse.STARTS, GiftUse.EXTENDS):
        gift = gifts.bought(gateway, slug="small-box", now=JOINED, buyer=buyer, email=receiver.email)
        redeeming.redeem(gift.code, customer=receiver, shown=use, now=JOINED)
    assert Invoice.objects.filter(reason="gift").first().lines.get().description.endswith("Small box, 3 months")
    for day in range(0, 200, 3):
        sweeps.run("memberships.ending", now=JOINED + day * DAY)
    said = letters(receiver) | letters(buyer)
    assert {"gift-bought", "gift-redeemed", "membership-ending"} <= set(said)
    delivery = Message.objects.filter(kind="gift-delivery").first()
    assert "gives you this from" in delivery.text
    assert not FOREIGN.search(delivery.text)


def test_a_trial(gateway):
    tried = make.box_price(trial_days=14)
    member = make.box_subscriber(gateway, tried, now=JOINED)
    sweeps.run("memberships.trials", now=JOINED + 7 * DAY)
    assert "trial-ending" in letters(member.customer)


def test_who_has_one_is_told_so_and_may_be_a_member_too(gateway):
    member = make.box_subscriber(gateway, now=JOINED)
    large = make.box_price("large-box", rank=2)
    with pytest.raises(errors.AlreadySubscribed, match="such a subscription already"):
        finding.refuse_second(member.customer, large)
    finding.refuse_second(member.customer, make.price("grove"))
    make.member(gateway, now=JOINED, user=member.customer)
    assert Subscription.objects.open().filter(customer=member.customer).count() == 2
