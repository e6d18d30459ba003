"""Discounts and shares that always add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.orders import rules

AMOUNTS = st.lists(st.integers(1, 10**7), min_size=1, max_size=12)


@given(st.data(), AMOUNTS)
def test_a_discount_is_split_exactly_and_no_line_pays_more_than_itself(data, amounts):
    off = data.draw(st.integers(0, sum(amounts)))
    shares = rules.discount_shares(off, amounts)
    assert sum(shares) == off
    assert all(0 <= share <= amount for share, amount in zip(shares, amounts, strict=True))
    # In proportion: no share is a whole cent away from its exact part.
    assert all(
        abs(share * sum(amounts) - off * amount) < sum(amounts) for share, amount in zip(shares, amounts, strict=True)
    )


@given(st.integers(-(10**7), 10**7), st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_the_parts_of_a_line_sum_to_it(amount, parts):
    quantity = sum(parts)
    if not quantity:
        return
    given_back, taken = 0, 0
    for pieces in parts:
        taken += rules.share_of(amount, quantity=quantity, given_back=given_back, pieces=pieces)
        given_back += pieces
    assert taken == amount


@pytest.mark.parametrize(("off", "amounts"), [(-1, [5]), (6, [5]), (1, [])])
def test_nonsense_is_refused(off, amounts):
    with pytest.raises(ValueError):
        rules.discount_shares(off, amounts)


def test_no_more_pieces_than_there_are():
    with pytest.raises(ValueError):
        rules.share_of(100, quantity=2, given_back=1, pieces=2)
