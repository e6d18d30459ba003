"""A rehearsal that staff asked for: the row is the intent, a worker carries it out."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.billing.models import Invoice
from apps.core import sweeps
from apps.insights import lifecycle
from apps.insights.models import Rehearsal
from apps.insights.rehearsal import BadRehearsal, services, stage
from tests.factories import memberships

from .books import DAY

NOW = datetime(2026, 4, 17, 9, 30, tzinfo=UTC)
SWEEP = "insights.rehearse"


def ask(**terms) -> Rehearsal:
    return services.request(**{"days": 30, "by": "staff@example.com", "now": NOW, **terms})


def test_a_worker_carries_it_out_once(gateway):
    member = memberships.member(gateway, now=NOW - 20 * DAY)
    row = ask(days=12)
    assert sweeps.get(SWEEP).next_due(now=NOW) == NOW
    assert sweeps.run(SWEEP, now=NOW) == 1
    row.refresh_from_db()
    assert (row.status, row.percent, row.attempts, row.error) == ("done", 100, 1, "")
    assert (row.since, row.until) == (NOW, datetime(2026, 4, 30, tzinfo=UTC))
    assert row.summary["totals"][0]["collected"] == 1200
    assert sweeps.get(SWEEP).next_due(now=NOW) is None
    assert sweeps.run(SWEEP, now=NOW) == 0
    assert Invoice.objects.filter(customer=member.customer).count() == 1


def test_one_that_cannot_be_carried_out_says_why(gateway, monkeypatch):
    def refuse(real):
        raise stage.NotIsolated("not here")

    monkeypatch.setattr(stage, "_connect", refuse)
    row = ask()
    assert sweeps.run(SWEEP, now=NOW) == 1
    row.refresh_from_db()
    assert (row.status, row.error, row.summary) == ("failed", "NotIsolated: not here", {})
    assert ask().pk > row.pk


@pytest.mark.django_db
class TestClaims:
    def test_one_at_a_time(self):
        first = ask()
        with pytest.raises(lifecycle.UnderWay):
            ask()
        assert lifecycle.claim(now=NOW).pk == first.pk
        with pytest.raises(lifecycle.UnderWay):
            ask()
        assert Rehearsal.objects.count() == 1

    def test_a_lost_worker_is_fenced_out(self):
        ask()
        lost = lifecycle.claim(now=NOW)
        assert lifecycle.claim(now=NOW) is None
        Rehearsal.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))
        taken = lifecycle.claim(now=NOW)
        assert (taken.pk, taken.attempts) == (lost.pk, 2)
        assert lifecycle.complete(lost, summary={"days": []}, until=NOW, now=NOW) is False
        lifecycle.fail(lost, error="late", now=NOW)
        assert Rehearsal.objects.get().status == "running"
        assert lifecycle.complete(taken, summary={"days": []}, until=NOW, now=NOW) is True

    def test_what_ends_workers_is_given_up(self):
        ask()
        for _attempt in range(lifecycle.MOST_ATTEMPTS):
            assert lifecycle.claim(now=NOW) is not None
            Rehearsal.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))
        assert lifecycle.claim(now=NOW) is None
        row = Rehearsal.objects.get()
        assert (row.status, row.error) == ("failed", "The worker was lost, on every attempt.")

    def test_how_far_it_is(self):
        ask(days=10)
        row = lifecycle.claim(now=NOW)
        lifecycle.note(row, reached=NOW + 4 * DAY)
        row.refresh_from_db()
        assert row.percent == 40

    @pytest.mark.parametrize("terms", [{"days": 0}, {"days": 367}, {"decline_basis_points": -1}])
    def test_nonsense_is_not_written_down(self, terms):
        with pytest.raises(BadRehearsal):
            ask(**terms)
        assert not Rehearsal.objects.exists()

    def test_the_database_refuses_half_a_result(self):
        row = ask()
        for change in ({"status": "done"}, {"status": "failed"}, {"status": "running"}, {"days": 0}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Rehearsal.objects.filter(pk=row.pk).update(**change)
