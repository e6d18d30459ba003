"""Random prorations, discounts and taxes in yen, euro and dinars, through the shop's own rules: parts sum to the whole.

Every case is numbered, and its number is the seed of its dice: a failure names it. `SUMS_FIRST` begins elsewhere than
at 0, to try others.
"""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.billing import sums

FIRST = int(os.environ.get("SUMS_FIRST", "0"))
MILLION = 1_000_000


class Examples:
    """Cases that Hypothesis looks for, and makes smaller when one fails."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def integer(self, low, high):
        return self._data.draw(st.integers(low, high))

    def pick(self, options):
        return self._data.draw(st.sampled_from(options))


@pytest.mark.parametrize("law", sums.LAWS)
@settings(max_examples=60)
@given(data=st.data())
def test_parts_sum_to_the_whole(law, data):
    law(Examples(data))


@pytest.mark.parametrize("cases", [3_000, pytest.param(MILLION, marks=pytest.mark.soak)], ids=["short", "long"])
def test_parts_sum_to_the_whole_at_large(cases, pytestconfig):
    terminal = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    for number in range(FIRST, FIRST + cases):
        law = sums.LAWS[number % len(sums.LAWS)]
        try:
            law(sums.Dice(number))
        except AssertionError as broken:
            broken.add_note(f"Case {number}: {law.__name__}(Dice({number}))")
            raise
        done = number - FIRST + 1
        if done % 50_000 == 0:
            terminal.write_line(f"{done:,} of {cases:,} cases: parts sum to the whole")
