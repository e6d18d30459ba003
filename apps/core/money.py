"""Money in minor units. No floats, ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from babel.core import get_global
from babel.numbers import format_currency
from django.utils.translation import get_language, to_locale


def exponent(currency: str) -> int:
    """Decimal places of a currency by ISO 4217 (JPY 0, EUR 2, KWD 3), from the CLDR data that Babel carries."""
    table = get_global("currency_fractions")
    return int(table.get(currency, table["DEFAULT"])[0])


def round_half_up(value: Fraction) -> int:
    """Round to the nearest integer, halves away from zero: the one rounding rule of the shop."""
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return magnitude if value.numerator >= 0 else -magnitude


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` minor units by integer weights; parts sum to the whole (largest remainder, first wins ties).

    Raises ValueError when there is no positive weight or one is negative.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("Weights must be non-negative with a positive sum")
    sign = -1 if total < 0 else 1
    shares = [divmod(abs(total) * weight, whole) for weight in weights]
    parts = [quotient for quotient, _ in shares]
    left = abs(total) - sum(parts)
    for index in sorted(range(len(weights)), key=lambda i: -shares[i][1])[:left]:
        parts[index] += 1
    return [sign * part for part in parts]


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in the minor unit of its currency (ISO 4217 code, upper case)."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.minor * quantity, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return self.format()

    def times(self, fraction: Fraction) -> Money:
        """This amount by a fraction, rounded once, half up."""
        return Money(round_half_up(self.minor * fraction), self.currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def format(self, locale: str | None = None) -> str:
        """The amount as people of the locale write it; the active language when none is given."""
        return _written(self.minor, self.currency, to_locale(locale or get_language() or "en"))

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"Cannot mix {self.currency} and {other.currency}")
        return other.minor


@lru_cache(maxsize=4096)
def _written(minor: int, currency: str, locale: str) -> str:
    # A shop writes the same few prices over and over, and Babel takes a tenth of a millisecond for each.
    return format_currency(Money(minor, currency).decimal, currency, locale=locale)
