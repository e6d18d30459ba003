"""Arms, and which reason speaks the loudest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.offers import rules
from apps.offers.rules import Suggestion, Target

GROVE, CONSERVATORY, ESTATE = 2, 3, 4


def test_the_bucket_of_a_customer_never_changes():
    assert [rules.bucket(number, "upgrade") for number in (1, 2, 3)] == [37, 8, 44]
    assert [rules.bucket(number, "winback") for number in (1, 2, 3)] == [48, 74, 65]


@given(customer=st.integers(1, 10**9), small=st.integers(0, 50), large=st.integers(0, 50))
def test_a_larger_hold_out_moves_nobody_out_of_the_control_group(customer, small, large):
    small, large = sorted((small, large))
    before = rules.is_control(customer, "upgrade", holdout_percent=small)
    after = rules.is_control(customer, "upgrade", holdout_percent=large)
    assert after or not before


@pytest.mark.parametrize("percent", [0, 10, 50])
def test_the_control_group_has_about_its_share(percent):
    held = sum(rules.is_control(number, "upgrade", holdout_percent=percent) for number in range(10_000))
    assert abs(held - 100 * percent) <= 200


def test_nobody_is_suggested_anything_without_a_reason():
    assert rules.strongest([Target(1, CONSERVATORY, (7,), 99)], min_guides=2, min_points=100) is None
    assert rules.strongest([], min_guides=2, min_points=100) is None


def test_the_larger_ratio_to_its_threshold_wins_and_guides_win_a_tie():
    strong_points = Target(1, CONSERVATORY, (7, 8), 201)
    assert rules.strongest([strong_points], min_guides=2, min_points=100) == Suggestion(strong_points, "points")
    tie = Target(1, CONSERVATORY, (7, 8), 100)
    assert rules.strongest([tie], min_guides=2, min_points=100) == Suggestion(tie, "guides")


def test_nobody_is_sent_to_a_dearer_plan_than_the_reason_needs():
    enough = Target(1, CONSERVATORY, (7, 8), 0)
    dearer = Target(2, ESTATE, (7, 8), 0)
    assert rules.strongest([dearer, enough], min_guides=2, min_points=100).target == enough


def test_a_plan_further_up_is_suggested_when_only_it_opens_the_guides():
    near = Target(1, CONSERVATORY, (7,), 0)
    far = Target(2, ESTATE, (7, 8, 9), 0)
    assert rules.strongest([near, far], min_guides=2, min_points=100) == Suggestion(far, "guides")


def test_points_suggest_only_the_next_plan_up():
    near = Target(1, CONSERVATORY, (), 150)
    far = Target(2, ESTATE, (), 9000)
    assert rules.strongest([near, far], min_guides=2, min_points=100) == Suggestion(near, "points")
