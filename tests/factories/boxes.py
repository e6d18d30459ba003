"""Boxes and their subscribers for tests, made by the real services on a rehearsed gateway."""

from datetime import UTC, datetime
from itertools import count as numbers
from typing import NamedTuple

from apps.accounts.models import User
from apps.billing.gateway.rehearsal import Rehearsal
from apps.catalog.models import BundleSlot, Variant
from apps.core import sweeps
from apps.memberships.models import Plan, Price, Subscription
from apps.orders.boxes import joining
from apps.orders.models import Box, Order

from . import accounts, catalog, memberships
from .orders import HOME

OPENED = datetime(2025, 1, 1, tzinfo=UTC)
GROUP = "seasonal-box"
WHERE = {**HOME, "phone": ""}
_numbers = numbers(1)


class Made(NamedTuple):
    """A box with a slot of two choices, and a fixed one with two pieces."""

    box: Box
    price: Price
    fruit: BundleSlot
    lemons: Variant
    oranges: Variant
    jars: BundleSlot
    jam: Variant

    @property
    def plan(self) -> Plan:
        return self.price.plan


def box(*, amount_minor: int = 2900, left: int = 100, cutoff_days: int = 2, tax_included: bool = True, **plan) -> Made:
    """A box on sale: of two choices one is picked, and two jars are always in it; so many are left of each."""
    number = next(_numbers)
    lemons, oranges, jam = (
        catalog.product(name=f"{name} {number}", left=left).variants.select_related("product").get()
        for name in ("Lemons", "Oranges", "Jam")
    )
    bundle = catalog.bundle(("The fruit", 1, [lemons, oranges]), ("The jars", 2, [jam]), name=f"Box {number}")
    facts = {"group": GROUP, "max_pause_days": 92, "pauses_per_year": 12, "max_quantity": 5, "sends_goods": True}
    facts = {"slug": f"box-{number}", "name": f"Small box {number}", "rank": number, **facts, **plan}
    made = Plan.objects.create(**facts)
    price = Price.objects.create(
        plan=made,
        currency="EUR",
        amount_minor=amount_minor,
        tax_included=tax_included,
        interval_unit="month",
        available_from=OPENED,
    )
    fruit, jars = bundle.product.slots.order_by("position")
    row = Box.objects.create(plan=made, product=bundle.product, cutoff_days=cutoff_days)
    return Made(row, price, fruit, lemons, oranges, jars, jam)


def subscriber(
    gateway: Rehearsal,
    made: Made,
    *,
    now: datetime,
    picked: Variant | None = None,
    user: User | None = None,
    address: dict | None = WHERE,
    **how,
) -> Subscription:
    """A paying subscriber, whose first parcel is owed; lemons unless told otherwise, no address where it is None."""
    user = user or accounts.customer()
    if address is not None:
        prepare(user, made, picked=picked, address=address, now=now)
    memberships.join(gateway, how.pop("price", made.price), now=now, user=user, **how)
    return of(user)


def prepare(user: User, made: Made, *, now: datetime, picked: Variant | None = None, address: dict = WHERE) -> None:
    choices = {made.fruit.pk: (picked or made.lemons).pk}
    joining.prepare(user, made.plan, address=address, choices=choices, now=now)


def of(user: User) -> Subscription:
    """The customer's box."""
    return Subscription.objects.current_of(user, group=GROUP)


def sent(gateway: Rehearsal, made: Made, *, now: datetime, **how) -> Order:
    """The order of a new subscriber's first parcel."""
    subscription = subscriber(gateway, made, now=now, **how)
    sweeps.run("orders.boxes", now=now)
    return Order.objects.get(delivery__subscription=subscription)
