"""The arithmetic of points. No database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from apps.core.money import Money, exponent, round_half_up

MINOR_UNITS_PER_POINT = 1
"""What one point is worth when it is redeemed: one cent, in euro and in dollars."""

DEFAULT_POINTS_PER_UNIT = 5
"""Points for each whole euro or dollar paid, at the ordinary rate, until staff set a rule."""

DEFAULT_LIFETIME_DAYS = 730


def points_for(amount: Money, multiplier_percent: int, *, points_per_unit: int = DEFAULT_POINTS_PER_UNIT) -> int:
    """Points earned on an amount paid: whole units x points per unit x multiplier (100 is x1), rounded half up once.

    An amount of nothing, or less, earns nothing.
    """
    if amount.minor <= 0:
        return 0
    units = Fraction(amount.minor, 10 ** exponent(amount.currency))
    return round_half_up(units * points_per_unit * Fraction(multiplier_percent, 100))


def value_of(points: int, currency: str) -> Money:
    """What points are worth when they are redeemed in a currency."""
    return Money(points * MINOR_UNITS_PER_POINT, currency)


def take(remaining: Sequence[int], points: int) -> list[int]:
    """How many points to take from each lot, in order, to reach `points`.

    Raises ValueError when the lots hold fewer.
    """
    taken = []
    for held in remaining:
        part = min(held, points)
        taken.append(part)
        points -= part
    if points > 0:
        raise ValueError("The lots hold fewer points")
    return taken
