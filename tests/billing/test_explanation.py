"""The arithmetic that an explanation prints comes out at the line, whoever computes it."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing import explanation, rules
from apps.billing.models import Invoice, InvoiceLine
from apps.core.money import Money, round_half_up

START = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
amounts = st.integers(0, 10**9)
rates = st.integers(0, 3_000)
counts = st.integers(1, 99)


def line(kind: str, amount: int, rate: int, inputs: dict) -> InvoiceLine:
    tax = rules.tax_in(amount, rate)
    return InvoiceLine(
        invoice=Invoice(currency="EUR"),
        kind=kind,
        quantity=1,
        unit_minor=amount,
        amount_minor=amount,
        tax_minor=tax,
        net_minor=amount - tax,
        tax_basis_points=rate,
        period_start=START,
        period_end=START + timedelta(days=30),
        inputs=inputs,
    )


@st.composite
def plans(draw) -> InvoiceLine:
    unit, quantity = draw(amounts), draw(counts)
    told = {"interval_unit": draw(st.sampled_from(["week", "month", "year"])), "interval_count": draw(counts)}
    inputs = {"unit_minor": unit, "quantity": quantity, **draw(st.sampled_from([{}, told]))}
    return line(draw(st.sampled_from(["plan", "add_on"])), unit * quantity, draw(rates), inputs)


@st.composite
def discounts(draw) -> InvoiceLine:
    base, off, percent = draw(amounts), draw(amounts), draw(st.integers(0, 10_000))
    if draw(st.booleans()):
        inputs = {"base_minor": base, "off_minor": off, "name": "Spring"}
        return line("discount", -min(base, off), draw(rates), inputs)
    amount = round_half_up(Fraction(base * percent, 10_000))
    return line("discount", -amount, draw(rates), {"base_minor": base, "percent_basis_points": percent})


@st.composite
def shares(draw) -> InvoiceLine:
    base, whole = draw(amounts), draw(st.sampled_from([30 * 86_400, 31 * 86_400 - 3_600, 365 * 86_400, 7]))
    left = draw(st.integers(0, whole))
    if draw(st.booleans()):
        left -= left % min(86_400, whole)
    kind = draw(st.sampled_from(["proration_charge", "proration_credit"]))
    amount = round_half_up(Fraction(base * left, whole)) * (1 if kind == "proration_charge" else -1)
    end = START + timedelta(seconds=whole)
    inputs = {"base_minor": base, "seconds_left": left, "seconds_whole": whole}
    inputs |= {"span_start": START.isoformat(), "span_end": end.isoformat()}
    return line(kind, amount, draw(rates), inputs)


def worked_out(formula: str) -> tuple[int, int]:
    """The left side of a printed formula, computed by its own signs, and the right side; in cents."""
    left, right = formula.rsplit(" = ", 1)
    left = left.replace("− €", "-€").replace("of €", "× €")
    capped = re.fullmatch(r"-(€\S+), at most (€\S+)", left)
    if capped:
        return -min(cents(capped[1]), cents(capped[2])), cents(right)
    if left.startswith("− "):
        left = "-" + left[2:]
    left = re.sub(r" (days?|seconds?)$", "", left).replace(" of ", " ÷ ").replace(" % ×", " ÷ 100 ×")
    first, *rest = re.split(r" ([×÷]) ", left)
    value = number(first)
    for sign, factor in zip(rest[::2], rest[1::2], strict=True):
        value = value * number(factor) if sign == "×" else value / number(factor)
    return round_half_up(value), cents(right)


def cents(text: str) -> int:
    return int(Decimal(text.replace("€", "").replace(",", "")) * 100)


def number(text: str) -> Fraction:
    return Fraction(cents(text)) if "€" in text else Fraction(text)


def tax_of(one: InvoiceLine) -> explanation.Explanation:
    [explained] = explanation.taxes_of(one.invoice, [one])
    return explained


@given(st.one_of(plans(), discounts(), shares()))
def test_the_printed_arithmetic_gives_the_line(one):
    explained = explanation.of(one)
    assert explained.agrees
    assert worked_out(explained.formula) == (one.amount_minor, one.amount_minor)
    assert all(label and value for label, value in explained.facts)


@given(st.one_of(plans(), discounts(), shares()))
def test_the_printed_arithmetic_gives_the_tax(one):
    explained = tax_of(one)
    assert explained.agrees
    assert worked_out(explained.formula) == (one.tax_minor, one.tax_minor)
    net = explanation.net_of(one)
    assert net.agrees
    assert net.formula == f"{one.amount} − {one.tax} = {one.net}"


@given(st.one_of(plans(), discounts(), shares()), st.integers(-5, 5).filter(bool))
def test_another_amount_does_not_agree(one, error):
    one.amount_minor += error
    assert not explanation.of(one).agrees
    assert not explanation.net_of(one).agrees
    one.amount_minor -= error
    one.tax_minor += error
    assert not tax_of(one).agrees


@given(total=amounts, data=st.data())
def test_what_is_left_to_pay_is_the_total_less_the_credit(total, data):
    used = data.draw(st.integers(0, total))
    invoice = Invoice(currency="EUR", total_minor=total, credit_applied_minor=used, due_minor=total - used)
    explained = explanation.due_of(invoice)
    assert explained.agrees
    assert explained.formula.endswith(f" = {Money(total - used, 'EUR')}")
    invoice.due_minor += 1
    assert not explanation.due_of(invoice).agrees


@pytest.mark.parametrize("kind", ["plan", "discount", "proration_charge", "proration_credit"])
@pytest.mark.parametrize("inputs", [{}, {"unit_minor": None, "quantity": 1, "base_minor": "x", "seconds_left": 1}])
def test_a_line_without_usable_inputs_is_shown_as_it_is(kind, inputs):
    explained = explanation.of(line(kind, 1200, 2200, inputs))
    assert explained == explanation.Explanation([], "€12.00", agrees=False)


def test_a_rate_with_a_part_is_written_in_full():
    assert tax_of(line("plan", 12550, 2550, {})).formula == "€125.50 × 25.5 ÷ 125.5 = €25.50"


def test_time_is_told_as_people_tell_it():
    inputs = {"base_minor": 100, "seconds_left": 93_784, "seconds_whole": 30 * 86_400}
    assert ("Time left then", "1 day 2 hours 3 minutes 4 seconds of 30 days") in explanation.of(
        line("proration_charge", 4, 0, inputs)
    ).facts
    inputs = {**inputs, "seconds_left": 0}
    assert ("Time left then", "nothing of 30 days") in explanation.of(line("proration_charge", 0, 0, inputs)).facts
