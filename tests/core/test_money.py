"""Money: integers, one rounding rule, splits that sum."""

from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apps.core.money import Money, exponent, round_half_up, split

amounts = st.integers(-(10**12), 10**12)


@given(total=amounts, weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_the_parts_of_a_split_sum_to_the_whole(total, weights):
    parts = split(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(total * weight, whole) - part) < 1
        assert part * total >= 0
        if weight == 0:
            assert part == 0


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_weights_that_make_no_sense_are_refused(weights):
    with pytest.raises(ValueError, match="Weights"):
        split(100, weights)


def test_the_first_wins_ties():
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(5, [1, 0, 1]) == [3, 0, 2]


@given(numerator=amounts, denominator=st.integers(1, 10**6))
def test_rounding_is_half_away_from_zero(numerator, denominator):
    value = Fraction(numerator, denominator)
    rounded = round_half_up(value)
    assert abs(rounded - value) <= Fraction(1, 2)
    assert round_half_up(-value) == -rounded
    if abs(value) % 1 == Fraction(1, 2):
        assert abs(rounded) > abs(value)


@given(a=amounts, b=amounts, factor=st.integers(-1000, 1000))
def test_money_adds_up(a, b, factor):
    one, other = Money(a, "EUR"), Money(b, "EUR")
    assert one + other - other == one
    assert -one == Money(-a, "EUR")
    assert (one * factor).minor == a * factor
    assert (one < other) == (a < b)
    assert (one <= other) == (a <= b)
    assert one.decimal == Decimal(a) / 100
    assert bool(one) == bool(a)


def test_currencies_do_not_mix():
    for act in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__):
        with pytest.raises(ValueError, match="mix"):
            act(Money(1, "EUR"), Money(1, "USD"))
    assert Money(1, "EUR") != Money(1, "USD")


@pytest.mark.parametrize(
    ("currency", "places", "shown"), [("JPY", 0, "¥1,234"), ("EUR", 2, "€12.34"), ("KWD", 3, "KWD1.234")]
)
def test_the_minor_unit_follows_iso_4217(currency, places, shown):
    assert exponent(currency) == places
    assert Money(1234, currency).decimal == Decimal(1234) / 10**places
    assert Money(1234, currency).format("en").replace("\xa0", " ") == shown


def test_people_read_money_in_their_language():
    price = Money(123456, "EUR")
    shown = {}
    for language in ("en", "it", "fr", "ro"):
        with translation.override(language):
            shown[language] = str(price).replace("\xa0", " ").replace("\u202f", " ")
    assert shown == {"en": "€1,234.56", "it": "1.234,56 €", "fr": "1 234,56 €", "ro": "1.234,56 EUR"}


def test_a_fraction_is_taken_once():
    assert Money(1000, "EUR").times(Fraction(1, 3)) == Money(333, "EUR")
    assert Money(1, "EUR").times(Fraction(1, 2)) == Money(1, "EUR")
    assert Money(-1, "EUR").times(Fraction(1, 2)) == Money(-1, "EUR")
