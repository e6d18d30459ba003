"""The time machine lives through the time it skips, in order, and never goes back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.test import Client
from django.urls import reverse

from apps.billing.gateway.behaviours import decline
from apps.billing.models import Payment
from apps.core import clock, sweeps, tasks, time_machine
from apps.core.models import ClockJourney, ClockShift, SweepRun
from apps.memberships.models import Subscription
from tests.factories import accounts as people
from tests.factories import memberships as members

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def machine(settings):
    """The time machine switched on."""
    settings.TIME_MACHINE = True


def test_without_the_setting_nothing_moves(settings, now, staff):
    settings.TIME_MACHINE = False
    for call in (
        lambda: time_machine.advance(until=now + DAY, now=now),
        lambda: time_machine.start(target=now + DAY, now=now),
    ):
        with pytest.raises(time_machine.TimeMachineOff):
            call()
    assert staff.get(reverse("admin:insights_time_machine")).status_code == 404
    assert staff.post(reverse("admin:insights_time_machine"), {"by": "day"}).status_code == 404
    assert (ClockShift.objects.count(), ClockJourney.objects.count()) == (0, 0)


def test_it_never_goes_back(machine):
    now = clock.now()
    time_machine.advance(until=now + 2 * DAY, now=now)
    shift = ClockShift.current()
    for target in (now, now - DAY):
        with pytest.raises(time_machine.NotForward):
            time_machine.start(target=target, now=now)
    with pytest.raises(time_machine.NotForward):
        time_machine.advance(until=now, now=now + 2 * DAY)
    time_machine.advance(until=now + DAY, now=now)  # a worker with an old idea of the time
    assert ClockShift.current() >= shift
    assert clock.now() >= now + 2 * DAY


def test_renewals_happen_one_after_the_other_each_at_its_time(machine, gateway):
    now = clock.now()
    subscription = members.member(gateway, "grove", now=now)
    steps = time_machine.advance(until=now + 100 * DAY, now=now, max_steps=2000)
    assert [step.at for step in steps] == sorted({step.at for step in steps})
    assert steps[-1].at == now + 100 * DAY
    starts = list(subscription.periods.order_by("start").values_list("start", flat=True))
    assert len(starts) == 4
    billed = [step.at for step in steps if step.handled.get("memberships.bill")]
    assert billed == starts[1:]
    paid = Payment.objects.succeeded().order_by("settled_at").values_list("settled_at", flat=True)
    assert list(paid) == starts
    assert clock.now() - (now + 100 * DAY) < timedelta(hours=1)


def test_retries_come_on_their_days_and_not_all_at_once(machine, gateway):
    now = clock.now()
    subscription = members.member(gateway, "grove", now=now, script=(decline("insufficient_funds", first=2),))
    renewal = subscription.next_bill_at
    time_machine.advance(until=renewal + 15 * DAY, now=now, max_steps=2000)
    tried = Payment.objects.filter(status="declined").order_by("attempt").values_list("settled_at", flat=True)
    assert list(tried) == [renewal + days * DAY for days in (0, 1, 3, 5, 7)]
    ended = Subscription.objects.get(pk=subscription.pk)
    assert (ended.status, ended.end_reason, ended.ended_at) == ("ended", "payment", renewal + 10 * DAY)


def test_a_journey_goes_on_where_it_was_stopped(machine, gateway):
    now = clock.now()
    members.member(gateway, "grove", now=now)
    journey = time_machine.start(target=now + 70 * DAY, now=now)
    with pytest.raises(time_machine.Travelling):
        time_machine.start(target=now + DAY, now=now)
    assert time_machine.travel(journey.pk, now=now, max_steps=3) is True
    journey.refresh_from_db()
    assert (journey.steps, journey.finished_at) == (3, None)
    assert now < journey.reached < journey.target
    while time_machine.travel(journey.pk, now=clock.now(), max_steps=20):
        pass
    journey.refresh_from_db()
    assert (journey.reached, journey.percent, journey.error) == (journey.target, 100, "")
    assert journey.finished_at is not None
    assert time_machine.travel(journey.pk, now=clock.now()) is False
    assert Payment.objects.succeeded().count() == 3


def test_a_sweep_that_fails_does_not_stop_the_clock(machine, monkeypatch):
    sweep = sweeps.Sweep("test.broken", 1, _break, lambda *, now: now - DAY)
    monkeypatch.setitem(sweeps._registered, sweep.name, sweep)
    now = clock.now()
    steps = time_machine.advance(until=now + DAY, now=now)
    assert steps[-1].at == now + DAY
    assert {step.failed for step in steps} == {("test.broken",)}
    assert max(later.at - earlier.at for earlier, later in pairwise(steps)) <= timedelta(hours=6)
    assert SweepRun.objects.filter(sweep="test.broken", error="ValueError: broken").count() == len(steps)


def test_housekeeping_is_done_each_day_and_nobody_is_late_by_more_than_a_week(machine, monkeypatch):
    ran: dict[str, list[datetime]] = {"test.tidy": [], "test.modest": []}

    def add(name: str, next_due) -> None:
        sweep = sweeps.Sweep(name, 1, lambda *, now: ran[name].append(now) or 0, next_due)
        monkeypatch.setitem(sweeps._registered, name, sweep)

    add("test.tidy", sweeps.no_event)
    add("test.modest", lambda *, now: None)
    monkeypatch.setitem(sweeps._registered, "test.clock", sweeps.Sweep("test.clock", 2, _nothing, _in_six_hours))
    now = clock.now()
    time_machine.advance(until=now + 15 * DAY, now=now)
    assert ran["test.modest"] == [now, now + 7 * DAY, now + 14 * DAY]
    assert len({at.date() for at in ran["test.tidy"]}) == 16
    assert len(ran["test.tidy"]) <= 16 + 3


def _nothing(*, now: datetime) -> int:
    return 0


def _in_six_hours(*, now: datetime) -> datetime:
    return now + timedelta(hours=6)


def _break(*, now: datetime) -> int:
    raise ValueError("broken")


class TestPage:
    """The page of the back office."""

    @pytest.fixture
    def url(self, machine) -> str:
        return reverse("admin:insights_time_machine")

    @pytest.fixture
    def at_once(self, settings, monkeypatch) -> None:
        monkeypatch.setattr(tasks.advance_clock, "delay", tasks.advance_clock)

    def test_moving_a_day(self, url, staff, gateway, at_once):
        before = clock.now()
        members.member(gateway, "grove", now=before - timedelta(days=27))
        assert staff.post(url, {"by": "day"}).url == url
        journey = ClockJourney.objects.get()
        assert journey.target - journey.origin == DAY
        assert journey.finished_at is not None
        assert clock.now() - before >= DAY
        page = staff.get(url)
        assert page.status_code == 200
        assert "Arrived." in page.content.decode()
        assert "Move the clock" in page.content.decode()
        fragment = staff.get(url, headers={"HX-Request": "true"}).content.decode()
        assert "Arrived." in fragment
        assert "Move the clock" not in fragment

    def test_to_the_next_event(self, url, staff, gateway, at_once):
        subscription = members.member(gateway, "grove", now=clock.now())
        upcoming = time_machine.next_event(now=clock.now())
        assert clock.now() < upcoming <= subscription.next_bill_at
        staff.post(url, {"by": "event"})
        assert ClockJourney.objects.get().target == upcoming

    def test_what_the_workers_did_is_told_by_step(self, url, staff, gateway, at_once):
        members.member(gateway, "grove", now=clock.now())
        staff.post(url, {"by": "month"})
        page = staff.get(url)
        assert "1 renewal billed" in page.context["totals"]
        assert any("1 renewal billed, 1 payment tried" in what for _at, what in page.context["instants"])

    def test_nonsense_moves_nothing(self, url, staff):
        for data in ({}, {"by": "century"}, {"by": "-1"}):
            assert staff.post(url, data).url == url
        assert not ClockJourney.objects.exists()

    def test_a_second_journey_waits(self, url, staff):
        now = datetime.now(UTC)
        ClockJourney.objects.create(origin=now, target=now + DAY, reached=now, started_at=now)
        staff.post(url, {"by": "day"})
        assert ClockJourney.objects.count() == 1

    def test_customers_and_forged_posts_are_refused(self, url, client, staff):
        customer = Client()
        customer.force_login(people.customer())
        assert customer.post(url, {"by": "day"}).status_code == 302
        forged = Client(enforce_csrf_checks=True)
        forged.force_login(people.staff())
        assert forged.post(url, {"by": "day"}).status_code == 403
        assert not ClockJourney.objects.exists()
