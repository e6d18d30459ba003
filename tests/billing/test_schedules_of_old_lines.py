"""A shop that has sold before it kept schedules gets those of its lines by migration, as if it had kept them."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

from django.db import connection

from apps.billing import collection, invoices, lifecycle, migrations, recognition, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway.port import RefundFailed
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import LedgerEntry, RevenueSchedule
from apps.core.money import Money
from tests.factories import billing

START = datetime(2026, 3, 17, tzinfo=UTC)


def sell(gateway, *lines, refunded: int = 0):
    invoice = billing.invoice(billing.payer(gateway, now=START), now=START, lines=list(lines))
    collection.collect_due(now=START)
    if refunded:
        money = Money(refunded, "EUR")
        return refunds.request(invoice.payments.get().pk, amount=money, key="a", reason="Sorry", now=START)
    return invoice


def test_old_lines_get_the_schedules_they_would_have(own_database):
    plan, off = billing.plan_line(2900, start=START), billing.plan_line(-700, start=START, kind="discount")
    goods = billing.plan_line(500, start=START, period_start=None, period_end=None)
    with gateways.using(Rehearsal()) as gateway:
        sell(gateway, plan, off, goods)
        sell(gateway, plan, off, goods, refunded=1000)
        sell(gateway, plan, refunded=2900)
        bounced = sell(gateway, plan, off, refunded=999)
        lifecycle.claim_refunds(now=START, limit=9)
        lifecycle.settle_refund(bounced.pk, RefundFailed("expired_card"), now=START)
        open_invoice = billing.invoice(billing.payer(gateway, now=START), now=START)
        invoices.void(open_invoice.pk, reason="wrong", now=START)
    kept = list(RevenueSchedule.objects.order_by("line").values())

    [path] = Path(migrations.__file__).parent.glob("*_revenue_schedules.py")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_revenueschedule DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM billing_revenueschedule")
        cursor.execute(import_module(f"{migrations.__name__}.{path.stem}").FILL)
    assert list(RevenueSchedule.objects.order_by("line").values()) == kept
    assert len(kept) == 8

    recognition.recognise_due(now=START + timedelta(days=60))
    assert LedgerEntry.objects.balances()["revenue_deferred", "EUR"] == 0
