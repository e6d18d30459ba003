"""What stands in the way of a pause: the plan's limits, refusals that change nothing, and the database itself."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.mail.models import Message
from apps.memberships import errors, services
from apps.memberships.models import Pause, Plan, Subscription
from tests.factories import accounts
from tests.factories import memberships as make
from tests.memberships.pauses import BACK, END, JOINED, ask, paused, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(gateway) -> Subscription:
    return make.member(gateway, now=JOINED)


def test_limits_are_data_of_the_plan(member):
    Plan.objects.filter(pk=member.plan_id).update(max_pause_days=61)
    with pytest.raises(errors.CannotPause):
        ask(member, months=3)
    with pytest.raises(errors.CannotPause):
        ask(member, months=-1)
    Plan.objects.filter(pk=member.plan_id).update(max_pause_days=0)
    with pytest.raises(errors.CannotPause):
        ask(member, months=1)
    member.refresh_from_db()
    assert (member.pause_at, Pause.objects.count()) == (None, 0)


def test_at_most_so_many_a_year(member):
    for _number in range(2):
        member.refresh_from_db()
        ask(member, months=1, now=member.current_start)
        work(member.current_end)
        member.refresh_from_db()
        work(member.resumes_at)
    member.refresh_from_db()
    with pytest.raises(errors.TooManyPauses, match="2 times a year"):
        ask(member, months=1, now=member.current_start)
    # The first one began on 28 February 2026; the period that ends 365 days later may be followed by a pause.
    for _month in range(11):
        work(member.current_end)
        member.refresh_from_db()
    assert member.current_end > END + timedelta(days=365)
    ask(member, months=1, now=member.current_start)
    assert Pause.objects.count() == 3


def test_leaving_and_joining_again_does_not_renew_the_limit(member, gateway):
    Plan.objects.update(pauses_per_year=1)
    paused(member)
    services.request_cancel(member.pk, customer=member.customer, now=END)
    again = make.member(gateway, now=END, user=member.customer)
    with pytest.raises(errors.TooManyPauses):
        ask(again, now=END)


def test_one_that_was_taken_back_does_not_count(member):
    Plan.objects.update(pauses_per_year=1)
    ask(member)
    services.undo_pause(member.pk, customer=member.customer, now=JOINED)
    ask(member)
    assert Pause.objects.open().count() == 1


@pytest.mark.parametrize("obstacle", ["twice", "cancelled", "free", "due", "shown", "stranger"])
def test_refusals_change_nothing(member, obstacle):
    customer, how = member.customer, {"now": JOINED}
    match obstacle:
        case "twice":
            ask(member)
            error = errors.NothingToChange
        case "cancelled":
            services.request_cancel(member.pk, customer=customer, now=JOINED)
            error = errors.CancellationPending
        case "free":
            member = make.free_member(now=JOINED)
            customer, error = member.customer, errors.CannotPause
        case "due":
            how, error = {"now": END}, errors.ChangeInProgress
        case "shown":
            how, error = {"now": JOINED, "begins_at": END - timedelta(days=28)}, errors.QuoteChanged
        case "stranger":
            customer, error = accounts.customer(), errors.NotOpen
    before = Subscription.objects.values().get(pk=member.pk), Pause.objects.count(), Message.objects.count()
    with pytest.raises(error):
        services.request_pause(member.pk, months=1, customer=customer, **how)
    assert before == (Subscription.objects.values().get(pk=member.pk), Pause.objects.count(), Message.objects.count())


def test_the_database_backs_the_status(member, now):
    row = Subscription.objects.filter(pk=member.pk)
    planned = {"pause_at": END, "resumes_at": BACK, "pause_kind": "pause"}
    for columns in (
        {"status": "paused"},
        {"status": "paused", "paused_at": END, "pause_kind": "pause", "next_bill_at": None},
        {"status": "paused", "paused_at": END, "resumes_at": BACK, "pause_kind": "pause"},
        {"paused_at": END},
        {"resumes_at": BACK},
        {"pause_at": END},
        planned | {"resumes_at": None},
        planned | {"pause_at": END - timedelta(days=1)},
        planned | {"resumes_at": END},
        planned | {"pause_kind": ""},
        planned | {"origin": "gift"},
        {"comp_reason": "because"},
        {"origin": "comp", "next_bill_at": None},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**columns)
