"""Withdrawing: the fourteen days, what goes back, the day of patience, and the link that undoes it."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import refunds
from apps.billing.models import CreditNote, Invoice, Refund
from apps.core.money import Money
from apps.loyalty import services as loyalty
from apps.loyalty.models import PointsAccount
from apps.mail.models import Message
from apps.memberships import clearing, errors, renewals, services, withdrawal_rules
from apps.memberships.declarations import handle_due, undoing
from apps.memberships.models import Handling, Status, Subscription
from apps.memberships.services import withdrawing
from tests.factories import accounts, gifts
from tests.factories import memberships as make

from .saying import say

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
TENTH = JOINED + timedelta(days=10)
DAY = timedelta(days=1)


@pytest.fixture
def member(gateway) -> Subscription:
    return make.member(gateway, now=JOINED)


@pytest.mark.parametrize(
    ("made", "end"),
    [
        # In Rome it is two hours later: 1 April plus fourteen days is the 15th, a Wednesday, to its end.
        (JOINED, datetime(2026, 4, 15, 22, 0, tzinfo=UTC)),
        (datetime(2026, 3, 31, 22, 30, tzinfo=UTC), datetime(2026, 4, 15, 22, 0, tzinfo=UTC)),
        # Saturday the 18th becomes Monday the 20th.
        (datetime(2026, 4, 4, 10, 0, tzinfo=UTC), datetime(2026, 4, 20, 22, 0, tzinfo=UTC)),
    ],
)
def test_fourteen_days(made, end):
    assert withdrawal_rules.ends(made, "Europe/Rome") == end


def test_it_ends_at_once_and_all_goes_back(member):
    assert withdrawing.preview(member).to_card == Money(1200, "EUR")
    back = withdrawing.withdraw(member.pk, customer=member.customer, declared_at=TENTH, now=TENTH)
    assert (back.to_card, back.to_credit) == (Money(1200, "EUR"), Money(0, "EUR"))
    member.refresh_from_db()
    assert (member.status, member.ended_at, member.end_reason) == (Status.ENDED, TENTH, "withdrawn")
    assert CreditNote.objects.get().total_minor == 1200
    assert refunds.carry_out_due(now=TENTH) == 1
    assert Refund.objects.get().status == "succeeded"
    assert not Message.objects.filter(kind="membership-ended").exists()
    with pytest.raises(errors.NotOpen):
        withdrawing.withdraw(member.pk, customer=member.customer, declared_at=TENTH, now=TENTH)
    assert CreditNote.objects.count() == 1


def test_the_points_it_earned_go_back_as_far_as_they_are_held(gateway, member):
    earned = PointsAccount.objects.balance_of(member.customer)
    loyalty.earn(member.customer_id, points=50, key="other", reason="Thanks", now=JOINED)
    assert (earned > 0, withdrawing.points_lost(member)) == (True, earned)
    withdrawing.withdraw(member.pk, customer=member.customer, declared_at=TENTH, now=TENTH)
    assert PointsAccount.objects.balance_of(member.customer) == 50

    spent = make.member(gateway, now=JOINED)
    loyalty.redeem(spent.customer_id, points=earned, key="spent", reason="Credit", now=JOINED)
    withdrawing.withdraw(spent.pk, customer=spent.customer, declared_at=TENTH, now=TENTH)
    assert PointsAccount.objects.balance_of(spent.customer) == 0


def test_a_changed_plan_goes_back_with_both_invoices(gateway, member):
    higher = make.price("conservatory")
    services.change_plan(member.pk, higher.pk, customer=member.customer, now=JOINED + 5 * DAY)
    member.refresh_from_db()
    paid = sum(Invoice.objects.filter(customer=member.customer).values_list("total_minor", flat=True))
    assert Invoice.objects.count() == 2
    expected = withdrawing.preview(member)
    back = withdrawing.withdraw(member.pk, customer=member.customer, declared_at=TENTH, now=TENTH)
    assert (back.total.minor, back) == (paid, expected)


def test_what_credit_paid_is_credit_again(gateway, member):
    from apps.billing import credit
    from apps.billing.models import Account

    user = accounts.customer()
    credit.grant(user, money=Money(500, "EUR"), key="k", reason="Sorry", now=JOINED, source_account=Account.REVENUE)
    paying = make.member(gateway, now=JOINED, user=user)
    back = withdrawing.withdraw(paying.pk, customer=user, declared_at=TENTH, now=TENTH)
    assert (back.to_card, back.to_credit) == (Money(700, "EUR"), Money(500, "EUR"))
    assert credit.balance(user, "EUR") == Money(500, "EUR")


def test_a_trial_is_left_without_a_cent(gateway):
    chosen = make.special_price(trial_days=30)
    user = make.join(gateway, chosen, now=JOINED).customer
    trial = Subscription.objects.current_of(user)
    back = withdrawing.withdraw(trial.pk, customer=user, declared_at=TENTH, now=TENTH)
    assert not back.total
    trial.refresh_from_db()
    assert trial.status == Status.ENDED
    assert not Invoice.objects.exists()


def test_after_the_fourteen_days_nothing_changes(member):
    late = datetime(2026, 4, 15, 22, 0, tzinfo=UTC)
    with pytest.raises(errors.TooLateToWithdraw):
        withdrawing.withdraw(member.pk, customer=member.customer, declared_at=late, now=late)
    with pytest.raises(errors.NotOpen):
        withdrawing.withdraw(member.pk, customer=accounts.customer(), declared_at=TENTH, now=TENTH)
    member.refresh_from_db()
    assert member.status == Status.ACTIVE
    assert not CreditNote.objects.exists()


def test_declared_without_a_login_it_waits_a_day(member):
    last = datetime(2026, 4, 15, 21, 59, 59, tzinfo=UTC)
    said = say("withdraw", member.customer.email, now=last)
    handle_due(now=last)
    member.refresh_from_db()
    waits = Handling.objects.get()
    assert (waits.status, waits.held, member.status, member.ends_at) == ("waiting", True, "active", member.current_end)
    assert not Message.objects.filter(kind="cancellation-receipt").exists()

    handle_due(now=last + DAY - timedelta(seconds=1))
    assert not CreditNote.objects.exists()
    assert handle_due(now=last + DAY) == 1
    done = Handling.objects.get(pk=said.pk)
    member.refresh_from_db()
    assert (done.status, done.to_card, member.end_reason) == ("done", Money(1200, "EUR"), "withdrawn")
    assert "€12.00 goes back to the card" in Message.objects.get(kind="withdrawal-done").text
    with pytest.raises(errors.NothingToChange):
        undoing.undo(said.secret, now=last + DAY)


def test_undone_within_the_day(member):
    said = say("withdraw", member.customer.email, now=TENTH)
    handle_due(now=TENTH)
    undoing.undo(said.secret, now=TENTH + timedelta(hours=23))
    assert handle_due(now=TENTH + 2 * DAY) == 0
    member.refresh_from_db()
    assert (member.status, member.ends_at) == ("active", None)
    assert not CreditNote.objects.exists()
    assert renewals.bill_due(now=member.current_end) == 1


def test_whoever_reads_the_letter_need_not_wait(member):
    said = say("withdraw", member.customer.email, now=TENTH)
    handle_due(now=TENTH)
    undoing.confirm(said.secret, now=TENTH + timedelta(minutes=1))
    member.refresh_from_db()
    assert (member.status, member.end_reason) == ("ended", "withdrawn")


def test_a_weekly_renewal_does_not_come_between(gateway):
    user = make.join(gateway, make.week_price("grove", amount_minor=300), now=JOINED).customer
    member = Subscription.objects.current_of(user)
    declared = member.current_end - timedelta(hours=2)
    say("withdraw", user.email, now=declared)
    handle_due(now=declared)
    assert renewals.bill_due(now=member.current_end) == 0
    assert clearing.end_due(now=member.current_end) == 1
    assert handle_due(now=declared + DAY) == 1
    assert Handling.objects.get().status == "done"
    assert Invoice.objects.get().credit_notes.get().total_minor == 300


def test_what_a_person_decides(gateway, member):
    late = JOINED + timedelta(days=16)
    say("withdraw", member.customer.email, now=late)
    buyer = make.member(gateway, now=JOINED).customer
    gifts.bought(gateway, now=JOINED, buyer=buyer)
    say("withdraw", buyer.email, now=TENTH)
    handle_due(now=late)
    assert sorted(Handling.objects.values_list("status", "doubt")) == [("person", "several"), ("person", "too_late")]
    assert not CreditNote.objects.exists()
