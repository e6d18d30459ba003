"""Pausing with the end of the paid period, and coming back."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing.gateway.behaviours import decline, lose_before
from apps.billing.models import Invoice
from apps.core import sweeps
from apps.insights import numbers
from apps.mail.models import Message
from apps.memberships import clearing, errors, renewals, resting, services
from apps.memberships.models import History, Pause, Period, Status, Subscription
from tests.factories import memberships as make
from tests.memberships.pauses import BACK, END, JOINED, ask, paused, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(gateway) -> Subscription:
    return make.member(gateway, now=JOINED)


def spans(member: Subscription) -> list[tuple[int, datetime, datetime]]:
    return list(Period.objects.filter(subscription=member).order_by("start").values_list("number", "start", "end"))


def test_benefits_last_to_the_end_of_what_is_paid_and_nothing_is_billed_meanwhile(member):
    planned = ask(member, now=JOINED + timedelta(days=3))
    assert (planned.pause_at, planned.resumes_at, planned.status) == (END, BACK, Status.ACTIVE)
    assert planned.is_open_at(END - timedelta(seconds=1))
    assert not planned.is_open_at(END)
    assert Subscription.objects.open_at(END - timedelta(seconds=1)).exists()
    # Whether the workers have come round to it or not.
    assert not Subscription.objects.open_at(END).exists()
    assert planned.next_charge_at == BACK
    assert [str(sum) for sum in numbers.mrr(now=JOINED)] == ["€9.84"]

    late = END + timedelta(days=2)
    work(late)
    member.refresh_from_db()
    assert (member.status, member.paused_at, member.resumes_at) == (Status.PAUSED, END, BACK)
    assert (member.pause_at, member.next_bill_at) == (None, None)
    assert numbers.mrr(now=late) == []
    work(BACK - timedelta(seconds=1))
    assert Invoice.objects.count() == 1


def test_it_resumes_by_itself_with_a_new_anchor_and_a_bill(member):
    paused(member, months=2)
    late = BACK + timedelta(hours=5)
    work(late)
    member.refresh_from_db()
    # As of the agreed date, whenever the worker comes.
    assert (member.status, member.anchor, member.period_number) == (Status.ACTIVE, BACK, 0)
    assert spans(member) == [(0, JOINED, END), (0, BACK, datetime(2026, 5, 28, 8, 0, tzinfo=UTC))]
    assert (member.paused_at, member.resumes_at, member.pause_kind) == (None, None, "")
    renewal = Invoice.objects.get(reason="renewal")
    assert (renewal.total_minor, renewal.status) == (1200, Invoice.Status.PAID)
    pause = Pause.objects.get()
    assert (pause.begun_at, pause.closed_at, pause.outcome) == (END, BACK, "resumed")
    moves = History.objects.filter(kind="status").order_by("pk").values_list("old", "new", "actor")
    assert list(moves)[1:] == [("active", "paused", "system"), ("paused", "active", "system")]
    work(late)
    assert Invoice.objects.count() == 2


def test_coming_back_early(member):
    paused(member)
    early = END + timedelta(days=10, hours=1)
    services.resume(member.pk, customer=member.customer, now=early)
    renewals.bill_one(member.pk, now=early)
    member.refresh_from_db()
    assert (member.status, member.anchor, member.current_start) == (Status.ACTIVE, early, early)
    assert member.is_open_at(early)
    # An hour less in UTC: Rome is on summer time by then.
    assert member.current_end == datetime(2026, 4, 10, 9, 0, tzinfo=UTC)
    assert Invoice.objects.filter(reason="renewal").count() == 1
    assert History.objects.get(new="active", old="paused").actor == member.customer.email
    with pytest.raises(errors.NothingToChange):
        services.resume(member.pk, customer=member.customer, now=early)
    work(BACK)
    assert Invoice.objects.filter(reason="renewal").count() == 2


def test_taking_it_back_before_it_begins(member):
    ask(member)
    services.undo_pause(member.pk, customer=member.customer, now=END - timedelta(seconds=1))
    member.refresh_from_db()
    assert (member.pause_at, member.resumes_at, member.pause_kind) == (None, None, "")
    work(END)
    assert Invoice.objects.filter(reason="renewal").count() == 1
    with pytest.raises(errors.NothingToChange, match="No pause"):
        services.undo_pause(member.pk, customer=member.customer, now=END)
    kinds = History.objects.filter(kind__in=["pause", "unpause"]).order_by("pk").values_list("kind", "new")
    assert list(kinds) == [("pause", BACK.isoformat()), ("unpause", BACK.isoformat())]


def test_it_cannot_be_taken_back_once_it_has_begun(member):
    ask(member)
    with pytest.raises(errors.NothingToChange, match="has begun"):
        services.undo_pause(member.pk, customer=member.customer, now=END)
    member.refresh_from_db()
    assert member.pause_at == END


def test_letters(member):
    ask(member)
    letter = Message.objects.get(kind="pause-confirmation").text
    assert "28 February 2026, 10:00" in letter
    assert "28 April 2026, 10:00" in letter
    assert "€12.00" in letter
    assert "/account/membership/resume/" in letter
    work(END)
    assert sweeps.get("memberships.remind").next_due(now=END) == BACK - timedelta(days=7)
    work(BACK - timedelta(days=7, seconds=1))
    assert not Message.objects.filter(kind="resuming").exists()
    for _twice in range(2):
        work(BACK - timedelta(days=7))
    reminder = Message.objects.get(kind="resuming")
    assert reminder.key == f"resuming:{member.pk}:2026-04-28"
    assert "Charged on that day: €12.00" in reminder.text
    work(BACK)
    assert "Welcome back" in Message.objects.get(kind="resumed").subject


def test_the_reminder_says_what_credit_pays(member):
    paused(member)
    services.redeem_points(member.customer, points=60, key="test", now=END)
    resting.remind_due(now=BACK - timedelta(days=3))
    text = Message.objects.get(kind="resuming").text
    assert "Paid by your credit: €0.60" in text
    assert "Charged on that day: €11.40" in text
    work(BACK)
    assert Invoice.objects.get(reason="renewal").due_minor == 1140


def test_cancelling_while_paused_ends_it_at_once(member):
    paused(member)
    later = END + timedelta(days=3)
    services.request_cancel(member.pk, customer=member.customer, now=later)
    member.refresh_from_db()
    assert (member.status, member.ended_at, member.paused_at) == (Status.ENDED, later, None)
    assert Pause.objects.get().outcome == "ended"
    work(BACK)
    assert Invoice.objects.count() == 1


def test_a_cancellation_goes_before_a_planned_pause_and_undoing_it_brings_the_pause_back(member):
    ask(member)
    services.request_cancel(member.pk, customer=member.customer, now=JOINED)
    services.undo_cancel(member.pk, customer=member.customer, now=JOINED + timedelta(days=1))
    assert "28 April 2026" in Message.objects.get(kind="cancellation-undone").text
    member.refresh_from_db()
    assert (member.ends_at, member.pause_at) == (None, END)
    services.request_cancel(member.pk, customer=member.customer, now=JOINED + timedelta(days=2))
    work(END)
    member.refresh_from_db()
    assert (member.status, member.end_reason) == (Status.ENDED, "cancelled")
    assert Pause.objects.get().begun_at is None


def test_the_plan_is_not_changed_while_a_pause_is_planned_or_runs(member):
    ask(member)
    estate = make.price("estate")
    with pytest.raises(errors.PausePending, match="planned"):
        services.change_plan(member.pk, estate.pk, customer=member.customer, now=JOINED)
    work(END)
    with pytest.raises(errors.PausePending, match="Resume it"):
        services.change_plan(member.pk, estate.pk, customer=member.customer, now=END)
    member.refresh_from_db()
    assert (member.price.plan.slug, member.pending_price) == ("grove", None)


def test_a_downgrade_that_waits_takes_effect_when_it_resumes(gateway):
    member = make.member(gateway, "estate", now=JOINED)
    services.change_plan(member.pk, make.price("grove").pk, customer=member.customer, now=JOINED)
    paused(member)
    work(BACK)
    member.refresh_from_db()
    assert (member.plan.slug, Invoice.objects.get(reason="renewal").total_minor) == ("grove", 1200)


def test_a_declined_card_after_the_pause_is_recovered_like_any_renewal(gateway):
    member = make.member(gateway, now=JOINED, script=(decline("insufficient_funds", first=2),))
    paused(member)
    work(BACK)
    member.refresh_from_db()
    assert member.status == Status.PAST_DUE
    with pytest.raises(errors.ChangeInProgress, match="overdue"):
        ask(member, now=BACK)
    assert Pause.objects.count() == 1


def test_a_pause_does_not_begin_before_the_last_bill_is_settled(gateway):
    member = make.member(gateway, now=JOINED, script=(lose_before(first=2, times=1),))
    work(END)
    assert Invoice.objects.undecided().count() == 1
    ask(member, months=1, now=END)
    second_end = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)
    assert resting.pause_due(now=second_end) == 0
    assert renewals.bill_due(now=second_end) == 0
    assert not Subscription.objects.open_at(second_end).exists()
    clearing.end_due(now=second_end)
    member.refresh_from_db()
    assert member.status == Status.ACTIVE
