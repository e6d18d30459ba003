"""How long it takes to rehearse thirty days of a book of 10,000 members who renew once each, and where the time goes.

    make bench T=tests/benchmarks/bench_rehearsal.py

On embedded PostgreSQL with fsync on, in one process. A past does not slow the days down, it only has to be copied: the
second figure is how long a year of it takes.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.db import connection

from apps.billing.models import Invoice
from apps.insights.rehearsal import rehearse, stage
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


# A year of paid renewals of every member, with what each leaves behind, straight into the tables.
_PAST = """
INSERT INTO billing_invoice (customer_id, key, series_id, serial, number, status, reason, currency, total_minor,
        tax_minor, credit_applied_minor, due_minor, customer_name, customer_email, customer_country, issued_at, paid_at)
    SELECT u.id, 'past:' || u.id || ':' || month, s.id, row_number() OVER (), 'P' || row_number() OVER (), 'paid',
        'renewal', 'EUR', 1200, 216, 0, 1200, u.name, u.email, 'IT', at, at
    FROM accounts_user u, billing_invoiceseries s, generate_series(1, 12) month,
        LATERAL (SELECT timestamptz '2027-03-01' - month * interval '1 month' AS at) moment WHERE s.code = 'main';
UPDATE billing_invoiceseries SET next_number = (SELECT max(serial) + 1 FROM billing_invoice) WHERE code = 'main';
INSERT INTO billing_invoiceline (invoice_id, position, kind, description, quantity, unit_minor, amount_minor, net_minor,
        tax_minor, tax_basis_points, inputs)
    SELECT id, 1, 'plan', 'Grove', 1, 1200, 1200, 984, 216, 2200, '{"plan": "grove"}' FROM billing_invoice;
INSERT INTO billing_payment (invoice_id, key, attempt, amount_minor, currency, status, on_session, surplus, due_at,
        gateway_id, decline_code, message, created_at, settled_at)
    SELECT id, gen_random_uuid(), 1, 1200, 'EUR', 'succeeded', false, false, issued_at, 'pi_past' || id, '', '',
        issued_at, issued_at FROM billing_invoice;
INSERT INTO billing_paymentchange (payment_id, old, new, reason, actor, at)
    SELECT id, 'pending', 'processing', '', '', created_at FROM billing_payment
    UNION ALL SELECT id, 'processing', 'succeeded', '', '', created_at FROM billing_payment;
INSERT INTO billing_ledgerentry (key, account, currency, amount_minor, customer_id, at)
    SELECT 'invoice:' || i.id, account, 'EUR', amount, i.customer_id, i.issued_at FROM billing_invoice i,
        (VALUES ('receivable', 1200), ('tax_payable', -216), ('revenue_deferred', -984)) entry (account, amount);
INSERT INTO mail_message (key, kind, stream, to_email, user_id, locale, context, subject, text, html, headers, secret,
        status, send_after, attempts, last_error, created_at, sent_at)
    SELECT 'receipt:' || id, 'receipt', 'service', customer_email, customer_id, 'en', '{}', 'Receipt', repeat('t', 800),
        repeat(md5(id::text), 200), '{}', false, 'sent', issued_at, 1, '', issued_at, issued_at FROM billing_invoice;
"""


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


def test_a_year_behind_it(own_database):
    _members()
    with connection.cursor() as cursor:
        cursor.execute(_PAST)
        cursor.execute("ANALYZE")
    count = Invoice.objects.count()
    began = time.perf_counter()
    with stage.build():
        took = time.perf_counter() - began
        assert Invoice.objects.count() == count
    print(f"\nCopying a book with {count} invoices and all that hangs on them: {took:.1f} s")
