"""The arithmetic of tax: parts sum to the whole, inclusive prices stay, credits undo charges."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.models import TaxRounding, TaxTreatment
from apps.billing.taxation import Taxation, tax_of

LINE, DOCUMENT = TaxRounding.LINE, TaxRounding.DOCUMENT


@dataclass(frozen=True)
class Line:
    amount_minor: int
    tax_basis_points: int = 2200
    tax_included: bool = True
    charged_tax_minor: int | None = None


def exact(line: Line) -> Fraction:
    rate = line.tax_basis_points
    return Fraction(line.amount_minor * rate, 10_000 + rate if line.tax_included else 10_000)


def opposite(line: Line) -> Line:
    return Line(-line.amount_minor, line.tax_basis_points, line.tax_included)


LINES = st.lists(
    st.builds(
        Line, st.integers(-5_000_000, 5_000_000), st.sampled_from([0, 400, 1000, 2200, 2550, 10_000]), st.booleans()
    ),
    min_size=1,
    max_size=12,
)
HOW = st.builds(Taxation, rounding=st.sampled_from(TaxRounding))


@given(lines=LINES, how=HOW)
def test_the_lines_sum_to_the_document_and_prices_with_tax_stay(lines, how):
    settled = how.settle(lines)
    assert settled.net_minor + settled.tax_minor == settled.total_minor
    assert sum(settled.shown_minor) == (settled.net_minor if settled.adds_tax else settled.total_minor)
    for line, result in zip(lines, settled.lines, strict=True):
        assert (result.amount_minor if line.tax_included else result.net_minor) == line.amount_minor
        assert result.basis_points == line.tax_basis_points


@given(lines=LINES)
def test_by_line_each_tax_is_the_nearest(lines):
    for line, tax in zip(lines, tax_of(lines, rounding=LINE), strict=True):
        assert abs(tax - exact(line)) <= Fraction(1, 2)


@given(lines=LINES)
def test_by_document_each_rate_is_the_nearest_and_no_line_is_far_off(lines):
    taxes = tax_of(lines, rounding=DOCUMENT)
    for rate in {line.tax_basis_points for line in lines}:
        same = [index for index, line in enumerate(lines) if line.tax_basis_points == rate]
        whole = sum(exact(lines[index]) for index in same)
        assert abs(sum(taxes[index] for index in same) - whole) <= Fraction(1, 2)
        for index in same:
            assert abs(taxes[index] - exact(lines[index])) <= Fraction(len(same) + 2, 2)


@given(lines=LINES)
def test_the_two_roundings_differ_by_half_a_unit_a_line_and_rate_at_most(lines):
    rates = {line.tax_basis_points for line in lines}
    difference = sum(tax_of(lines, rounding=DOCUMENT)) - sum(tax_of(lines, rounding=LINE))
    assert abs(difference) <= Fraction(len(lines) + len(rates), 2)


@given(lines=LINES, how=HOW, treatment=st.sampled_from(TaxTreatment))
def test_a_credit_undoes_its_charge_line_by_line(lines, how, treatment):
    how = Taxation(rounding=how.rounding, treatment=treatment)
    charge, credit = how.settle(lines), how.settle([opposite(line) for line in lines])
    for there, back in zip(charge.lines, credit.lines, strict=True):
        assert (there.net_minor, there.tax_minor) == (-back.net_minor, -back.tax_minor)


@given(lines=LINES, how=HOW)
def test_who_accounts_for_the_tax_pays_what_others_pay_without_it(lines, how):
    taxed = how.settle(lines)
    relieved = Taxation(rounding=how.rounding, treatment=TaxTreatment.REVERSE_CHARGE).settle(lines)
    assert relieved.total_minor == relieved.net_minor == taxed.net_minor
    assert relieved.tax_minor == 0
    for line, theirs, ours in zip(lines, taxed.lines, relieved.lines, strict=True):
        assert (ours.amount_minor, ours.tax_minor, ours.basis_points) == (theirs.net_minor, 0, 0)
        assert ours.relieved_minor == (theirs.tax_minor if line.tax_included else 0)


@given(lines=LINES, how=HOW, gross=st.integers(0, 100_000), data=st.data())
def test_what_gives_back_keeps_the_tax_that_was_charged_whatever_is_beside_it(lines, how, gross, data):
    tax = data.draw(st.integers(0, gross))
    back = Line(-gross, 2200, charged_tax_minor=-tax)
    for treatment in TaxTreatment:
        settled = Taxation(rounding=how.rounding, treatment=treatment).settle([back, *lines])
        assert (settled.lines[0].amount_minor, settled.lines[0].tax_minor) == (-gross, -tax)
        alone = Taxation(rounding=how.rounding, treatment=treatment).settle(lines)
        assert settled.lines[1:] == alone.lines


@pytest.mark.parametrize(
    ("lines", "by_line", "by_document"),
    [
        # Three times 0.33 at 22 %: 0.0726 each is 0.07; 0.2178 together is 0.22.
        ([Line(33, tax_included=False)] * 3, [7, 7, 7], [8, 7, 7]),
        # 10.05 at 10 %, three times: 1.005 is 1.01 each; 3.015 is 3.02, one less than the lines make.
        ([Line(1005, 1000, False)] * 3, [101, 101, 101], [100, 101, 101]),
        # With tax inside: 9.99 at 22 % contains 1.8015; three contain 5.4044.
        ([Line(999)] * 3, [180, 180, 180], [180, 180, 180]),
        # 18.57 each; 74.30 together.
        ([Line(103)] * 4, [19, 19, 19, 19], [18, 18, 19, 19]),
        # A discount beside its price, and two rates.
        ([Line(2900), Line(-725), Line(500, 400)], [523, -131, 19], [523, -131, 19]),
    ],
)
def test_examples(lines, by_line, by_document):
    assert tax_of(lines, rounding=LINE) == by_line
    assert tax_of(lines, rounding=DOCUMENT) == by_document
