"""The first page of the back office."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.billing.gateway.behaviours import lose_after
from apps.billing.models import Parked
from apps.core import clock, sweeps
from apps.core.models import SweepRun
from apps.insights import dashboard, queue, words
from apps.memberships import services as memberships
from tests.factories import accounts as people
from tests.factories import memberships as members

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def counts(now) -> dict[str, int]:
    return {row.label: row.count for row in queue.waiting(now=now)}


def test_the_page_holds_together(staff, gateway):
    members.member(gateway, "grove", now=clock.now())
    text = staff.get(reverse("admin:index")).content.decode()
    for words_ in ("Monthly recurring revenue", "What waits for a person", "Members by plan", "Do the offers work?"):
        assert words_ in text
    assert "€9.84" in text


def test_customers_do_not_see_it(client):
    client.force_login(people.customer())
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_quiet_shop_has_nothing_waiting(now):
    assert set(counts(now).values()) == {0}
    assert len(counts(now)) == 16


def test_what_the_workers_put_aside_is_counted_and_linked(gateway, now, staff):
    subscription = members.member(gateway, "grove", now=now, script=(lose_after(first=2),))
    renewal = subscription.next_bill_at
    sweeps.run("memberships.bill", now=renewal)
    sweeps.run("billing.collect", now=renewal)
    other = members.member(gateway, "grove", now=now)
    memberships.park({other.pk: "looks odd"}, now=renewal)
    Parked.objects.create(kind="refund", ref="1", reason="too old", at=now)
    found = counts(renewal)
    assert (found["Payments of unknown outcome"], found["Memberships put aside"], found["Other items put aside"]) == (
        1,
        1,
        1,
    )
    first = queue.waiting(now=renewal)[0]
    assert first.is_urgent
    assert first.count
    for row in queue.waiting(now=renewal):
        assert row.url, row.label
        page = staff.get(row.url)
        assert page.status_code == 200, row.label
        shown = page.context["cl"].result_count if "cl" in page.context else page.context["page"].paginator.count
        assert shown == row.count, row.label


def test_the_work_of_the_last_day_is_summed_up(gateway, now):
    for hours in (1, 2, 30):
        _run("mail.deliver", at=now - timedelta(hours=hours), handled=2)
    _run("billing.collect", at=now - timedelta(hours=3), handled=0, error="OperationalError: gone")
    states = {state.name: state for state in dashboard.sweep_states(now=now)}
    assert list(states) == [sweep.name for sweep in sweeps.in_order()]
    mail, collect = states["mail.deliver"], states["billing.collect"]
    assert (mail.done, mail.failures, mail.last_at) == ("4 mails delivered", 0, now - timedelta(hours=1))
    assert (collect.done, collect.failures) == ("", 1)
    assert counts(now)["Sweeps that failed"] == 1
    _run("billing.collect", at=now, handled=1)
    assert counts(now)["Sweeps that failed"] == 0


def test_the_next_work_is_announced(gateway, now):
    subscription = members.member(gateway, "grove", now=now)
    bill = next(state for state in dashboard.sweep_states(now=now) if state.name == "memberships.bill")
    assert (bill.next_due, bill.is_due) == (subscription.next_bill_at, False)


@pytest.mark.parametrize("sweep", [sweep.name for sweep in sweeps.in_order()])
def test_every_sweep_has_words(sweep):
    assert words.name(sweep) != sweep
    assert sweep not in words.did(sweep, 2)
    assert words.did(sweep, 1) != words.did(sweep, 2).replace("2", "1")


def test_what_was_done_is_one_sentence():
    assert words.all_done({"memberships.bill": 3, "billing.collect": 2, "mail.deliver": 0}) == (
        "3 renewals billed, 2 payments tried"
    )


def _run(sweep: str, *, at, handled: int, error: str = "") -> None:
    SweepRun.objects.create(sweep=sweep, at=at, started_at=at, finished_at=at, handled=handled, error=error)
