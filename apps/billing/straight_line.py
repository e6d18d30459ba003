"""The arithmetic of deferred revenue. No ORM, no clock; amounts are net, in minor units, with the sign of the line.

A membership is served evenly while it lasts, so its price is earned evenly over its period: over time, straight line,
by the second (IFRS 15, 35(a), 39-41 and B18; ASC 606-10-25-27(a), 25-31 and 55-20). The second is the unit in which the
shop prorates a change of plan, so that what a credit line gives back is exactly what would have been earned after it.

Each month takes its share of what is left, and the last one takes the rest: parts sum to the whole, and money that a
refund takes out in between lowers the months to come, not those in the books.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from apps.core.money import round_half_up

_TICK = timedelta(microseconds=1)


def part(left_minor: int, *, since: datetime, until: datetime, upto: datetime) -> int:
    """What is earned from `since` up to `upto` of what is left until the service ends; all of it when it has ended."""
    if until <= upto:
        return left_minor
    return _share(left_minor, upto - since, until - since)


def unearned(left_minor: int, *, since: datetime, until: datetime, now: datetime) -> int:
    """What is not earned yet at `now` of what is left: the share of the time to come."""
    if until <= now:
        return 0
    if now <= since:
        return left_minor
    return _share(left_minor, until - now, until - since)


def spread(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount by weights that may have either sign but sum to more than zero; parts sum to the amount.

    A part never goes further than its weight as long as the amount does not go further than their sum. Raises
    ValueError when the weights do not sum to more than zero.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("The weights must sum to more than zero")
    parts, upto, given = [], 0, 0
    for weight in weights:
        upto += weight
        given_upto = round_half_up(Fraction(amount_minor * upto, whole))
        parts.append(given_upto - given)
        given = given_upto
    return parts


def _share(amount_minor: int, span: timedelta, whole: timedelta) -> int:
    return round_half_up(Fraction(amount_minor * (span // _TICK), whole // _TICK))
