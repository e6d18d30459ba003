"""Webhooks are hints: late, doubled, in any order, or none at all. Long: `make soak`."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from djstripe.models import Event, WebhookEventTrigger

from apps.billing.models import Payment
from apps.core import clock
from tests import stack as stacks
from tests.chaos import crew, reckoning
from tests.chaos.conftest import EASY

pytestmark = pytest.mark.soak

EVENTS = 5_000


@pytest.fixture
def shop(own_database) -> Iterator[stacks.Stack]:
    """The shop with its web server, which hears the events."""
    with stacks.demo_settings(), stacks.running(own_database, workers=2, environ=EASY) as stack:
        yield stack


def disturb(shop: stacks.Stack, *, copies: int) -> None:
    """From now on each event comes in a random order and so many times more."""
    shop.control("webhooks", json.dumps({"duplicate": copies, "shuffle": 60}).encode())


def test_events_shuffled_and_up_to_five_times_each(shop):
    dice = random.Random(5)
    disturb(shop, copies=4)
    subscriptions = crew.renewals_come_due(shop, EVENTS, tag="storm")

    def is_collected() -> bool:
        disturb(shop, copies=dice.randint(0, 4))
        shop.ring(*crew.SWEEPS)
        return not Payment.objects.filter(status__in=["pending", "processing"]).exists() and Payment.objects.exists()

    stacks.wait_for(is_collected, patience=900)
    crew.settle(shop)
    stacks.wait_for(lambda: json.loads(shop.control("webhooks/flush"))["pending"] == 0, patience=1800)

    reckoning.assert_sound(shop, subscriptions, starts=[subscriptions[0].next_bill_at])
    assert Event.objects.filter(type="payment_intent.succeeded").count() == EVENTS
    assert WebhookEventTrigger.objects.count() > 2 * EVENTS


def test_no_event_for_three_days(shop):
    shop.control("webhooks", b'{"drop": 1}')
    subscriptions = crew.renewals_come_due(shop, 1_000, tag="storm")
    began = clock.now()
    while clock.now() < began + timedelta(hours=72):
        shop.ring(*crew.SWEEPS)
        shop.travel(clock.now() + timedelta(hours=1))
    crew.settle(shop)

    reckoning.assert_sound(shop, subscriptions, starts=[subscriptions[0].next_bill_at])
    assert not Event.objects.exists()
