"""A rehearsal leaves nothing behind, touches nothing outside, and stands in nobody's way."""

import threading
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from apps.billing import collection
from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal as Adapter
from apps.billing.models import Invoice, InvoiceLine, InvoiceSeries, Parked, Payment
from apps.core import sweeps
from apps.insights.rehearsal import BadRehearsal, rehearse, stage
from apps.mail.models import Message
from apps.memberships import renewals
from apps.memberships.models import Period, Subscription
from tests.factories import memberships
from tests.stack import wait_for

from . import books
from .books import DAY

NOW = datetime(2026, 4, 17, 9, 30, tzinfo=UTC)


def test_nothing_remains(gateway, monkeypatch):
    """Rows, sequences, mails, the gateway, tasks: all as before, although the engine did its work."""
    books.mixed(gateway, now=NOW)
    sent = []
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *args, **options: sent.append(args))
    before, charges, delivered = books.checksums(), len(gateway.export()["payment_intents"]), len(mail.outbox)
    foretold = rehearse(days=30, now=NOW, decline_basis_points=2000)
    assert foretold.summary["work"]["memberships.bill"] > 10
    assert foretold.summary["work"]["mail.deliver"] > 10
    assert books.checksums() == before
    assert (len(gateway.export()["payment_intents"]), len(mail.outbox), sent) == (charges, delivered, [])


def test_nothing_remains_of_one_that_is_interrupted(gateway):
    books.mixed(gateway, now=NOW)
    before = books.checksums()
    real = connections["default"]

    def stop(at: datetime) -> None:
        if at > NOW + 8 * DAY:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rehearse(days=30, now=NOW, on_step=stop)
    assert connections["default"] is real
    assert books.checksums() == before
    # The server needs a moment to notice that the session has ended.
    wait_for(lambda: _sessions() == 0)


def _sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rehearsal'")
        return cursor.fetchone()[0]


def test_the_database_itself_refuses_to_write_outside_the_copies(gateway):
    """Whatever the engine may come to do: real tables, real sequences and row locks are refused on the stage."""
    memberships.member(gateway, now=NOW)
    with stage.build():
        Parked.objects.put("test", ref="1", reason="a copy may be written", now=NOW)
        for statement in (
            "UPDATE public.billing_invoiceseries SET next_number = 99",
            "SELECT * FROM public.memberships_subscription FOR UPDATE",
            "SELECT nextval('public.billing_invoice_id_seq')",
            "DELETE FROM django_session",
            "CREATE TABLE left_behind (id int)",
        ):
            with pytest.raises(DatabaseError, match="read-only transaction"), connection.cursor() as cursor:
                cursor.execute(statement)
    assert not Parked.objects.exists()


def test_a_session_opened_anew_cannot_write_either(gateway):
    """Without its copies the real tables would be in reach: they are read-only from the first moment of a session."""
    with stage.build():
        connection.close()
        with pytest.raises(DatabaseError, match="read-only transaction"):
            InvoiceSeries.objects.update(next_number=99)
    assert not InvoiceSeries.objects.filter(next_number=99).exists()


def test_what_waits_for_a_commit_never_happens(gateway):
    happened = []
    with stage.build():
        with transaction.atomic():
            transaction.on_commit(lambda: happened.append("inside"))
        transaction.on_commit(lambda: happened.append("at once"))
    assert happened == []


def test_the_copies_refuse_what_the_tables_refuse(gateway):
    """Checks, unique keys and triggers came along."""
    memberships.member(gateway, now=NOW)
    with stage.build():
        for rows, change in (
            (Invoice.objects.all(), {"total_minor": 1}),
            (InvoiceLine.objects.all(), {"description": "another"}),
            (Payment.objects.all(), {"status": "nonsense"}),
        ):
            with pytest.raises(DatabaseError):
                rows.update(**change)
        period = Period.objects.get()
        period.pk = None
        with pytest.raises(DatabaseError):
            period.save(force_insert=True)


def test_a_live_worker_bills_meanwhile_without_waiting(gateway, monkeypatch):
    """In the middle of a transaction of the rehearsal, a live worker renews and collects the very same members."""
    people = [memberships.member(gateway, "grove", now=NOW - 20 * DAY) for _ in range(3)]
    due = people[0].next_bill_at
    problems, billed = [], []

    def work() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1ms'")
            billed.append(renewals.bill_due(now=due))
            with gateways.using(gateway):
                collection.collect_due(now=due)
        except Exception as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    inside = renewals._bill

    def bill_beside_a_live_worker(subscriptions, *, now: datetime) -> None:
        inside(subscriptions, now=now)
        if threading.current_thread() is threading.main_thread() and not billed:
            worker = threading.Thread(target=work)
            worker.start()
            worker.join()

    monkeypatch.setattr(renewals, "_bill", bill_beside_a_live_worker)
    foretold = rehearse(days=30, now=NOW)
    assert problems == []
    assert billed == [3]
    assert foretold.summary["totals"][0]["collected"] == 3 * 1200
    renewed = Invoice.objects.filter(reason="renewal")
    assert sorted(renewed.values_list("status", flat=True)) == ["paid"] * 3
    assert sorted(invoice.serial for invoice in Invoice.objects.all()) == [1, 2, 3, 4, 5, 6]
    assert Message.objects.filter(kind="receipt").count() == 6


def test_a_rehearsal_waits_for_no_live_worker(gateway):
    """Rows locked and numbers taken by a transaction that is not over: the rehearsal neither sees nor minds it."""
    memberships.member(gateway, "grove", now=NOW - 20 * DAY)
    foretold = []

    def work() -> None:
        try:
            foretold.append(rehearse(days=30, now=NOW))
        finally:
            connections.close_all()

    with transaction.atomic():
        list(Subscription.objects.select_for_update())
        InvoiceSeries.objects.update(next_number=500)
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert foretold[0].summary["totals"][0]["collected"] == 1200


def test_what_fails_on_the_stage_is_told_and_not_logged(gateway, monkeypatch, caplog):
    def break_down(*, now: datetime) -> int:
        raise ObjectDoesNotExist("no such thing")

    broken = sweeps.Sweep("test.broken", 1, break_down, lambda *, now: now - DAY)
    monkeypatch.setitem(sweeps._registered, broken.name, broken)
    memberships.member(gateway, "grove", now=NOW - 20 * DAY)
    foretold = rehearse(days=30, now=NOW)
    kind, finding = foretold.findings[0]
    assert (kind, finding.key, finding.at) == ("work-failed", "test.broken", NOW)
    assert finding.detail == "test.broken: ObjectDoesNotExist: no such thing"
    assert foretold.summary["totals"][0]["collected"] == 1200


@pytest.mark.parametrize(
    "terms", [{"days": 0}, {"days": -1}, {"days": 367}, {"days": 10_000}, {"days": 30, "decline_basis_points": 10_001}]
)
def test_nonsense_is_refused_before_anything_is_copied(own_database, terms):
    with CaptureQueriesContext(connection) as queries, pytest.raises(BadRehearsal):
        rehearse(now=NOW, **terms)
    assert len(queries) == 0


def test_the_adapter_of_the_live_shop_is_back_afterwards(gateway):
    assert isinstance(gateway, Adapter)
    rehearse(days=1, now=NOW)
    assert gateways.get() is gateway
