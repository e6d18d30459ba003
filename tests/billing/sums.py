"""Laws of the money arithmetic: whatever is prorated, discounted, taxed, given back or earned, parts sum to the whole.

Each law draws one case, carries it through the shop's real rules and raises AssertionError where a minor unit was lost
or made. A case is drawn by `Dice`, fast and repeatable by its seed, or by Hypothesis, which finds the smallest failure.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

from apps.billing import rules as billing
from apps.billing import straight_line
from apps.billing.drafts import LineDraft
from apps.billing.models import TaxRounding, TaxTreatment
from apps.billing.months import Month
from apps.billing.taxation import Settlement, Taxation
from apps.core.money import split
from apps.core.periods import Period
from apps.memberships import rules
from apps.memberships.models import Plan, Price
from apps.promotions.models import Promotion

# The largest price in each currency, as a power of ten of its minor unit: yen have none, dinars a thousand.
LARGEST = {"JPY": 7, "EUR": 8, "KWD": 9}
RATES = [0, 400, 550, 800, 900, 1000, 1900, 2000, 2200, 2550, 2700]
PLANS = [Plan(slug="grove", name="Grove", rank=1), Plan(slug="estate", name="Estate", rank=3)]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
YEARS = 4 * 366 * 86_400  # seconds


class Draw(Protocol):
    """Where a case comes from."""

    def integer(self, low: int, high: int) -> int:
        """One of low..high, both included."""
        ...

    def pick[T](self, options: Sequence[T]) -> T: ...


class Dice:
    """Cases by chance, the same ones from the same seed."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.integer, self.pick = chance.randint, chance.choice


def taxes_sum(draw: Draw) -> None:
    """Lines and their tax sum to the document; credited in any parts and earned over any months, all of it is."""
    currency, taxation = draw.pick(list(LARGEST)), _taxation(draw)
    lines = [_line(draw, currency) for _line_number in range(draw.integer(1, 5))]
    settlement = taxation.settle(lines)
    _check_document(lines, taxation, settlement)
    _check_credits(draw, settlement)
    for line in settlement.lines:
        _check_months(draw, line.net_minor)


def discounts_sum(draw: Draw) -> None:
    """A discount lies between nothing and the price; price, discount and tax sum; over several lines it is kept."""
    currency, taxation = draw.pick(list(LARGEST)), _taxation(draw)
    price, promotion, quantity = _price(draw, currency), _promotion(draw, currency), draw.integer(1, 12)
    full, off = price.amount_minor * quantity, rules.discount(price, promotion, quantity=quantity)
    assert 0 <= off <= full
    lines = rules.price_lines(price, promotion=promotion, tax_basis_points=_rate(draw), quantity=quantity)
    assert [line.amount_minor for line in lines] == ([full, -off] if off else [full])
    assert sum(line.amount_minor for line in lines) == rules.discounted(price, promotion, quantity=quantity) >= 0
    settlement = taxation.settle(lines)
    _check_document(lines, taxation, settlement)
    assert min(settlement.total_minor, settlement.net_minor, settlement.tax_minor) >= 0
    _check_credits(draw, settlement)
    parcels = [_amount(draw, currency) for _parcel in range(draw.integer(1, 5))]
    shared = split(min(off, sum(parcels)), parcels)
    assert sum(shared) == min(off, sum(parcels))
    assert all(0 <= part <= parcel for part, parcel in zip(shared, parcels, strict=True))


