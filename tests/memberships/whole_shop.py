"""The shop in which `whole_life` happens, and what customers may wish for in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st

from apps.billing.gateway import behaviours as cards
from apps.memberships.models import Plan
from tests.factories import memberships as make

A_DAY = timedelta(days=1)
AMOUNTS = {"grove": 1201, "conservatory": 2399, "estate": 5907}
# (unit, count, periods of the term)
RHYTHMS = {"week": ("week", 1, None), "month": ("month", 1, None), "year": ("year", 1, None), "term": ("month", 1, 3)}
SHARE = {"week": 4, "month": 1, "year": 1, "term": 1}
CARDS = [
    (),
    (),
    (cards.decline("insufficient_funds", first=2, chance=4000),),
    (cards.decline("insufficient_funds", first=2, times=3),),
    (cards.decline("stolen_card", hard=True, first=3),),
    (cards.authenticate(first=2, times=2),),
    (cards.lose_after(first=2), cards.decline(first=4, times=2)),
    (cards.lose_before(first=1),),
]
DISCOUNTS = [
    None,
    None,
    {"percent_basis_points": 3333, "duration": "forever"},
    {"percent_basis_points": 10_000, "duration": "once", "code": "FREE"},
    {"amount_minor": 901, "currency": "EUR", "duration": "repeating", "periods": 2},
]

people = st.integers(0, 1)
plans = st.sampled_from(["grove", "grove", "conservatory", "estate", "seedling"])
rhythms = st.sampled_from(["month", "month", "month", "week", "year", "term"])
quantities = st.integers(1, 3)
moments = st.one_of(
    st.sampled_from([timedelta(0), timedelta(minutes=7), A_DAY, 7 * A_DAY, 31 * A_DAY, 45 * A_DAY]),
    st.integers(1, 16 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
)
shares = st.one_of(st.just(100), st.integers(1, 99))
# What somebody signs up for: plan, rhythm, quantity, discount and card.
Wish = tuple[str, str, int, int, tuple]
wishes = st.tuples(plans, rhythms, quantities, st.integers(0, len(DISCOUNTS) - 1), st.sampled_from(CARDS))


def build(*, now: datetime) -> None:
    """Plans at several rhythms in two currencies: Conservatory monthly begins with a trial, to Estate tax is added."""
    make.plans(now=now)
    Plan.objects.exclude(slug="seedling").update(max_quantity=3, pauses_per_year=4)
    for currency in ("EUR", "USD"):
        for slug, monthly in AMOUNTS.items():
            for rhythm, (unit, every, term) in RHYTHMS.items():
                amount = (monthly * 12 if rhythm == "year" else monthly) // SHARE[rhythm]
                make.special_price(
                    slug,
                    version=50,
                    currency=currency,
                    amount_minor=amount,
                    interval_unit=unit,
                    interval_count=every,
                    term_periods=term,
                    trial_days=9 if (slug, rhythm) == ("conservatory", "month") else 0,
                    tax_included=slug != "estate",
                )
