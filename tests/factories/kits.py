"""A bundle for tests: two bags of soil, and a pot that is picked from two."""

from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.billing.gateway.rehearsal import Rehearsal
from apps.catalog.models import BundleSlot, Stock, Variant
from apps.orders import baskets
from apps.orders.models import Basket, Order

from . import catalog, orders


@dataclass(frozen=True)
class Kit:
    variant: Variant
    soil: Variant
    small: Variant
    large: Variant

    @property
    def pot(self) -> int:
        """The slot that is picked for."""
        return BundleSlot.objects.get(product=self.variant.product, name="Pot").pk

    def with_pot(self, pot: Variant) -> dict[int, int]:
        return {self.pot: pot.pk}

    def left(self) -> tuple[int, int, int]:
        """How many bags of soil, small and large pots there are."""
        there = dict(Stock.objects.values_list("variant", "available"))
        return there[self.soil.pk], there[self.small.pk], there[self.large.pk]


def make(*, soil: int = 20, small: int = 5, large: int = 5, price: int = 6000, **changes) -> Kit:
    parts = [
        catalog.product(name=name, price=cents, left=left).variants.get()
        for name, cents, left in [("Soil", 900, soil), ("Small pot", 2000, small), ("Large pot", 3000, large)]
    ]
    bundle = catalog.bundle(("Soil", 2, parts[:1]), ("Pot", 1, parts[1:]), name="Kit", price=price, **changes)
    return Kit(bundle, *parts)


def put(into: Basket, kit: Kit, pot: Variant, *, quantity: int = 1, now: datetime) -> None:
    baskets.add(into, kit.variant.pk, quantity=quantity, currency="EUR", choices={kit.pot: pot.pk}, now=now)


def paid(gateway: Rehearsal, kit: Kit, pot: Variant, *, quantity: int = 1, now: datetime, **how) -> Order:
    """A paid order of so many kits, a guest's without a customer."""
    customer: User | None = how.get("customer")
    basket = orders.basket(now=now, customer=customer)
    put(basket, kit, pot, quantity=quantity, now=now)
    return orders.pay(gateway, orders.begin(basket, now=now, **how), now=now)
