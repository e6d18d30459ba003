"""What has changed since the last rehearsal."""

from datetime import UTC, date, datetime

import pytest

from apps.core.money import Money
from apps.insights.models import Rehearsal
from apps.insights.rehearsal import chart, comparison
from apps.insights.rehearsal.anomalies import Finding

from .results import DAY, day, keep, names

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 10, 9, 30, tzinfo=UTC)


def test_only_whole_days_of_both_are_compared():
    before = keep(
        day("2026-04-09", billed=500),
        day("2026-04-10", billed=900),
        day("2026-04-12", billed=2400, collected=1200),
        day("2026-04-13", billed=700, collected=700),
        day("2026-04-14", billed=100, collected=100, currency="USD"),
        since=NOW - DAY,
        length=6,
    )
    now = keep(
        day("2026-04-10", billed=100),
        day("2026-04-12", billed=3600, collected=3600),
        day("2026-04-13", billed=700, collected=700),
        day("2026-04-15", billed=50),
        day("2026-04-16", billed=99_999),
        since=NOW,
        length=6,
    )
    assert comparison.compare(now, before).changes == [
        comparison.Change(date(2026, 4, 12), Money(1200, "EUR"), Money(2400, "EUR")),
        comparison.Change(date(2026, 4, 14), Money(-100, "USD"), Money(-100, "USD")),
        comparison.Change(date(2026, 4, 15), Money(50, "EUR"), Money(0, "EUR")),
    ]


def test_anomalies_that_came_and_went():
    """One whose day has passed is not gone: it may well have happened."""
    before = keep(
        findings=[
            ("parked", Finding("1")),
            ("parked", Finding("2")),
            ("card-expires", Finding("3", at=NOW + DAY)),
            ("card-expires", Finding("4", at=NOW - DAY)),
        ],
        since=NOW - 2 * DAY,
    )
    now = keep(findings=[("parked", Finding("2")), ("missing-card", Finding("3", at=NOW + DAY))], since=NOW)
    compared = comparison.compare(now, before)
    assert names(compared.new) == [("missing-card", "3")]
    assert sorted(names(compared.gone)) == [("card-expires", "3"), ("parked", "1")]


def test_the_one_before_is_the_last_with_a_result():
    first = keep(since=NOW - 3 * DAY)
    Rehearsal.objects.create(
        status="failed", days=30, requested_by="test", requested_at=NOW, finished_at=NOW, error="lost"
    )
    second = keep(since=NOW)
    assert Rehearsal.objects.before(second) == first
    assert Rehearsal.objects.before(first) is None


def test_the_bars_of_a_chart():
    rows = [day("2026-04-11", billed=1000, at_risk=250), day("2026-04-13", billed=500), day("2026-04-12", collected=9)]
    [drawn] = chart.charts(rows, since=NOW, until=NOW.replace(hour=0, minute=0) + 10 * DAY)
    assert (drawn.currency, drawn.highest) == ("EUR", Money(1000, "EUR"))
    first, second = drawn.bars
    assert (first.x, first.width) == (72, 70)
    assert (first.risk_y, first.risk_height, first.good_y, first.good_height) == (0, 40, 40, 120)
    assert (second.x, second.good_y, second.good_height, second.risk_height) == (216, 80, 80, 0)
    assert chart.charts([], since=NOW, until=NOW + DAY) == []
