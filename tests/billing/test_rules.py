"""The arithmetic of the books."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing import rules
from apps.billing.rules import Act, Step

MINOR = st.integers(-10_000_000, 10_000_000)
RATE = st.integers(0, 10_000)
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("gross", "rate", "tax"),
    [
        (2900, 2200, 523),  # 29.00 at 22 %: 5.2295
        (1220, 2200, 220),
        (1, 2200, 0),
        (3, 2200, 1),  # 0.541
        (2550, 2550, 518),  # 25.50 at 25.5 %: 5.1813
        (2900, 0, 0),
        (-2900, 2200, -523),
    ],
)
def test_tax_inside_a_price(gross, rate, tax):
    assert rules.tax_in(gross, rate) == tax


@given(gross=MINOR, rate=RATE)
def test_tax_is_the_nearest_to_the_exact_share_and_a_credit_undoes_its_charge(gross, rate):
    tax = rules.tax_in(gross, rate)
    assert abs(tax - Fraction(gross * rate, 10_000 + rate)) <= Fraction(1, 2)
    assert rules.tax_in(-gross, rate) == -tax
    assert abs(tax) <= abs(gross)


@given(base=st.integers(0, 1_000_000), whole=st.integers(1, 40_000_000), data=st.data())
def test_the_used_and_the_unused_part_of_a_period_are_the_whole_within_one_minor_unit(base, whole, data):
    left = data.draw(st.integers(0, whole))
    unused = rules.prorated(base, seconds_left=left, seconds_whole=whole)
    used = rules.prorated(base, seconds_left=whole - left, seconds_whole=whole)
    assert 0 <= unused <= base
    assert used + unused - base in {0, 1}


@pytest.mark.parametrize(("left", "whole"), [(-1, 10), (11, 10), (0, 0)])
def test_time_outside_the_period_is_refused(left, whole):
    with pytest.raises(ValueError, match="within the period"):
        rules.prorated(100, seconds_left=left, seconds_whole=whole)


@pytest.mark.parametrize(
    ("kind", "inputs", "amount"),
    [
        ("plan", {"unit_minor": 2900, "quantity": 1}, 2900),
        ("add_on", {"unit_minor": 500, "quantity": 3}, 1500),
        ("proration_charge", {"base_minor": 4900, "seconds_left": 1_000_000, "seconds_whole": 2_678_400}, 1829),
        ("proration_credit", {"base_minor": 2900, "seconds_left": 1_000_000, "seconds_whole": 2_678_400}, -1083),
        ("discount", {"base_minor": 2900, "percent_basis_points": 2500}, -725),
        ("discount", {"base_minor": 2900, "percent_basis_points": 0, "off_minor": 7}, 0),
        ("discount", {"base_minor": 2900, "off_minor": 500}, -500),
        ("discount", {"base_minor": 300, "off_minor": 500}, -300),
    ],
)
def test_a_line_is_computed_again_from_its_inputs(kind, inputs, amount):
    assert rules.recompute(kind, inputs) == amount


@pytest.mark.parametrize(
    ("kind", "inputs"), [("plan", {"unit_minor": 1}), ("proration_credit", {"base_minor": 1}), ("discount", {})]
)
def test_inputs_that_do_not_say_how_are_refused(kind, inputs):
    with pytest.raises(rules.CannotRecompute, match=kind):
        rules.recompute(kind, inputs)


@st.composite
def lines_to_credit(draw):
    """The (gross, tax) of lines that sum to more than zero; tax as computed from a rate."""
    amounts = draw(st.lists(st.integers(-100_000, 100_000), min_size=1, max_size=6).filter(lambda rows: sum(rows) > 0))
    rates = draw(st.lists(st.integers(0, 2700), min_size=len(amounts), max_size=len(amounts)))
    return [(gross, rules.tax_in(gross, rate)) for gross, rate in zip(amounts, rates, strict=True)]


@given(lines=lines_to_credit(), wanted=st.lists(st.integers(1, 100_000), max_size=5))
def test_parts_credited_one_after_the_other_take_back_exactly_the_invoice(lines, wanted):
    left = list(lines)
    while whole := sum(gross for gross, _tax in left):
        amount = min(wanted.pop(), whole) if wanted else whole
        parts = rules.credit_shares(amount, left)
        assert sum(gross for gross, _tax in parts) == amount
        for (part, part_tax), (gross, tax) in zip(parts, left, strict=True):
            assert min(0, gross) <= part <= max(0, gross)
            assert min(0, tax) <= part_tax <= max(0, tax)
        left = [(gross - part, tax - part_tax) for (gross, tax), (part, part_tax) in zip(left, parts, strict=True)]
    assert all(pair == (0, 0) for pair in left)


def test_a_credit_is_shared_by_line_with_the_tax_of_each():
    lines = [(2900, 523), (-725, -131), (1500, 0)]
    assert rules.credit_shares(3675, lines) == lines
    assert rules.credit_shares(1000, lines) == [(789, 142), (-197, -36), (408, 0)]


@pytest.mark.parametrize("amount", [0, -1, 2901])
def test_more_than_is_left_or_nothing_is_not_credited(amount):
    with pytest.raises(ValueError, match="2900 is left"):
        rules.credit_shares(amount, [(2900, 523)])


def test_the_steps_of_the_standard_policy():
    assert rules.schedule([1, 3, 5, 7], [6], 3) == [
        Step(1, Act.RETRY),
        Step(3, Act.RETRY),
        Step(5, Act.RETRY),
        Step(6, Act.REMINDER),
        Step(7, Act.RETRY),
        Step(7, Act.FINAL_NOTICE),
        Step(10, Act.END),
    ]


def test_without_grace_the_end_comes_after_the_notice_of_the_same_day():
    assert [step.act for step in rules.schedule([2], [2], 0)] == [Act.REMINDER, Act.RETRY, Act.FINAL_NOTICE, Act.END]


@pytest.mark.parametrize(
    ("retry", "mails", "grace", "wrong"),
    [
        ([1, 3], [2], 3, []),
        ([], [], 3, ["retry_days"]),
        ([3, 1], [], 3, ["retry_days"]),
        ([1, 1], [], 3, ["retry_days"]),
        ([0], [], 3, ["retry_days"]),
        ("1,3", [], 3, ["retry_days"]),
        ([1, True], [], 3, ["retry_days"]),
        ([1, 3], [4], 3, ["mail_days"]),
        ([1, 3], ["2"], 61, ["mail_days", "grace_days"]),
    ],
)
def test_what_is_wrong_with_a_policy(retry, mails, grace, wrong):
    assert rules.check_policy(retry, mails, grace) == wrong


def test_the_gateway_is_asked_soon_and_then_ever_more_rarely():
    def wait(age):
        return rules.next_check(NOW, NOW - age) - NOW

    assert wait(timedelta()) == timedelta(seconds=10)
    assert wait(timedelta(hours=-1)) == timedelta(seconds=10)
    assert wait(timedelta(minutes=10)) == timedelta(minutes=5)
    assert wait(timedelta(days=9)) == timedelta(hours=6)