def prorations_sum(draw: Draw) -> None:
    """A period cut by changes of plan: what was used and what was given back of each piece is what was paid for it, and
    all that was used is all that was taken."""
    currency, taxation, rate = draw.pick(list(LARGEST)), _taxation(draw), _rate(draw)
    span, promotion = _span(draw), draw.pick([None, _promotion(draw, currency)])
    price, quantity = _price(draw, currency), draw.integer(1, 4)
    lines = rules.price_lines(price, promotion=promotion, tax_basis_points=rate, quantity=quantity)
    first = taxation.settle(lines)
    taken, taken_tax, used, used_tax = first.total_minor, first.tax_minor, 0, 0
    paid, paid_tax = taken, taken_tax
    for cut in _cuts(draw, span):
        credit = rules.credit_line(
            price, paid_minor=paid, paid_tax_minor=paid_tax, span=span, now=cut, tax_basis_points=rate
        )
        price, quantity = _price(draw, currency), draw.integer(1, 4)
        charge = rules.charge_line(
            price, promotion=promotion, span=span, now=cut, tax_basis_points=rate, quantity=quantity
        )
        settlement = taxation.settle([credit, charge])
        back, charged = settlement.lines
        _check_credit(draw, credit, paid=paid, paid_tax=paid_tax, span=span, cut=cut)
        assert (back.amount_minor, back.tax_minor) == (credit.amount_minor, credit.charged_tax_minor)
        assert 0 <= paid - paid_tax + back.net_minor <= paid - paid_tax
        used, used_tax = used + paid + back.amount_minor, used_tax + paid_tax + back.tax_minor
        taken, taken_tax = taken + settlement.total_minor, taken_tax + settlement.tax_minor
        paid, paid_tax = charged.amount_minor, charged.tax_minor
        span = Period(0, cut, span.end)
    assert (used + paid, used_tax + paid_tax) == (taken, taken_tax)


LAWS = [taxes_sum, discounts_sum, prorations_sum]


def _check_document(lines: Sequence[LineDraft], taxation: Taxation, settlement: Settlement) -> None:
    for line, settled in zip(lines, settlement.lines, strict=True):
        assert settled.net_minor + settled.tax_minor == settled.amount_minor
        if line.charged_tax_minor is not None:
            assert (settled.amount_minor, settled.tax_minor) == (line.amount_minor, line.charged_tax_minor)
        elif line.tax_included:
            assert settled.amount_minor + settled.relieved_minor == line.amount_minor
        else:
            assert settled.net_minor == line.amount_minor
    assert settlement.net_minor + settlement.tax_minor == settlement.total_minor
    assert sum(settlement.shown_minor) == (settlement.net_minor if settlement.adds_tax else settlement.total_minor)
    _check_rounding(lines, taxation, settlement)


def _check_rounding(lines: Sequence[LineDraft], taxation: Taxation, settlement: Settlement) -> None:
    """Each line, or each rate of the document, has the tax nearest to the exact one."""
    by_document = taxation.rounding == TaxRounding.DOCUMENT
    computed = [pair for pair in zip(lines, settlement.lines, strict=True) if pair[0].charged_tax_minor is None]
    if taxation.is_reverse_charge and by_document and len({line.tax_included for line, _settled in computed}) > 1:
        return  # only what contains tax is relieved of it, so the relief alone is no sum that is rounded
    groups: dict[int, list[tuple[Fraction, int]]] = {}
    for number, (line, settled) in enumerate(computed):
        rate = line.tax_basis_points
        exact = Fraction(line.amount_minor * rate, billing.WHOLE + (rate if line.tax_included else 0))
        if taxation.is_reverse_charge:
            assert settled.tax_minor == 0
        if line.tax_included or not taxation.is_reverse_charge:
            tax = settled.tax_minor + settled.relieved_minor
            groups.setdefault(rate if by_document else number, []).append((exact, tax))
    for parts in groups.values():
        assert abs(sum(exact for exact, _tax in parts) - sum(tax for _exact, tax in parts)) <= Fraction(1, 2)


def _check_credits(draw: Draw, settlement: Settlement) -> None:
    """Refunds of any sizes, the last of what is left: by line and in all, gross and tax come back to the unit."""
    left = [(line.amount_minor, line.tax_minor) for line in settlement.lines]
    while (whole := sum(gross for gross, _tax in left)) > 0:
        amount = draw.pick([whole, draw.integer(1, whole)])
        parts = billing.credit_shares(amount, left)
        assert sum(gross for gross, _tax in parts) == amount
        for (gross, tax), (had, had_tax) in zip(parts, left, strict=True):
            assert min(had, 0) <= gross <= max(had, 0)
            assert min(had_tax, 0) <= tax <= max(had_tax, 0)
        left = [(had - gross, had_tax - tax) for (gross, tax), (had, had_tax) in zip(parts, left, strict=True)]
        if amount == whole:
            assert left == [(0, 0)] * len(left)


