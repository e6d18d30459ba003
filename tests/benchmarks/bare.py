"""The limit: what bare psycopg needs to write the rows of a renewal into the same tables, as safe from crashes.

It claims due subscriptions as the engine does, reckons one price with one tax, and copies the very rows that the engine
writes: no model, no promotion, no credit, no calendar. One transaction for each batch, numbers without a gap.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb

BATCH = 1_000
NET, TAX, GROSS, RATE = 984, 216, 1200, 2200

_CLAIM = """
SELECT s.id, s.customer_id, s.price_id, s.current_end, s.period_number, u.name, u.email, u.country
FROM memberships_subscription s JOIN accounts_user u ON u.id = s.customer_id
WHERE s.next_bill_at <= %s AND s.status IN ('active', 'past_due') ORDER BY s.next_bill_at, s.id LIMIT %s
FOR UPDATE OF s SKIP LOCKED
"""
_IDS = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
_NUMBERS = """
UPDATE billing_invoiceseries SET next_number = next_number + %s WHERE code = 'main' RETURNING id, prefix, next_number
"""
_ADVANCE = """
UPDATE memberships_subscription s
SET current_start = v.start, current_end = %s, next_bill_at = %s, period_number = v.number
FROM unnest(%s::bigint[], %s::timestamptz[], %s::integer[]) AS v(id, start, number) WHERE s.id = v.id
"""


def bill_due(url: str, *, now: datetime, next_end: datetime) -> int:
    """Bill what is due at `now` until `next_end`; returns how many."""
    billed = 0
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(s) FROM billing_seller s")
        [seller] = cursor.fetchone() or [{}]
        while True:
            with connection.transaction():
                due = cursor.execute(_CLAIM, [now, BATCH]).fetchall()
                if not due:
                    return billed
                _write(cursor, due, seller=Jsonb(seller), now=now, next_end=next_end)
            billed += len(due)


def _write(cursor: psycopg.Cursor, due: Sequence[tuple], *, seller: Jsonb, now: datetime, next_end: datetime) -> None:
    invoices, lines = _ids(cursor, "billing_invoice", len(due)), _ids(cursor, "billing_invoiceline", len(due))
    month_end = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    inputs = Jsonb({"price": due[0][2], "unit_minor": GROSS, "quantity": 1}, dumps=json.dumps)
    series, prefix, after = cursor.execute(_NUMBERS, [len(due)]).fetchone() or (0, "", 0)
    numbers = range(after - len(due), after)
    rows = list(zip(due, invoices, lines, numbers, strict=True))
    _copy(
        cursor,
        "billing_invoice (id, customer_id, key, series_id, serial, number, status, reason, scope, currency,"
        " total_minor, tax_minor, credit_applied_minor, due_minor, customer_name, customer_email, customer_country,"
        " customer_company, customer_address, customer_tax_number, tax_treatment, seller_details, issued_at)",
        [
            (
                invoice, who, f"period:{pk}:{start.isoformat()}", series, serial, f"{prefix}{serial:06d}", "open",
                "renewal", "grove", "EUR", GROSS, TAX, 0, GROSS, name, email, country, "", "", "", "standard", seller,
                now,
            )
            for (pk, who, _price, start, _number, name, email, country), invoice, _line, serial in rows
        ],
    )  # fmt: skip
    _copy(
        cursor,
        "billing_invoiceline (id, invoice_id, position, kind, description, quantity, unit_minor, amount_minor,"
        " net_minor, tax_minor, tax_basis_points, tax_included, period_start, period_end, inputs)",
        [
            (line, invoice, 1, "plan", "Grove", 1, GROSS, GROSS, NET, TAX, RATE, True, row[3], next_end, inputs)
            for row, invoice, line, _serial in rows
        ],
    )
    _copy(
        cursor,
        "billing_revenueschedule (line_id, invoice_id, deferred_minor, recognised_minor, released_minor, since, until,"
        " next_at)",
        [(line, invoice, NET, 0, 0, row[3], next_end, month_end) for row, invoice, line, _serial in rows],
    )
    _copy(
        cursor,
        "billing_payment (invoice_id, key, attempt, amount_minor, currency, status, on_session, surplus, due_at,"
        " gateway_id, decline_code, message, created_at)",
        [
            (invoice, uuid4(), 1, GROSS, "EUR", "pending", False, False, now, "", "", "", now)
            for _row, invoice, _line, _serial in rows
        ],
    )
    sides = (("receivable", GROSS), ("tax_payable", -TAX), ("revenue_deferred", -NET))
    _copy(
        cursor,
        "billing_ledgerentry (key, account, currency, amount_minor, customer_id, at)",
        [
            (f"invoice:{invoice}", account, "EUR", minor, row[1], now)
            for row, invoice, _line, _serial in rows
            for account, minor in sides
        ],
    )
    _copy(
        cursor,
        'memberships_period (subscription_id, number, start, "end", price_id, invoice_id, currency,'
        " tax_basis_points, gross_minor, tax_minor, credited_minor)",
        [
            (row[0], row[4] + 1, row[3], next_end, row[2], invoice, "EUR", RATE, GROSS, TAX, 0)
            for row, invoice, _line, _serial in rows
        ],
    )
    cursor.execute(
        _ADVANCE, [next_end, next_end, [row[0] for row in due], [row[3] for row in due], [row[4] + 1 for row in due]]
    )


def _ids(cursor: psycopg.Cursor, table: str, count: int) -> list[int]:
    return [number for (number,) in cursor.execute(_IDS, [table, count]).fetchall()]


def _copy(cursor: psycopg.Cursor, into: str, rows: Sequence[tuple]) -> None:
    with cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
