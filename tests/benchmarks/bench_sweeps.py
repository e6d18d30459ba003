"""How long each sweep thinks about when it has something to do next, in a book of 10,000 members with a year behind it.

    make bench T=tests/benchmarks/bench_sweeps.py

A moving clock asks every sweep at every stop, so what this takes is spent hundreds of times in a rehearsal of a month.
Each tenth member pays by the year, and as many cards expire in each month of four years.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection

from apps.core import sweeps
from tests.benchmarks import bench_rehearsal as rehearsal
from tests.factories import memberships

ASKED = 9
# The mails that were put before, so that they are there to be looked for and not put again.
TOLD = ("campaigns.notices", "campaigns.expiring_cards")

_MIXED = """
UPDATE billing_card SET exp_year = 2027 + id % 4, exp_month = 1 + id / 4 % 12;
UPDATE memberships_subscription
    SET price_id = {yearly}, current_end = next_bill_at + later, next_bill_at = next_bill_at + later
    FROM (SELECT id AS member, id / 10 % 12 * interval '1 month' AS later FROM memberships_subscription) moved
    WHERE member = id AND id % 10 = 0;
"""


def _ask(name: str) -> tuple[float, object]:
    """The median of the milliseconds it takes, on days that follow each other, and the last answer."""
    spent, due = [], None
    for number in range(ASKED):
        began = time.perf_counter()
        due = sweeps.get(name).next_due(now=rehearsal.NOW + number * timedelta(days=1))
        spent.append(1000 * (time.perf_counter() - began))
    return sorted(spent)[ASKED // 2], due


def test_when_each_is_due_next(own_database):
    rehearsal._members()
    with connection.cursor() as cursor:
        cursor.execute(rehearsal._PAST)
        cursor.execute(_MIXED.format(yearly=memberships.price("grove", unit="year").pk))
        cursor.execute("ANALYZE")
    for name in TOLD:
        print(f"\n{name}: {sweeps.get(name).run(now=rehearsal.NOW)} told")
    for sweep in sweeps.in_order():
        took, due = _ask(sweep.name)
        print(f"  {sweep.name:<26} {took:9.1f} ms   {due}")
