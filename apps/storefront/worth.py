"""What a membership is worth to this visitor: what it saves, when that pays for it, and the points of a purchase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from apps.catalog.models import ProductPrice
from apps.core.money import Money
from apps.loyalty import rules as points_rules
from apps.memberships.models import MEMBER_PRICES, Plan, Price

from .visitor import Standing


@dataclass(frozen=True, slots=True)
class PayBack:
    """With so many orders a month that save as much as this one, the membership costs nothing."""

    plan: Plan
    monthly: Money
    saving: Money
    orders: int


def pay_back(saving: Money | None, *, standing: Standing, now: datetime) -> PayBack | None:
    """How soon the cheapest membership with members' prices pays for itself, for a visitor whose order would save
    `saving` with it. One query.

    None for those who have members' prices already, where nothing is saved, and where no such plan is on sale by the
    month in the currency.
    """
    if saving is None or saving.minor <= 0 or standing.has_member_prices:
        return None
    paid = Price.objects.all().monthly_granting(MEMBER_PRICES, currency=saving.currency, now=now)
    price = paid.order_by("amount_minor", "-version").first()
    if price is None:
        return None
    return PayBack(price.plan, price.amount, saving, orders_needed(price.amount, saving))


def orders_needed(monthly: Money, saving: Money) -> int:
    """The orders a month that save at least what a month costs: the quotient, rounded up. Both in one currency; raises
    ValueError unless something is saved."""
    if saving.minor <= 0 or saving.currency != monthly.currency:
        raise ValueError("Something has to be saved, in the currency of the price")
    return -(-monthly.minor // saving.minor)


def average_saving(savings: list[Money]) -> Money | None:
    """What an order saved on average, rounded half up; None without an order. All in one currency."""
    if not savings:
        return None
    total = sum((saving.minor for saving in savings), 0)
    return Money(total, savings[0].currency).times(Fraction(1, len(savings)))


def points(price: ProductPrice | None, *, standing: Standing) -> int:
    """The points that a member earns with one piece at the price that they pay; 0 for other visitors."""
    if price is None or standing.plan is None or standing.points_per_unit is None:
        return 0
    paid = price.amount_for(member=standing.has_member_prices)
    return points_rules.points_for(paid, standing.plan.points_percent, points_per_unit=standing.points_per_unit)
