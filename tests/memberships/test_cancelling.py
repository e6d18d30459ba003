"""Cancelling, undoing, ending; and what dunning does to a membership."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import collection, dunning, invoices
from apps.billing.gateway.behaviours import decline
from apps.billing.models import Invoice, Payment, Recovery
from apps.mail.models import Message
from apps.memberships import clearing, errors, renewals, services, signup
from apps.memberships.models import History, SignupStatus, Status, Subscription
from tests.factories import billing
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
END = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)


def overdue(gateway) -> Subscription:
    """A member whose first renewal was declined."""
    member = make.member(gateway, now=JOINED, script=(decline("insufficient_funds", first=2),))
    renewals.bill_due(now=END)
    collection.collect_due(now=END)
    member.refresh_from_db()
    return member


def test_a_cancelled_membership_ends_with_its_paid_period(gateway):
    member = make.member(gateway, now=JOINED)
    asked = JOINED + timedelta(days=3)
    services.request_cancel(member.pk, customer=member.customer, reason="not_using", note=" We moved. ", now=asked)
    member.refresh_from_db()
    assert (member.status, member.ends_at, member.cancel_reason) == (Status.ACTIVE, END, "not_using")
    assert member.cancel_note == "We moved."
    assert member.is_open_at(END - timedelta(seconds=1))
    assert not member.is_open_at(END)
    assert not Subscription.objects.open_at(END).exists()
    letter = Message.objects.get(kind="cancellation-receipt").text
    # Rome is two hours ahead of UTC in April and May.
    assert "4 April 2026, 12:00" in letter
    assert "1 May 2026, 12:00" in letter

    late = END + timedelta(days=2)
    assert renewals.bill_due(now=late) == 0
    assert clearing.end_due(now=late) == 1
    member.refresh_from_db()
    assert (member.status, member.ended_at, member.end_reason) == (Status.ENDED, END, "cancelled")
    assert Invoice.objects.count() == 1
    assert clearing.end_due(now=late) == 0
    assert Message.objects.filter(kind="membership-ended").count() == 1


def test_undo_until_the_end(gateway):
    member = make.member(gateway, now=JOINED)
    services.request_cancel(member.pk, customer=member.customer, now=JOINED)
    services.request_cancel(member.pk, customer=member.customer, now=JOINED)
    assert History.objects.filter(kind="cancel").count() == 1

    services.undo_cancel(member.pk, customer=member.customer, now=END - timedelta(seconds=1))
    member.refresh_from_db()
    assert (member.ends_at, member.cancel_reason) == (None, "")
    assert renewals.bill_due(now=END) == 1
    with pytest.raises(errors.NothingToChange):
        services.undo_cancel(member.pk, customer=member.customer, now=END)


def test_undo_comes_too_late(gateway):
    member = make.member(gateway, now=JOINED)
    services.request_cancel(member.pk, customer=member.customer, now=JOINED)
    with pytest.raises(errors.NothingToChange):
        services.undo_cancel(member.pk, customer=member.customer, now=END)
    clearing.end_due(now=END)
    with pytest.raises(errors.NotOpen):
        services.undo_cancel(member.pk, customer=member.customer, now=END)


def test_cancelling_while_overdue_ends_at_once_and_stops_dunning(gateway):
    member = overdue(gateway)
    assert member.status == Status.PAST_DUE
    now = END + timedelta(days=2)
    services.request_cancel(member.pk, customer=member.customer, now=now)

    member.refresh_from_db()
    assert (member.status, member.ended_at, member.end_reason) == (Status.ENDED, now, "cancelled")
    assert Invoice.objects.get(reason="renewal").status == Invoice.Status.VOID
    assert Recovery.objects.get().status == Recovery.Status.CANCELLED
    assert not Payment.objects.open().exists()


def test_a_free_membership_ends_at_once():
    member = make.free_member(now=JOINED)
    services.request_cancel(member.pk, customer=member.customer, now=END)
    member.refresh_from_db()
    assert (member.status, member.ended_at) == (Status.ENDED, END)


def test_nobody_cancels_for_another(gateway):
    member, stranger = make.member(gateway, now=JOINED), make.member(gateway, now=JOINED)
    with pytest.raises(errors.NotOpen):
        services.request_cancel(member.pk, customer=stranger.customer, now=JOINED)
    with pytest.raises(ValueError, match="reason"):
        services.request_cancel(member.pk, customer=member.customer, reason="bored", now=JOINED)
    member.refresh_from_db()
    assert (member.ends_at, member.cancel_reason) == (None, "")
    assert not Message.objects.filter(kind="cancellation-receipt").exists()


def test_an_overdue_membership_keeps_its_benefits_and_recovers(gateway):
    member = overdue(gateway)
    assert Subscription.objects.open_at(END + timedelta(days=1)).get() == member
    card = billing.add_card(gateway, member.customer, now=END)
    invoice = Invoice.objects.get(reason="renewal")
    collection.retry_with_card(invoice.pk, card_id=card.pk, on_session=True, now=END + timedelta(days=1))
    member.refresh_from_db()
    assert member.status == Status.ACTIVE
    assert [row.new for row in History.objects.filter(kind="status").order_by("pk")] == ["active", "past_due", "active"]


def test_no_further_period_is_billed_while_one_is_overdue(gateway):
    member = overdue(gateway)
    next_end = member.current_end
    assert renewals.bill_due(now=next_end) == 0
    card = billing.add_card(gateway, member.customer, now=END)
    invoice = Invoice.objects.get(reason="renewal")
    collection.retry_with_card(invoice.pk, card_id=card.pk, on_session=True, now=next_end)
    assert renewals.bill_due(now=next_end) == 1


def test_exhausted_dunning_ends_the_membership(gateway):
    member = overdue(gateway)
    now = END
    for _day in range(40):
        now += timedelta(days=1)
        collection.collect_due(now=now)
        dunning.advance_due(now=now)
    member.refresh_from_db()
    assert (member.status, member.end_reason) == (Status.ENDED, "payment")
    assert Invoice.objects.get(reason="renewal").status == Invoice.Status.UNCOLLECTIBLE
    assert "could not collect" in Message.objects.get(kind="membership-ended").text


def test_staff_withdraw_the_overdue_invoice(gateway):
    member = overdue(gateway)
    invoices.void(Invoice.objects.get(reason="renewal").pk, reason="goodwill", now=END)
    member.refresh_from_db()
    assert member.status == Status.ACTIVE


def test_a_signup_left_alone_expires_after_a_day(gateway):
    begun, setup_id = make.begin(gateway, make.price("grove"), now=JOINED)
    assert clearing.abandon_due(now=JOINED + timedelta(hours=23)) == 0
    assert clearing.abandon_due(now=JOINED + timedelta(days=1)) == 1
    begun.refresh_from_db()
    assert begun.status == SignupStatus.EXPIRED
    again = signup.complete(begun.token, user=begun.customer, setup_id=setup_id, now=JOINED + timedelta(days=1))
    assert again.status == SignupStatus.EXPIRED
    assert not Invoice.objects.exists()
