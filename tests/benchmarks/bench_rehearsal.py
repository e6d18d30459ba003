"""How long it takes to rehearse thirty days of a book of 10,000 members who renew once each, and where the time goes.

    make bench T=tests/benchmarks/bench_rehearsal.py

On embedded PostgreSQL with fsync on, in one process. The second book has a year of invoices, payments, postings and
mails behind it: what it adds is the copying.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apps.billing.models import Invoice
from apps.insights.rehearsal import rehearse
from tests.chaos import book

MEMBERS = 10_800
NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
DAYS = range(1, 28)
HOURS = range(1, 24, 6)


def _members() -> int:
    """About 10,000 members, as many on each day and in each quarter of it."""
    each = MEMBERS // (len(DAYS) * len(HOURS))
    for day in DAYS:
        for hour in HOURS:
            due = NOW.replace(hour=0) + timedelta(days=day, hours=hour)
            book.build(each, due_at=due, tag=f"m{day}x{hour}x")
    return each * len(DAYS) * len(HOURS)


def _report(title: str, foretold) -> None:
    summary = foretold.summary
    print(f"\n{title}: {summary['milliseconds']['all'] / 1000:.1f} s, {summary['steps']} stops of the clock")
    for name, spent in sorted(summary["milliseconds"].items(), key=lambda pair: -pair[1]):
        print(f"  {name:<22} {spent / 1000:6.1f} s  {summary['work'].get(name, ''):>7}")


def test_a_book_without_a_past(own_database):
    members = _members()
    foretold = rehearse(days=30, now=NOW)
    _report(f"{members} members", foretold)
    assert foretold.summary["totals"][0]["renewals"] == members
    assert foretold.summary["totals"][0]["collected"] == members * 1200
    assert not Invoice.objects.exists()
