"""Credits of chosen lines: exact, never more than a line has, the money where it came from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing import collection, corrections, rules
from apps.billing.models import CreditNote
from tests.factories import billing as make

LINES = st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 30)), min_size=1, max_size=8)


@given(st.data(), LINES)
def test_parts_of_lines_keep_their_tax_and_sum_to_the_line(data, lines):
    left = [(gross, rules.tax_in(gross, rate * 100)) for gross, rate in lines]
    asked = [data.draw(st.integers(min(0, gross), max(0, gross))) for gross, _tax in left]
    first = rules.line_shares(asked, left)
    assert [gross for gross, _tax in first] == asked
    rest = [(gross - part, tax - taken) for (gross, tax), (part, taken) in zip(left, first, strict=True)]
    second = rules.line_shares([gross for gross, _tax in rest], rest)
    whole = [(a + c, b + d) for (a, b), (c, d) in zip(first, second, strict=True)]
    assert whole == left


@pytest.mark.parametrize(("asked", "left"), [([6], [(5, 1)]), ([-1], [(5, 1)]), ([1], [(-5, -1)]), ([-6], [(-5, -1)])])
def test_more_than_a_line_has_is_refused(asked, left):
    with pytest.raises(ValueError):
        rules.line_shares(asked, left)


@pytest.fixture
def paid(db, gateway, now):
    user = make.payer(gateway, now=now)
    lines = [make.plan_line(2900, start=now), make.plan_line(1000, start=now, tax_basis_points=1000)]
    invoice = make.invoice(user, now=now, lines=lines, on_session=True)
    collection.collect_now(make.payment_of(invoice).pk, now=now)
    invoice.refresh_from_db()
    return invoice


def test_one_line_goes_back_to_the_card_once(paid, now):
    second = paid.lines.get(position=2)
    facts = {"chosen": {second.pk: 600}, "key": "broken", "reason": "Broken", "now": now}
    [note] = corrections.lines(paid.pk, **facts)
    assert corrections.lines(paid.pk, **facts) == [note]
    assert [(line.line, line.amount_minor, line.tax_minor) for line in note.lines.all()] == [(second, 600, 55)]
    assert corrections.left_of_lines(paid)[second.pk] == 400
    with pytest.raises(corrections.CannotCredit):
        corrections.lines(paid.pk, chosen={second.pk: 401}, key="more", reason="", now=now)
    with pytest.raises(corrections.CannotCredit):
        corrections.lines(paid.pk, chosen={}, key="none", reason="", now=now)
    assert CreditNote.objects.count() == 1
