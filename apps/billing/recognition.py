"""Deferred revenue becomes revenue month by month; credit notes and write-offs take it back.

Revenue of a month is posted when the month is over and dated at its last instant, but never before its invoice was
issued. So it never falls into a closed month, which closes only when its revenue is recognised. Each (line, month)
posts once, under the key `revenue:<line>:<month>`.

Whoever takes deferred revenue back posts it himself, in the same transaction: these functions move the schedules and
say how much there was. They lock the schedules of the invoice; the sweep passes over locked ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from fractions import Fraction

from django.db import connection, transaction

from apps.core import copying
from apps.core.money import round_half_up

from . import straight_line
from .models import RevenueSchedule
from .months import Month
from .rows import LineRow, ScheduleRow

BATCH = 2_000

# One batch in one statement: claim what is due, reckon its parts (`straight_line.part` in SQL), post them, move on.
_RECOGNISE = """
WITH claimed AS (
    SELECT line_id, invoice_id, deferred_minor - recognised_minor - released_minor AS left_minor, since, until, next_at
    FROM billing_revenueschedule
    WHERE next_at <= %(now)s
    ORDER BY next_at, line_id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), parts AS (
    SELECT *, CASE WHEN until <= next_at THEN left_minor ELSE billing_share(left_minor,
        extract(epoch FROM next_at - since) * 1000000, extract(epoch FROM until - since) * 1000000) END AS part
    FROM claimed
), posted AS (
    INSERT INTO billing_ledgerentry (key, account, currency, amount_minor, customer_id, at)
    SELECT 'revenue:' || line_id || ':' || to_char((next_at - interval '1 second') AT TIME ZONE 'UTC', 'YYYY-MM'),
        side.account, invoice.currency, side.sign * part, invoice.customer_id,
        greatest(next_at - interval '1 microsecond', invoice.issued_at)
    FROM parts
    JOIN billing_invoice invoice ON invoice.id = parts.invoice_id
    CROSS JOIN (VALUES ('revenue_deferred', 1), ('revenue', -1)) AS side(account, sign)
    WHERE part <> 0
)
UPDATE billing_revenueschedule schedule
SET recognised_minor = recognised_minor + part,
    since = parts.next_at,
    next_at = CASE WHEN part <> left_minor THEN
        (parts.next_at AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC' END
FROM parts WHERE schedule.line_id = parts.line_id
"""


def schedule(lines: Iterable[LineRow]) -> None:
    """Write the schedules of lines just issued, in one statement. Lines without a service period have none."""
    rows = [
        ScheduleRow(
            line_id=line.id,
            invoice_id=line.invoice_id,
            deferred_minor=line.net_minor,
            since=line.period_start,
            until=line.period_end,
            next_at=Month.of(line.period_start).end,
        )
        for line in lines
        if line.period_start is not None and line.period_end is not None and line.net_minor
    ]
    copying.write(RevenueSchedule, rows)


def recognise_due(*, now: datetime) -> int:
    """Post every month that is over at `now` and not recognised yet, the oldest first; returns how many parts.

    Safe to repeat and to run on several workers at once; a late run catches up month by month.
    """
    handled = 0
    while batch := _recognise_batch(now=now):
        handled += batch
    return handled


@transaction.atomic
def _recognise_batch(*, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RECOGNISE, {"now": now, "limit": BATCH})
        return cursor.rowcount


def take(invoice_id: int, *, minor: int, but: Collection[int] = ()) -> int:
    """Take up to `minor` (positive) out of what is still deferred of an invoice, in proportion over its lines, all but
    those with the ids `but`.

    Returns how much there was: the rest of `minor` is revenue already, and must come from there.
    """
    rows = [row for row in _lock(invoice_id) if row.line_id not in but]
    left = sum(row.left_minor for row in rows)
    taken = max(0, min(minor, left))
    if taken:
        for row, part in zip(rows, straight_line.spread(taken, [row.left_minor for row in rows]), strict=True):
            row.released_minor += part
        _save(rows)
    return taken


def withdraw(invoice_id: int) -> int:
    """End the schedules of an invoice that is void: nothing of it was ever sold.

    Returns what was recognised so far (net of both signs), which the caller turns back.
    """
    rows = _lock(invoice_id)
    recognised = sum(row.recognised_minor for row in rows)
    for row in rows:
        row.recognised_minor = 0
        row.released_minor = row.deferred_minor
    _save(rows)
    return recognised


def end_unpaid(invoice_id: int, *, unpaid: Fraction, now: datetime) -> int:
    """End the service of an invoice that will never be paid in full, at `now`.

    What was served until `now` is earned, paid or not; of the rest, the `unpaid` share of the invoice will be neither
    served nor paid, so it leaves deferred revenue: returns how much, for the caller to post. What was paid of it is
    kept, and is earned now (IFRS 15, 15). Earned revenue comes with the month, as always.
    """
    rows = _lock(invoice_id)
    released = 0
    for row in rows:
        unearned = straight_line.unearned(row.left_minor, since=row.since, until=row.until, now=now)
        share = round_half_up(unearned * unpaid)
        row.released_minor += share
        row.until = min(row.until, now)
        row.next_at = row.next_at and min(row.next_at, Month.of(now).end)
        released += share
    _save(rows)
    return released


def _lock(invoice_id: int) -> list[RevenueSchedule]:
    return list(RevenueSchedule.objects.of_invoice(invoice_id).select_for_update())


def _save(rows: list[RevenueSchedule]) -> None:
    for row in rows:
        if not row.left_minor:
            row.next_at = None
    RevenueSchedule.objects.bulk_update(rows, ["recognised_minor", "released_minor", "until", "next_at"])
