"""A year of the shop, lived by the real engine: people act through the services that the pages call, the workers'
sweeps run in between, and the rehearsal gateway charges the cards. Nothing is written as already finished."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.billing import gateway
from apps.billing.gateway.rehearsal import Rehearsal
from apps.core import sweeps

from . import boxes, deeds, reviewing, shopping
from .people import CUSTOMER, Person, cast

DAY = timedelta(days=1)
# The workers sweep all day; in the history once, after the last customer, and what is not pressing once a week.
EVENING = timedelta(hours=22)
PACKING = timedelta(hours=21, minutes=30)
DAILY = {
    "memberships.bill",
    "memberships.end",
    "orders.boxes",
    "billing.collect",
    "billing.dunning",
    "campaigns.notices",
    "campaigns.advance",
    "mail.deliver",
}


@dataclass
class History:
    """`days` days of `count` customers, ending at `end` (UTC). `live()` yields after each day."""

    end: datetime
    days: int
    count: int
    moment: datetime = field(init=False)
    rehearsal: Rehearsal = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.end - self.days * DAY
        self.moment = self.start
        self.rehearsal = Rehearsal(clock=lambda: self.moment)
        self.dice = random.Random(11)  # noqa: S311 - a story, not a secret

    def live(self) -> Iterator[int]:
        """Live through the days, one at a time."""
        people = cast(count=self.count, days=self.days)
        plans = _deeds_by_day(people, days=self.days, dice=self.dice)
        with gateway.using(self.rehearsal):
            for day in range(self.days):
                for hour, deed, person in sorted(plans[day], key=lambda planned: (planned[0], planned[2].email)):
                    self.moment = self.start + day * DAY + timedelta(hours=hour)
                    deed(person, self)
                if day % boxes.PACKED_EVERY == 0:
                    self.moment = self.start + day * DAY + PACKING
                    boxes.pack(self)
                self._sweep(day)
                yield day
            self.moment = self.end
            sweeps.run_all(now=self.end)

    def _sweep(self, day: int) -> None:
        self.moment = self.start + day * DAY + EVENING
        weekly = sweeps.names() - DAILY
        sweeps.run_due(now=self.moment, without=weekly if day % 7 else set())


def _deeds_by_day(people: list[Person], *, days: int, dice: random.Random) -> dict[int, list]:
    """What each person sets out to do, by day, at hours before its sweep."""
    planned: dict[int, list] = defaultdict(list)

    def plan(day: int | None, deed, person: Person) -> None:
        if day is not None and day < days:
            planned[day].append((dice.uniform(6, 21), deed, person))

    for person in people:
        plan(person.joins_on, deeds.join, person)
        plan(person.upgrades_on, deeds.climb, person)
        plan(person.cancels_on, deeds.leave, person)
        if person.regrets and person.cancels_on:
            plan(person.cancels_on + 2, deeds.change_mind, person)
        if person.email == CUSTOMER and person.joins_on < days - 3:
            plan(days - 3, deeds.look_up, person)
        if person.email == CUSTOMER:
            # At fixed hours: another throw of the dice would make another story of everybody.
            for before, deed in shopping.DEEDS:
                if person.joins_on < days - before:
                    planned[days - before].append((12.0, deed, person))
        for day in range(person.joins_on + 5, days, dice.randint(110, 190)):
            plan(day, deeds.look_in, person)
    for told in (boxes, reviewing):
        for day, hour, doing, person in told.deeds(people, days=days):
            planned[day].append((hour, doing, person))
    return planned
