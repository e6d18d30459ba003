"""Which way a change goes, and by what measure: the price per day."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.periods import Interval, Unit
from apps.memberships import rules
from apps.memberships.models import Rhythm, intervals
from apps.memberships.rules import Direction
from tests.memberships.test_quotes import FakePrice

WEEK, MONTH, YEAR = Interval(Unit.WEEK), Interval(Unit.MONTH), Interval(Unit.YEAR)
QUARTER, FORTNIGHT, YEAR_OF_WEEKS = Interval(Unit.MONTH, 3), Interval(Unit.WEEK, 2), Interval(Unit.WEEK, 52)
UP, DOWN, SAME = Direction.UP, Direction.DOWN, Direction.SAME

some_interval = st.builds(Interval, st.sampled_from(list(Unit)), st.integers(1, 12))
some_price = st.builds(
    FakePrice,
    pk=st.integers(1, 10**6),
    amount_minor=st.integers(1, 10**6),
    plan_id=st.integers(1, 3),
    rank=st.integers(1, 4),
    interval=some_interval,
)


def price(amount: int, interval: Interval, *, plan: int = 1) -> FakePrice:
    return FakePrice(amount * 1000 + plan, amount, plan_id=plan, rank=plan, interval=interval)


@pytest.mark.parametrize(
    ("old", "new", "way"),
    [
        # Ten a week is more than forty a month: 43.48.
        (price(4000, MONTH), price(1000, WEEK, plan=2), DOWN),  # a shorter interval waits all the same
        (price(1000, WEEK), price(4400, MONTH, plan=2), UP),
        (price(1000, WEEK), price(4300, MONTH, plan=2), DOWN),
        # 52 weeks are a day and a bit shorter than a year: at one amount they cost more a day.
        (price(52_000, YEAR_OF_WEEKS), price(52_000, YEAR, plan=2), DOWN),
        (price(52_000, YEAR_OF_WEEKS), price(52_200, YEAR, plan=2), UP),
        (price(52_000, YEAR), price(52_000, YEAR_OF_WEEKS, plan=2), DOWN),
        (price(1200, MONTH), price(3300, QUARTER), UP),
        (price(3300, QUARTER), price(1200, MONTH), DOWN),
        (price(3300, QUARTER), price(12_000, YEAR), UP),
        (price(500, FORTNIGHT), price(1000, Interval(Unit.WEEK, 4), plan=2), UP),  # as dear a day, of higher rank
        (price(500, FORTNIGHT, plan=2), price(1000, Interval(Unit.WEEK, 4)), DOWN),
        (price(1200, MONTH), price(1200, MONTH), SAME),
    ],
)
def test_the_price_per_day_decides(old, new, way):
    assert rules.direction(old, new) == way


@pytest.mark.parametrize(("held", "wanted", "way"), [(1, 2, UP), (3, 2, DOWN), (2, 2, SAME)])
def test_more_of_one_price_is_up(held, wanted, way):
    monthly = price(1200, MONTH)
    assert rules.direction(monthly, monthly, held=held, wanted=wanted) == way


@pytest.mark.parametrize("which", ["old", "new", "both"])
def test_what_sends_goods_never_changes_within_a_period(which):
    small, large = price(2900, MONTH), price(4900, MONTH, plan=2)
    if which != "new":
        small = replace(small, sends_goods=True)
    if which != "old":
        large = replace(large, sends_goods=True)
    assert rules.direction(small, large) == DOWN
    assert rules.direction(large, small) == DOWN


def test_more_parcels_or_a_longer_interval_wait_too():
    monthly, quarterly = (replace(price(*each), sends_goods=True) for each in ((2900, MONTH), (8700, QUARTER)))
    assert rules.direction(monthly, quarterly) == DOWN
    assert [rules.direction(monthly, monthly, held=1, wanted=wanted) for wanted in (1, 2)] == [SAME, DOWN]


def test_the_same_plan_at_a_longer_interval_with_fewer_is_judged_by_what_it_costs():
    monthly, yearly = price(1200, MONTH), price(12_000, YEAR)
    assert rules.direction(monthly, yearly, held=3, wanted=3) == UP
    assert rules.direction(monthly, yearly, held=3, wanted=1) == DOWN


@given(old=some_price, new=some_price, held=st.integers(1, 5), wanted=st.integers(1, 5))
def test_a_change_and_its_reverse_never_both_go_up(old, new, held, wanted):
    there = rules.direction(old, new, held=held, wanted=wanted)
    back = rules.direction(new, old, held=wanted, wanted=held)
    assert not there == back == UP
    if there == UP and old.plan_id != new.plan_id:
        assert new.per_day * wanted >= old.per_day * held
        assert new.interval.days_per_interval >= old.interval.days_per_interval


def test_days_of_an_interval():
    assert WEEK.days_per_interval == 7
    assert YEAR.days_per_interval == Fraction(146_097, 400) == 12 * MONTH.days_per_interval
    assert QUARTER.days_per_interval == YEAR.days_per_interval / 4


@given(interval=some_interval, term=st.none() | st.integers(1, 120))
def test_a_rhythm_in_an_address_and_back(interval, term):
    assert intervals.rhythm_of(Rhythm(interval, term).code) == (interval, term)


@pytest.mark.parametrize(
    "code", ["", "day", "0-month", "month-for-0", "-1-month", "1000-month", "month-for", "Month", "³-month"]
)
def test_nonsense_names_no_rhythm(code):
    with pytest.raises(ValueError, match="names no billing interval"):
        intervals.rhythm_of(code)


@pytest.mark.parametrize(
    ("interval", "per", "every", "often", "length"),
    [
        (WEEK, "a week", "every week", "Weekly", "one week"),
        (FORTNIGHT, "every 2 weeks", "every 2 weeks", "Every 2 weeks", "2 weeks"),
        (MONTH, "a month", "every month", "Monthly", "one month"),
        (QUARTER, "every 3 months", "every 3 months", "Quarterly", "3 months"),
        (YEAR, "a year", "every year", "Yearly", "one year"),
        (Interval(Unit.YEAR, 2), "every 2 years", "every 2 years", "Every 2 years", "2 years"),
    ],
)
def test_intervals_in_words(interval, per, every, often, length):
    said = (intervals.per(interval), intervals.every(interval), intervals.often(interval), intervals.length(interval))
    assert said == (per, every, often, length)
