"""What a dunning policy chosen by plan does to a membership, and who is not run after."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.billing import attempts, collection, dunning, janitor
from apps.billing.gateway.behaviours import authenticate, decline
from apps.billing.models import Invoice, Payment, Recovery
from apps.mail.models import Message
from apps.memberships import renewals, services
from apps.memberships.models import Status, Subscription
from tests.factories import billing
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
END = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NO_FUNDS = decline("insufficient_funds", first=2)


def policy(slug: str, action: str) -> None:
    """A policy for one plan: a try after a day, the end after another."""
    dunning.new_policy_version(
        slug, scope=slug, retry_days=[1], mail_days=[], grace_days=1, final_action=action, is_current=True, now=JOINED
    )


def work(at: datetime) -> None:
    """One pass of the workers."""
    renewals.bill_due(now=at)
    collection.collect_due(now=at)
    janitor.check_due(now=at)
    dunning.advance_due(now=at)
    collection.collect_due(now=at)
    dunning.advance_due(now=at)


def live(days: int, *, since: datetime = END) -> None:
    for day in range(days + 1):
        work(since + day * DAY)


def mails(member: Subscription) -> list[str]:
    sent = Message.objects.filter(user_id=member.customer_id, created_at__gte=END).order_by("pk")
    return list(sent.values_list("kind", flat=True))


def test_the_plan_decides_which_policy_is_followed(gateway):
    policy("estate", "end")
    for slug in ("grove", "estate"):
        make.member(gateway, slug, now=JOINED, script=(NO_FUNDS,))
    live(0)
    followed = Recovery.objects.order_by("pk").values_list("invoice__scope", "policy__name")
    assert list(followed) == [("grove", "standard"), ("estate", "estate")]


def test_a_debt_that_is_written_off_leaves_the_membership_active_and_the_next_period_is_billed(gateway):
    policy("grove", "write_off")
    member = make.member(gateway, now=JOINED, script=(decline("insufficient_funds", first=2, times=2),))
    live(1)
    member.refresh_from_db()
    assert member.status == Status.PAST_DUE
    live(2)
    member.refresh_from_db()
    assert (member.status, member.next_bill_at) == (Status.ACTIVE, datetime(2026, 6, 1, 10, 0, tzinfo=UTC))
    assert mails(member) == ["payment-failed", "final-notice"]
    live(0, since=member.next_bill_at)
    assert list(Invoice.objects.order_by("pk").values_list("status", flat=True)) == ["paid", "uncollectible", "paid"]


def test_an_invoice_left_open_keeps_the_membership_overdue_until_it_is_paid(gateway):
    policy("grove", "leave_open")
    member = make.member(gateway, now=JOINED, script=(decline("insufficient_funds", first=2, times=2),))
    live(60)
    member.refresh_from_db()
    assert member.status == Status.PAST_DUE
    assert list(Invoice.objects.order_by("pk").values_list("status", flat=True)) == ["paid", "open"]
    assert mails(member) == ["payment-failed", "final-notice"]

    owed = Invoice.objects.open().get()
    later = END + 61 * DAY
    card = attempts.default_card(owed)
    collection.retry_with_card(owed.pk, card_id=card.pk, on_session=True, now=later)
    member.refresh_from_db()
    assert member.status == Status.ACTIVE
    work(later)
    # The periods it stood still for are billed then, each once.
    assert list(Invoice.objects.order_by("pk").values_list("status", flat=True)) == ["paid"] * 4


def test_a_new_card_pays_the_overdue_invoice_once_however_long_it_was_owed(gateway):
    policy("grove", "leave_open")
    member = make.member(gateway, now=JOINED, script=(NO_FUNDS,))
    live(20)
    owed = Invoice.objects.open().get()
    later = END + 20 * DAY
    good = billing.add_card(gateway, member.customer, now=later)
    collection.retry_with_card(owed.pk, card_id=good.pk, on_session=True, now=later)
    with pytest.raises(collection.NothingToPay):
        collection.retry_with_card(owed.pk, card_id=good.pk, on_session=True, now=later)
    live(5, since=later)
    assert [payment.amount_minor for payment in Payment.objects.succeeded().filter(card=good)] == [1200]
    assert Subscription.objects.get().status == Status.ACTIVE


def test_cancelling_while_overdue_stops_tries_and_mails(gateway):
    member = make.member(gateway, now=JOINED, script=(NO_FUNDS,))
    live(1)
    before = Payment.objects.count()
    services.request_cancel(member.pk, customer=member.customer, now=END + DAY)
    live(20)
    assert Payment.objects.count() == before
    assert mails(member) == ["payment-failed", "membership-ended", "cancellation-receipt"]
    assert (Recovery.objects.get().status, Invoice.objects.latest("pk").status) == ("cancelled", "void")


@pytest.mark.parametrize("script", [NO_FUNDS, authenticate(first=2)])
def test_who_has_cancelled_before_the_payment_failed_is_not_run_after(gateway, script):
    member = make.member(gateway, now=JOINED, script=(script,))
    renewals.bill_due(now=END)
    services.request_cancel(member.pk, customer=member.customer, now=END)
    live(20)
    member.refresh_from_db()
    assert (member.status, member.end_reason) == (Status.ENDED, "cancelled")
    assert not Recovery.objects.exists()
    assert mails(member) == ["cancellation-receipt", "membership-ended"]
    assert Payment.objects.count() == 2
    assert Invoice.objects.latest("pk").status == "void"


def test_choosing_a_policy_costs_renewals_nothing(gateway, django_assert_max_num_queries):
    for _ in range(3):
        make.member(gateway, "grove", now=JOINED)
    with django_assert_max_num_queries(60, connection=connection) as three:
        renewals.bill_due(now=END)
    for _ in range(3):
        make.member(gateway, "estate", now=JOINED + DAY)
    with django_assert_max_num_queries(60, connection=connection) as again:
        renewals.bill_due(now=END + DAY)
    assert len(again) == len(three)
    assert set(Invoice.objects.filter(reason="renewal").values_list("scope", flat=True)) == {"grove", "estate"}
