"""What a gift can be: how long, and how its code is read. No database, no clock."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import ngettext

from apps.core.periods import Interval, boundary
from apps.memberships.models.gifts import ALPHABET, CODE_LENGTH
from apps.memberships.rules import described

if TYPE_CHECKING:
    from apps.memberships.models import Price

# How many periods of a price can be given, by the unit of its interval.
LENGTHS = {"month": (1, 3, 6, 12), "year": (1,)}


def lengths(price: Price) -> tuple[int, ...]:
    """The numbers of periods that can be given of a price, one of the plan in each; none of a free one, of one with a
    term of its own, or where the plan is not for giving.

    Nor of a price without tax: who pays does not know yet what tax the one who redeems it has to bear."""
    has_term = price.term_periods is not None
    if price.is_free or has_term or not price.tax_included or price.interval_count != 1:
        return ()
    if not price.plan.gift_valid_days:
        return ()
    return LENGTHS.get(price.interval_unit, ())


def length(price: Price, periods: int) -> str:
    """How long so many periods are, in the active language: "3 months"."""
    if price.interval_unit == "year":
        return ngettext("%(n)d year", "%(n)d years", periods) % {"n": periods}
    return ngettext("%(n)d month", "%(n)d months", periods) % {"n": periods}


def describe(price: Price, periods: int) -> str:
    """What is given, in the active language: "Grove membership, 3 months"."""
    return described(price.plan, price.plan.name_i18n, length(price, periods))


def end_of(start: datetime, *, interval: Interval, periods: int, zone: str) -> datetime:
    """When so many periods from `start` (UTC) are over, where the recipient lives."""
    return boundary(start, periods, interval, zone)


def read_code(text: str) -> str:
    """A code as it was typed, in small letters, with spaces or dashes, or empty when it can be none."""
    plain = "".join(sign for sign in text.upper() if not sign.isspace() and sign != "-")
    return plain if len(plain) == CODE_LENGTH and set(plain) <= set(ALPHABET) else ""
