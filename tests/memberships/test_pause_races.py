"""Pausing and resuming by several hands at once."""

from datetime import UTC, datetime

from apps.billing.models import Invoice
from apps.mail.models import Message
from apps.memberships import renewals, resting, services
from apps.memberships.models import History, Pause, Period, Status, Subscription
from tests.factories import memberships as make
from tests.memberships.together import together

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)
JUST_BEFORE = datetime(2026, 2, 28, 8, 59, 59, tzinfo=UTC)
BACK = datetime(2026, 3, 28, 9, 0, tzinfo=UTC)
ROUNDS = 4


def ask(member: Subscription, *, now: datetime) -> Subscription:
    return services.request_pause(member.pk, months=1, customer=member.customer, now=now)


def test_a_pause_asked_for_while_the_renewal_is_billed(own_database, gateway):
    for _round in range(ROUNDS):
        member = make.member(gateway, now=JOINED)
        problems = together(
            lambda member=member: ask(member, now=JUST_BEFORE),
            lambda: renewals.bill_due(now=END),
            lambda: resting.pause_due(now=END),
            lambda: renewals.bill_due(now=END),
        )
        assert problems == []
        member.refresh_from_db()
        billed = Invoice.objects.filter(customer=member.customer, reason="renewal").count()
        # Either the pause came first and the period was not billed, or it follows the one that was.
        if member.status == Status.PAUSED or member.pause_at == END:
            assert billed == 0
        else:
            assert (billed, member.current_start) == (1, END)
            assert member.pause_at in (None, member.current_end)
        assert Pause.objects.filter(subscription=member).count() <= 1


def test_resuming_twice_and_the_workers_at_the_same_moment(own_database, gateway):
    for _round in range(ROUNDS):
        member = make.member(gateway, now=JOINED)
        ask(member, now=JOINED)
        resting.pause_due(now=END)

        def click(member=member) -> None:
            services.resume(member.pk, customer=member.customer, now=BACK)
            renewals.bill_one(member.pk, now=BACK)

        problems = together(click, click, lambda: resting.resume_due(now=BACK), lambda: renewals.bill_due(now=BACK))
        assert problems == []
        renewals.bill_due(now=BACK)
        member.refresh_from_db()
        assert (member.status, member.current_start) == (Status.ACTIVE, BACK)
        assert Invoice.objects.filter(customer=member.customer, reason="renewal").count() == 1
        assert Period.objects.filter(subscription=member).count() == 2
        assert History.objects.filter(subscription=member, old="paused").count() == 1
        assert Message.objects.filter(kind="resumed", user_id=member.customer_id).count() == 1


def test_two_windows_plan_one_pause(own_database, gateway):
    member = make.member(gateway, now=JOINED)
    assert together(*[lambda: ask(member, now=JOINED)] * 4) == []
    assert Pause.objects.filter(subscription=member).count() == 1
    assert Message.objects.filter(kind="pause-confirmation").count() == 1


def test_workers_share_the_reminders(own_database, gateway):
    for _number in range(5):
        ask(make.member(gateway, now=JOINED), now=JOINED)
    resting.pause_due(now=END)
    handled = []
    assert together(*[lambda: handled.append(resting.remind_due(now=BACK.replace(day=25)))] * 4) == []
    assert sum(handled) == 5
    assert Message.objects.filter(kind="resuming").count() == 5
