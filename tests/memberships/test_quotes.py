"""The arithmetic of changes: parts sum, never more given back than paid, the preview is the charge."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from apps.billing.rules import recompute, tax_given_back, tax_in
from apps.core.periods import Interval, Period, Unit
from apps.memberships import rules
from apps.memberships.rules import Direction

START = datetime(2026, 3, 1, tzinfo=UTC)
amounts = st.integers(min_value=0, max_value=10_000_000)
lengths = st.integers(min_value=1, max_value=366 * 86_400)


MONTH = Interval(Unit.MONTH)


@dataclass(frozen=True)
class FakePrice:
    """What the rules read of a price."""

    pk: int
    amount_minor: int
    plan_id: int = 1
    rank: int = 1
    currency: str = "EUR"
    interval: Interval = MONTH
    version: int = 1
    tax_included: bool = True
    term_periods: int | None = None
    sends_goods: bool = False

    @property
    def interval_unit(self) -> str:
        return self.interval.unit.value

    @property
    def interval_count(self) -> int:
        return self.interval.count

    @property
    def plan(self):
        return SimpleNamespace(name_i18n="Grove", slug="grove", rank=self.rank, sends_goods=self.sends_goods)

    @property
    def rhythm(self):
        return (self.interval, self.term_periods)

    @property
    def per_day(self):
        return self.amount_minor / self.interval.days_per_interval


def percent(basis_points: int):
    return SimpleNamespace(pk=1, name_i18n="Half", percent_basis_points=basis_points, amount_minor=None, currency=None)


@given(paid=amounts, seconds=lengths, data=st.data())
def test_what_is_given_back_and_what_was_used_make_what_was_paid(paid, seconds, data):
    left = data.draw(st.integers(min_value=0, max_value=seconds))
    span = Period(0, START, START + timedelta(seconds=seconds))
    now = span.end - timedelta(seconds=left)
    line = rules.credit_line(
        FakePrice(1, paid),
        paid_minor=paid,
        paid_tax_minor=tax_in(paid, 2200),
        span=span,
        now=now,
        tax_basis_points=2200,
    )
    assert -paid <= line.amount_minor <= 0
    # Rounded half up to the nearest cent.
    assert abs(-line.amount_minor * seconds - paid * left) * 2 <= seconds
    assert recompute(line.kind, line.inputs) == line.amount_minor
    assert line.charged_tax_minor == tax_given_back(line.inputs)
    assert 0 <= -line.charged_tax_minor <= -line.amount_minor


@given(amount=amounts, basis_points=st.integers(min_value=1, max_value=10_000))
def test_a_period_with_a_discount_sums_to_the_discounted_price(amount, basis_points):
    price, promotion = FakePrice(1, amount), percent(basis_points)
    period = Period(0, START, START + timedelta(days=31))
    lines = rules.period_lines(price, period, promotion=promotion, tax_basis_points=2200, anchor=START, zone="UTC")
    assert sum(line.amount_minor for line in lines) == rules.discounted(price, promotion) >= 0
    for line in lines:
        assert recompute(line.kind, line.inputs) == line.amount_minor


@given(
    prices=st.lists(amounts, min_size=2, max_size=8).map(sorted),
    cuts=st.lists(st.integers(min_value=0, max_value=2_592_000), min_size=1, max_size=7).map(sorted),
)
def test_any_number_of_upgrades_never_gives_back_more_than_was_paid(prices, cuts):
    """Each span is paid, then cut; the credit of a cut comes from that span alone."""
    whole = Period(0, START, START + timedelta(seconds=2_592_000))
    span, paid, taken = whole, prices[0], prices[0]
    for cut, amount in zip(cuts, prices[1:], strict=False):
        now = START + timedelta(seconds=cut)
        credit = rules.credit_line(
            FakePrice(1, paid),
            paid_minor=paid,
            paid_tax_minor=tax_in(paid, 2200),
            span=span,
            now=now,
            tax_basis_points=2200,
        )
        charge = rules.charge_line(FakePrice(2, amount), promotion=None, span=whole, now=now, tax_basis_points=2200)
        assert 0 <= -credit.amount_minor <= paid
        taken += credit.amount_minor + charge.amount_minor
        if now < whole.end:
            span, paid = Period(0, now, whole.end), charge.amount_minor
        else:
            break
    assert 0 <= taken <= max(prices) + len(cuts)


def test_directions():
    grove, conservatory = FakePrice(1, 1200), FakePrice(2, 2400, plan_id=2, rank=2)
    yearly = Interval(Unit.YEAR)
    grove_year = FakePrice(3, 12_000, interval=yearly)
    conservatory_year = FakePrice(4, 24_000, plan_id=2, rank=2, interval=yearly)
    assert rules.direction(grove, conservatory) == Direction.UP
    assert rules.direction(conservatory, grove) == Direction.DOWN
    assert rules.direction(grove, grove) == Direction.SAME
    assert rules.direction(grove, FakePrice(9, 1500)) == Direction.SAME
    assert rules.direction(grove, grove_year) == Direction.UP
    assert rules.direction(grove_year, grove) == Direction.DOWN
    assert rules.direction(grove_year, conservatory) == Direction.DOWN
    assert rules.direction(grove, conservatory_year) == Direction.UP
    assert rules.direction(conservatory, grove_year) == Direction.DOWN
