"""Workers die, the network drops answers, and every period is billed once and charged once."""

from __future__ import annotations

import random
import time
from datetime import timedelta

import pytest

from apps.billing.models import Invoice
from apps.core import clock
from tests import stack as stacks
from tests.chaos import crew, reckoning

WORKERS = 2


@pytest.mark.parametrize(
    ("renewals", "deaths"), [(1_000, 12), pytest.param(10_000, 200, marks=pytest.mark.soak)], ids=["short", "long"]
)
def test_every_period_is_billed_once_and_charged_once(shop, renewals, deaths):
    subscriptions = crew.renewals_come_due(shop, renewals, tag="chaos")

    _renew_while_killing(shop, deaths=deaths)
    with crew.working(shop, 1):
        crew.settle(shop)

    reckoning.assert_sound(shop, subscriptions, starts=[subscriptions[0].next_bill_at])


def _renew_while_killing(shop: stacks.Stack, *, deaths: int) -> None:
    """Let workers bill and collect, killing one after the other in mid-work."""
    dice = random.Random(20)
    workers = [crew.start(shop, number) for number in range(WORKERS)]
    try:
        stacks.wait_for(lambda: Invoice.objects.exists() or shop.ring("memberships.bill"))
        for death in range(1, deaths + 1):
            shop.ring("memberships.bill", "billing.collect", "billing.janitor")
            time.sleep(dice.uniform(0.3, 1.2))
            victim = dice.randrange(WORKERS)
            crew.kill(workers[victim])
            workers[victim] = crew.start(shop, WORKERS + death)
            # Leases of the killed run out by the shop's clock, so that later workers meet their leftovers.
            shop.travel(clock.now() + timedelta(seconds=45))
    finally:
        for worker in workers:
            crew.kill(worker)
