"""Skipping one period: the days of renewal stay where they are."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import collection
from apps.billing.models import Invoice
from apps.core import sweeps
from apps.memberships import errors, pause_rules, services
from apps.memberships.models import Pause, Period, Status, Subscription
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)
# The grid of the 31st, in Rome: an hour earlier in UTC from the end of March on.
NEXT = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)
AFTER = datetime(2026, 4, 30, 8, 0, tzinfo=UTC)


def skip(member: Subscription, *, now: datetime = JOINED) -> Subscription:
    return services.request_pause(member.pk, months=0, customer=member.customer, now=now)


def work(now: datetime) -> None:
    for name in ("pause", "resume", "bill", "remind", "end"):
        sweeps.run(f"memberships.{name}", now=now)
    collection.collect_due(now=now)


def starts(member: Subscription) -> list[datetime]:
    return list(Period.objects.filter(subscription=member).order_by("start").values_list("start", flat=True))


def test_one_period_is_left_out_and_the_grid_does_not_drift(gateway):
    member = skip(make.member(gateway, now=JOINED))
    assert (member.pause_at, member.resumes_at) == (END, NEXT)
    work(END)
    member.refresh_from_db()
    assert member.status == Status.PAUSED
    assert not member.is_open_at(END)
    work(NEXT)
    member.refresh_from_db()
    assert (member.status, member.anchor, member.period_number) == (Status.ACTIVE, JOINED, 2)
    assert (member.current_start, member.current_end) == (NEXT, AFTER)
    assert starts(member) == [JOINED, NEXT]
    work(AFTER)
    assert starts(member) == [JOINED, NEXT, AFTER]
    assert list(Invoice.objects.values_list("total_minor", flat=True)) == [1200, 1200, 1200]


def test_a_worker_a_month_late_skips_and_bills_what_came_after(gateway):
    member = skip(make.member(gateway, now=JOINED))
    work(AFTER + timedelta(days=1))
    assert starts(member) == [JOINED, NEXT, AFTER]


def test_undo(gateway):
    member = skip(make.member(gateway, now=JOINED))
    services.undo_pause(member.pk, customer=member.customer, now=END - timedelta(hours=1))
    work(END)
    assert starts(member) == [JOINED, END]


def test_coming_back_in_the_middle_starts_a_new_anchor(gateway):
    member = skip(make.member(gateway, now=JOINED))
    work(END)
    early = END + timedelta(days=4)
    services.resume(member.pk, customer=member.customer, now=early)
    work(early)
    member.refresh_from_db()
    assert (member.anchor, member.period_number, starts(member)) == (early, 0, [JOINED, early])


def test_skipping_again_after_a_pause_counts_from_the_new_anchor(gateway):
    member = make.member(gateway, now=JOINED)
    services.request_pause(member.pk, months=1, customer=member.customer, now=JOINED)
    work(END)
    back = datetime(2026, 3, 28, 9, 0, tzinfo=UTC)
    work(back)
    member.refresh_from_db()
    skip(member, now=back)
    member.refresh_from_db()
    assert (member.pause_at, member.resumes_at) == (
        datetime(2026, 4, 28, 8, 0, tzinfo=UTC),
        datetime(2026, 5, 28, 8, 0, tzinfo=UTC),
    )


def test_a_year_is_too_long_to_skip_but_can_be_paused(gateway):
    member = make.member(gateway, now=JOINED, unit="year")
    with pytest.raises(errors.CannotPause):
        skip(member)
    assert not Pause.objects.exists()
    choice = services.pause_choice(member, now=JOINED)
    assert (choice.skip, [span.months for span in choice.pauses]) == (None, [1, 2, 3])


def test_a_week_is_skipped(gateway):
    weekly = make.week_price("grove", amount_minor=300)
    member = Subscription.objects.current_of(make.join(gateway, weekly, now=JOINED).customer)
    skip(member)
    later = JOINED + timedelta(days=14)
    work(later)
    assert starts(member) == [JOINED, later]


def test_summer_time_adds_no_day_to_a_pause(gateway):
    # From 25 August, 92 days by the calendar and an hour: the clocks go back in between.
    member = make.member(gateway, now=datetime(2026, 7, 25, 9, 0, tzinfo=UTC))
    spans = pause_rules.pauses_of(member)
    assert [span.months for span in spans] == [1, 2, 3]
    assert spans[-1].resumes_at - spans[-1].begins_at == timedelta(days=92, hours=1)
    assert pause_rules.days_between(spans[-1].begins_at, spans[-1].resumes_at, "Europe/Rome") == 92
