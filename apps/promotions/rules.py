"""The arithmetic of discounts. No database, no clock."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

from apps.core.money import round_half_up

WHOLE = 10_000  # basis points


class Terms(Protocol):
    """What a discount is computed from."""

    percent_basis_points: int | None
    amount_minor: int | None
    currency: str | None


def discount(amount_minor: int, promotion: Terms) -> int:
    """The discount on an amount, in minor units: 0 <= discount <= amount.

    A percentage is rounded half up once; an amount never takes more than the price. Raises ValueError for a negative
    amount. An amount discount is meant for prices of its own currency: ask `applies` first.
    """
    if amount_minor < 0:
        raise ValueError("A discount is taken from an amount that is not negative")
    if promotion.percent_basis_points is not None:
        return round_half_up(Fraction(amount_minor * promotion.percent_basis_points, WHOLE))
    return min(amount_minor, promotion.amount_minor or 0)


def applies(promotion: Terms, currency: str) -> bool:
    """Whether the discount can be taken from a price of this currency."""
    return promotion.currency is None or promotion.currency == currency
