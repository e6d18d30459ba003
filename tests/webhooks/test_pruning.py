"""What dj-stripe keeps of events is forgotten after ninety days."""

from datetime import UTC, datetime, timedelta

import pytest
from djstripe.models import Event, WebhookEventTrigger

from apps.billing import webhooks
from apps.core import sweeps
from apps.core.models import ClockShift

pytestmark = pytest.mark.django_db
KEPT = timedelta(days=90)
MOMENT = timedelta(microseconds=1)


def arrived(number: int, *, at: datetime, copies: int = 1) -> Event:
    """An event with its deliveries, as dj-stripe stores them."""
    event = Event.objects.create(
        id=f"evt_{number}", type="payment_intent.succeeded", data={}, livemode=False, stripe_data={}
    )
    Event.objects.filter(pk=event.pk).update(djstripe_created=at)
    for _copy in range(copies):
        refused(at=at, event=event, valid=True)
    return event


def refused(*, at: datetime, **changes) -> None:
    trigger = WebhookEventTrigger.objects.create(remote_ip="127.0.0.1", headers={}, body="{}", **changes)
    WebhookEventTrigger.objects.filter(pk=trigger.pk).update(created=at)


def left() -> tuple[list[str], int]:
    return list(Event.objects.order_by("pk").values_list("id", flat=True)), WebhookEventTrigger.objects.count()


def test_what_is_old_goes_and_the_rest_stays(now):
    arrived(1, at=now - KEPT - timedelta(days=400), copies=3)
    arrived(2, at=now - KEPT)
    refused(at=now - KEPT)
    arrived(3, at=now - KEPT + MOMENT, copies=2)
    arrived(4, at=now)

    assert sweeps.run("billing.prune", now=now) == 5 + 2
    assert left() == (["evt_3", "evt_4"], 3)
    assert set(WebhookEventTrigger.objects.values_list("event__id", flat=True)) == {"evt_3", "evt_4"}
    assert sweeps.run("billing.prune", now=now) == 0


def test_a_delivery_outlives_its_event_only_as_long_as_it_is_young(now):
    event = arrived(1, at=now - KEPT, copies=0)
    refused(at=now, event=event, valid=True)
    assert webhooks.prune(now=now) == 1
    assert left() == ([], 1)
    assert WebhookEventTrigger.objects.get().event is None


@pytest.mark.parametrize("old", [2, 3, 4, 5])
def test_any_number_of_batches(now, monkeypatch, old):
    monkeypatch.setattr(webhooks, "_BATCH", 2)
    for _number in range(old):
        refused(at=now - KEPT)
    refused(at=now)
    assert webhooks.prune(now=now) == old
    assert left() == ([], 1)


def test_the_time_machine_does_not_make_events_older(now, settings):
    settings.TIME_MACHINE = True
    ClockShift.objects.create(pk=ClockShift.SINGLETON, shift=timedelta(days=365))
    real = datetime.now(UTC)
    arrived(1, at=real - KEPT - timedelta(hours=1))
    arrived(2, at=real - timedelta(days=80))
    assert webhooks.prune(now=real + timedelta(days=365)) == 2
    assert left() == (["evt_2"], 1)


def test_the_clock_of_the_shop_never_waits_for_it(now):
    arrived(1, at=now - KEPT)
    assert sweeps.get("billing.prune").next_due(now=now) is None
