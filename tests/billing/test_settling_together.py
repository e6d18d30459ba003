"""Many payments that go through at once are written down together."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.billing import charging, collection, invoices, janitor, lifecycle, signals
from apps.billing.gateway import behaviours as cards
from apps.billing.gateway.port import Declined, Succeeded
from apps.billing.models import Invoice, InvoiceChange, Parked, Payment, Refund
from apps.mail.models import Message
from tests.factories import billing

from .reading import books, heard, history

pytestmark = pytest.mark.django_db


def claimed(gateway, count: int, *, now) -> list[Payment]:
    """As many customers, each with an invoice of 29.00 whose payment a worker holds."""
    for _ in range(count):
        billing.invoice(billing.payer(gateway, now=now), now=now)
    return lifecycle.claim(now=now, limit=count)


def charged(gateway, payments: list[Payment]) -> list:
    """The gateway's answers."""
    return [(payment, charging.charge(gateway, payment, deadline=float("inf"))) for payment in payments]


def test_all_are_paid_and_announced_once(gateway, now):
    payments = claimed(gateway, 3, now=now)
    results = charged(gateway, payments)
    with heard(signals.invoices_paid) as announced:
        collection.write_down_all(results, now=now)

    assert announced == [{"invoice_ids": [payment.invoice_id for payment in payments], "now": now}]
    assert set(Invoice.objects.values_list("status", "paid_at")) == {("paid", now)}
    for payment, result in results:
        payment.refresh_from_db()
        assert (payment.status, payment.gateway_id, payment.settled_at) == ("succeeded", result.intent_id, now)
        assert history(payment) == [("pending", "processing"), ("processing", "succeeded")]
        assert InvoiceChange.objects.get(invoice=payment.invoice_id).reason == f"payment {payment.pk}"
    assert len({result.intent_id for _payment, result in results}) == 3
    assert books()["cash"] == 3 * 2900
    assert "receivable" not in books()
    assert Message.objects.filter(kind="receipt").count() == 3


def test_the_number_of_statements_does_not_depend_on_how_many(gateway, now):
    counted = []
    for count in (2, 12):
        results = charged(gateway, claimed(gateway, count, now=now))
        with CaptureQueriesContext(connection) as statements:
            collection.write_down_all(results, now=now)
        counted.append(len(statements))
    assert counted[0] == counted[1]
    assert set(Payment.objects.values_list("status", flat=True)) == {"succeeded"}


def test_one_that_cannot_be_settled_does_not_hold_up_the_others(gateway, now):
    results = charged(gateway, claimed(gateway, 3, now=now))
    culprit = results[1][0]

    def fail(invoice_ids, **facts):
        if culprit.invoice_id in invoice_ids:
            raise RuntimeError("the room above fell down")

    with heard(signals.invoices_paid, also=fail):
        collection.write_down_all(results, now=now)

    for payment, _result in results:
        payment.refresh_from_db()
    assert [payment.status for payment, _result in results] == ["succeeded", "unknown", "succeeded"]
    assert Parked.objects.waiting().get().ref == str(culprit.pk)
    assert Invoice.objects.open().get().pk == culprit.invoice_id
    assert books()["cash"] == 2 * 2900

    janitor.check_due(now=now + timedelta(seconds=10))
    assert not Invoice.objects.open().exists()
    assert books()["cash"] == 3 * 2900


def test_successes_refusals_and_money_nobody_wants_any_more_come_together(gateway, now):
    payments = claimed(gateway, 4, now=now)
    Payment.objects.filter(pk=payments[3].pk).update(status="unknown", lease_until=None, check_at=now)
    invoices.void(payments[3].invoice_id, reason="ended", now=now)
    results = charged(gateway, payments)
    results[0] = (payments[0], Declined("insufficient_funds", hard=False))
    collection.write_down_all(results, now=now)

    statuses = [Payment.objects.get(pk=payment.pk).status for payment in payments]
    assert statuses == ["declined", "succeeded", "succeeded", "succeeded"]
    assert list(Invoice.objects.order_by("pk").values_list("status", flat=True)) == ["open", "paid", "paid", "void"]
    assert Refund.objects.get().payment_id == payments[3].pk
    assert Payment.objects.get(surplus=True).pk == payments[3].pk


def test_what_has_succeeded_already_is_left_as_it_is(gateway, now):
    results = charged(gateway, claimed(gateway, 2, now=now))
    collection.write_down_all(results, now=now)
    before = books()
    again = [(payment, Succeeded("pi_other")) for payment, _result in results]
    with heard(signals.invoices_paid) as announced:
        collection.write_down_all(again, now=now + timedelta(minutes=1))
    assert (announced, books()) == ([], before)
    assert not Payment.objects.filter(gateway_id="pi_other").exists()


def test_a_queue_longer_than_the_threads_is_collected_to_its_end(gateway, now, settings):
    settings.COLLECTION_THREADS = 2
    for number in range(25):
        script = (cards.decline("insufficient_funds"),) if number % 5 == 0 else ()
        billing.invoice(billing.payer(gateway, script=script, now=now), now=now)
    assert collection.collect_due(now=now, limit=7) == 7
    assert collection.collect_due(now=now) == 18
    assert Payment.objects.filter(status="succeeded").count() == 20
    assert Payment.objects.filter(status="declined").count() == 5
    assert len(gateway.export()["payment_intents"]) == 20, "each of them once"
