"""What a membership is worth to this visitor: what it saves, when that pays for it, and the points of a purchase."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from apps.catalog.models import ProductPrice
from apps.core.money import Money
from apps.loyalty import rules as points_rules
from apps.memberships.models import Plan, Price
from apps.orders.savings import Savings

from .visitor import Perks


@dataclass(frozen=True, slots=True)
class PayBack:
    """The cheapest membership with members' prices, and when it costs nothing: with so many `orders` a month that save
    what this one does, `saving` in all.

    `with_basket` says that the saving is also that on what is in the basket. `past` is how many orders of the last
    months the visitor made, and `average` what they would have saved each, at the prices of today; None without any.
    """

    plan: Plan
    monthly: Money
    saving: Money
    with_basket: bool = False
    past: int = 0
    average: Money | None = None

    @property
    def orders(self) -> int:
        """How many orders like this one pay for a month."""
        return orders_needed(self.monthly, self.saving)

    @property
    def orders_like_past(self) -> int | None:
        """How many orders like the past ones pay for a month; None where those saved nothing."""
        return orders_needed(self.monthly, self.average) if self.average else None


def pay_back(saving: Money, price: Price | None) -> PayBack | None:
    """How soon a membership for this price of a month pays for itself, for a visitor whose order would save `saving`
    with it. None where nothing is saved, and without a price."""
    if price is None or saving.minor <= 0:
        return None
    return PayBack(price.plan, price.amount, saving)


def with_basket(general: PayBack, savings: Savings) -> PayBack | None:
    """What is true of everybody in front of a product, with what is in this visitor's basket. None for whoever has a
    membership in the basket: its prices are theirs already."""
    if savings.has_membership:
        return None
    return replace(general, saving=general.saving + savings.in_basket, with_basket=bool(savings.in_basket))


def with_orders(general: PayBack, savings: Savings) -> PayBack:
    """The same with what this visitor bought before."""
    average = average_saving(savings.on_orders, orders=savings.orders)
    return replace(general, past=savings.orders, average=average)


def orders_needed(monthly: Money, saving: Money) -> int:
    """The orders a month that save at least what a month costs: the quotient, rounded up. Both in one currency; raises
    ValueError unless something is saved."""
    if saving.minor <= 0 or saving.currency != monthly.currency:
        raise ValueError("Something has to be saved, in the currency of the price")
    return -(-monthly.minor // saving.minor)


def average_saving(together: Money, *, orders: int) -> Money | None:
    """What each of so many orders saved on average, rounded half up; None without an order."""
    return together.times(Fraction(1, orders)) if orders else None


def points(price: ProductPrice | None, *, perks: Perks) -> int:
    """The points that a member earns with one piece at the price that they pay; 0 for other visitors."""
    if price is None or perks.plan is None:
        return 0
    paid = price.amount_for(member=perks.has_member_prices)
    return points_rules.points_for(paid, perks.plan.points_percent, points_per_unit=perks.points_per_unit)