def _check_months(draw: Draw, net: int) -> None:
    """Earned month by month, a line is earned to the unit, and never in the other direction."""
    span = _span(draw)
    left, since, month = net, span.start, Month.of(span.start)
    while since < span.end:
        part = straight_line.part(left, since=since, until=span.end, upto=month.end)
        assert abs(part) + abs(left - part) == abs(left)
        served = min(month.end, span.end) - since
        assert abs(left * Fraction(served // SECOND, (span.end - since) // SECOND) - part) <= Fraction(1, 2)
        left, since, month = left - part, month.end, month.next
    assert left == 0


def _check_credit(draw: Draw, credit: LineDraft, *, paid: int, paid_tax: int, span: Period, cut: datetime) -> None:
    """What is given back is the unused share of what was paid, never more, and later never more than sooner."""
    assert credit.charged_tax_minor is not None
    back, back_tax = -credit.amount_minor, -credit.charged_tax_minor
    assert 0 <= back <= paid
    assert 0 <= back_tax <= paid_tax
    assert abs(paid * span.remaining(cut) - back) <= Fraction(1, 2)
    assert billing.recompute(credit.kind, credit.inputs) == credit.amount_minor
    assert billing.tax_given_back(credit.inputs) == credit.charged_tax_minor
    # What goes back is what would have been earned after it.
    assert straight_line.unearned(paid, since=span.start, until=span.end, now=cut) == back
    whole = credit.inputs["seconds_whole"]
    later = draw.integer(0, credit.inputs["seconds_left"])
    assert billing.prorated(paid, seconds_left=later, seconds_whole=whole) <= back


def _line(draw: Draw, currency: str) -> LineDraft:
    """A charge, a reduction, or a return of a part of a charge with the tax it had."""
    amount, rate = _amount(draw, currency), _rate(draw)
    kind = draw.pick(["plan", "plan", "plan", "discount", "proration_credit"])
    is_return = kind == "proration_credit"
    return LineDraft(
        kind=kind,
        description="",
        amount_minor=amount if kind == "plan" else -amount,
        tax_basis_points=rate,
        tax_included=is_return or draw.pick([True, False]),
        charged_tax_minor=-draw.integer(0, billing.tax_in(amount, rate)) if is_return else None,
    )


def _price(draw: Draw, currency: str) -> Price:
    return Price(
        plan=draw.pick(PLANS),
        currency=currency,
        amount_minor=_amount(draw, currency),
        tax_included=draw.pick([True, False]),
        interval_unit="month",
        interval_count=1,
    )


def _promotion(draw: Draw, currency: str) -> Promotion:
    if draw.pick([True, False]):
        return Promotion(name="Welcome", percent_basis_points=draw.integer(1, 10_000))
    return Promotion(name="Welcome", amount_minor=_amount(draw, currency), currency=currency)


def _taxation(draw: Draw) -> Taxation:
    treatment = draw.pick([TaxTreatment.STANDARD, TaxTreatment.STANDARD, TaxTreatment.REVERSE_CHARGE])
    return Taxation(treatment=treatment, rounding=draw.pick(list(TaxRounding)))


def _amount(draw: Draw, currency: str) -> int:
    return draw.integer(1, 10 ** draw.integer(1, LARGEST[currency]))


def _rate(draw: Draw) -> int:
    return draw.pick([draw.pick(RATES), draw.integer(0, 10_000)])


def _span(draw: Draw) -> Period:
    start = BEGIN + timedelta(seconds=draw.integer(0, YEARS))
    return Period(0, start, start + timedelta(seconds=draw.integer(1, 86_400 * draw.pick([1, 7, 31, 92, 366]))))


def _cuts(draw: Draw, span: Period) -> Iterator[datetime]:
    """Instants in the span, each after the one before."""
    length = int((span.end - span.start).total_seconds())
    seconds = sorted({draw.integer(1, length) for _cut in range(draw.integer(1, 4))} - {length})
    assert all(one < other for one, other in pairwise(seconds))
    return (span.start + timedelta(seconds=second) for second in seconds)
