"""What every adapter of the gateway promises of disputes."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing.gateway import DisputeDetails, GatewayRefused
from apps.billing.gateway.stripe_outcomes import dispute_details
from apps.core.money import Money

from .worlds import request_for

EUR_12 = Money(1200, "EUR")


@pytest.fixture
def opened(world) -> DisputeDetails:
    charge = world.gateway.charge(request_for(world.card()))
    return world.gateway.read_dispute(world.dispute(charge.intent_id, reason="product_not_received"))


def sums(details: DisputeDetails) -> tuple[int, int]:
    """What the movements come to: amount and fee."""
    return sum(row.amount.minor for row in details.movements), sum(row.fee.minor for row in details.movements)


def test_a_dispute_takes_the_money_and_a_fee_and_has_a_deadline(world, opened):
    assert (opened.status, opened.reason, opened.money) == ("needs_response", "product_not_received", EUR_12)
    assert opened.intent_id.startswith("pi_")
    assert not opened.is_inquiry
    assert sums(opened) == (-1200, 2000)
    assert [row.amount.currency for row in opened.movements] == ["EUR"]
    assert timedelta(days=8) < opened.respond_by - datetime.now(UTC) < timedelta(days=10)
    assert world.gateway.read_dispute(opened.id) == opened


@pytest.mark.parametrize(("status", "amount"), [("won", 0), ("lost", -1200)])
def test_the_bank_decides_after_our_answer(world, opened, status, amount):
    world.gateway.answer_dispute(opened.id, evidence={"uncategorized_text": "They came by every week."})
    assert world.gateway.read_dispute(opened.id).status == "under_review"
    world.decide(opened.id, status)
    decided = world.gateway.read_dispute(opened.id)
    assert (decided.status, sums(decided)) == (status, (amount, 2000))
    assert decided.movements[0] == opened.movements[0]


def test_giving_in_loses_it(world, opened):
    world.gateway.accept_dispute(opened.id)
    details = world.gateway.read_dispute(opened.id)
    assert (details.status, sums(details)) == ("lost", (-1200, 2000))


def test_what_is_decided_or_sent_takes_no_further_answer(world, opened):
    world.gateway.answer_dispute(opened.id, evidence={"uncategorized_text": "Once."})
    for act in (
        lambda: world.gateway.answer_dispute(opened.id, evidence={"uncategorized_text": "Twice."}),
        lambda: world.gateway.accept_dispute(opened.id),
    ):
        with pytest.raises(GatewayRefused):
            act()
    assert world.gateway.read_dispute(opened.id).status == "under_review"


@pytest.mark.parametrize("name", ["du_nowhere", ""])
def test_a_dispute_that_is_not_there_is_refused(world, name):
    with pytest.raises(GatewayRefused) as missing:
        world.gateway.read_dispute(name)
    assert missing.value.code == "resource_missing"


@pytest.mark.parametrize(
    ("told", "status", "is_inquiry"),
    [
        ("warning_needs_response", "needs_response", True),
        ("warning_under_review", "under_review", True),
        ("warning_closed", "won", True),
        ("prevented", "won", False),
        ("something_new", "under_review", False),
    ],
)
def test_inquiries_and_later_statuses_of_stripe(stripe_world, told, status, is_inquiry):
    charge = stripe_world.gateway.charge(request_for(stripe_world.card()))
    there = stripe_world.gateway._api.disputes.retrieve(stripe_world.dispute(charge.intent_id))
    there["status"] = told
    details = dispute_details(there)
    assert (details.status, details.is_inquiry) == (status, is_inquiry)


def test_an_account_in_another_currency_counts_the_amount_in_dispute(stripe_world):
    charge = stripe_world.gateway.charge(request_for(stripe_world.card()))
    there = stripe_world.gateway._api.disputes.retrieve(stripe_world.dispute(charge.intent_id))
    [row] = there.balance_transactions
    row["currency"], row["amount"], row["fee"] = "usd", -1391, 1500
    [movement] = dispute_details(there).movements
    assert (movement.amount, movement.fee) == (Money(-1200, "EUR"), Money(1500, "USD"))
