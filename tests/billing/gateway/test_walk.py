"""How the nightly comparison is walked: page by page, carried on after a loss, once a night."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.billing import collection, reconciliation
from apps.billing import gateway as gateways
from apps.billing.gateway import rehearsal_books
from apps.billing.gateway.port import GatewayUnavailable
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Break, Payment, Reconciliation, Sighting
from apps.core import sweeps
from tests.crowds import at_once
from tests.factories import billing

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


class Counting(Rehearsal):
    """A gateway that lists few at a time, and is away when told."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: NOW)
        self.asked: list[str] = []
        self.away_after: int | None = None

    def list_charges(self, **span):
        if self.away_after is not None and len(self.asked) >= self.away_after:
            raise GatewayUnavailable("no route")
        self.asked.append(span["cursor"])
        return super().list_charges(**span)


@pytest.fixture
def counting(monkeypatch):
    monkeypatch.setattr(rehearsal_books, "LIMIT", 3)
    with gateways.using(Counting()) as adapter:
        yield adapter


def charged(gateway: Rehearsal, count: int) -> None:
    for _ in range(count):
        billing.invoice(billing.payer(gateway, now=NOW), now=NOW)
    collection.collect_due(now=NOW)
    assert not Payment.objects.open().exists()


@pytest.mark.django_db
def test_a_walk_that_lost_the_gateway_goes_on_where_it_was(counting):
    charged(counting, 8)
    counting.away_after = 2
    with pytest.raises(GatewayUnavailable):
        reconciliation.run_due(now=NOW + HOUR)
    walk = Reconciliation.objects.get()
    assert (walk.phase, walk.compared, Sighting.objects.count()) == ("charges", 6, 6)
    assert walk.cursor
    counting.away_after = None
    assert reconciliation.run_due(now=NOW + 2 * HOUR) == 2
    walk.refresh_from_db()
    assert (walk.phase, walk.compared, walk.found) == ("done", 8, 0)
    assert walk.finished_at == NOW + 2 * HOUR
    assert len(counting.asked) == len(set(counting.asked)) == 3
    assert (Reconciliation.objects.count(), Sighting.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_once_a_night_and_every_day_that_was_missed(counting):
    charged(counting, 1)
    sweep = sweeps.get("billing.reconcile")
    assert sweep.run(now=NOW + HOUR) == 1
    assert sweep.run(now=NOW + 2 * HOUR) == 0
    at_two = NOW.replace(day=11, hour=2, minute=0)
    assert sweep.run(now=at_two - timedelta(seconds=1)) == 0
    assert Reconciliation.objects.count() == 1
    assert sweep.run(now=at_two) == 1
    late = NOW + 30 * DAY
    sweep.run(now=late)
    spans = list(Reconciliation.objects.order_by("pk").values_list("since", "until"))
    assert spans[1][0] == at_two - timedelta(minutes=10) - 5 * DAY
    assert spans[2] == (at_two - timedelta(minutes=10), late - timedelta(minutes=10))


@pytest.mark.django_db
def test_a_payment_that_the_walk_did_not_meet_is_asked_for_by_name(counting):
    charged(counting, 2)
    # As with the time machine: the gateway's stamps lie outside the days that the shop's clock means.
    later = NOW + 20 * DAY
    Payment.objects.update(settled_at=later - HOUR)
    assert reconciliation.run_due(now=later) == 2
    assert Reconciliation.objects.get().found == 0
    counting._intents.clear()
    reconciliation.run_due(now=later + DAY)
    assert list(Break.objects.values_list("kind", flat=True)) == ["missing_there"] * 2


@pytest.mark.django_db
def test_a_page_costs_the_same_whatever_is_on_it(counting, monkeypatch):
    monkeypatch.setattr(rehearsal_books, "LIMIT", 100)
    spent = []
    for number in range(2):
        charged(counting, 3)
        with CaptureQueriesContext(connection) as queries:
            assert reconciliation.run_due(now=NOW + HOUR + number * DAY) == 3 * (number + 1)
        spent.append(len(queries))
    assert spent[0] == spent[1]


@pytest.mark.usefixtures("own_database")
def test_two_workers_at_once_make_one_walk_and_one_break(monkeypatch):
    monkeypatch.setattr(rehearsal_books, "LIMIT", 3)
    gateway = Counting()
    with gateways.using(gateway):
        charged(gateway, 8)
    lost = Payment.objects.latest("pk")
    del gateway._intents[lost.gateway_id]

    def walk(number):
        with gateways.using(gateway):
            return reconciliation.run_due(now=NOW + HOUR)

    results = at_once(5, walk)
    assert [result for result in results if isinstance(result, Exception)] == []
    done = Reconciliation.objects.get()
    assert (done.phase, done.compared, sum(results)) == ("done", 8, 8)
    assert Break.objects.get().payment == lost


class Strict(Counting):
    """A gateway that notices an open transaction."""

    def list_charges(self, **span):
        assert transaction.get_autocommit()
        return super().list_charges(**span)

    def read_charge(self, intent_id):
        assert transaction.get_autocommit()
        return super().read_charge(intent_id)


@pytest.mark.usefixtures("own_database")
def test_no_transaction_is_open_while_the_gateway_is_asked():
    with gateways.using(Strict()) as gateway:
        charged(gateway, 2)
        del gateway._intents[Payment.objects.latest("pk").gateway_id]
        reconciliation.run_due(now=NOW + HOUR)
        reconciliation.run_due(now=NOW + HOUR + 20 * DAY)
    assert Break.objects.get().status == "open"
