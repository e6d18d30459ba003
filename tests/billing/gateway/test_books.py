"""The gateway's own books, as every adapter shows them."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.billing.gateway import ChargeRecord, GatewayUnavailable, RefundRecord, Standing, Succeeded
from apps.billing.gateway.rehearsal import Rehearsal
from apps.core.money import Money

from .worlds import ALWAYS_ASKS, NO_FUNDS, StripeWorld, request_for

HOUR = timedelta(hours=1)


def everything(listing, **span) -> list:
    """All records of the last hour, page by page."""
    now = datetime.now(UTC)
    span = {"since": now - HOUR, "until": now + HOUR} | span
    found, cursor = [], ""
    while True:
        page = listing(cursor=cursor, **span)
        found += page.rows
        cursor = page.cursor
        if not cursor:
            return found


def test_a_charge_is_shown_with_what_the_shop_wrote_on_it(world):
    request = request_for(world.card(), metadata={"invoice": "OR-17"})
    charge = world.gateway.charge(request)
    record = ChargeRecord(
        charge.intent_id, request.payment_key, "OR-17", request.customer_id, Money(1200, "EUR"), Standing.MOVED
    )
    assert world.gateway.read_charge(charge.intent_id) == record
    assert [row for row in everything(world.gateway.list_charges) if row.customer_id == request.customer_id] == [record]


@pytest.mark.parametrize(("number", "standing"), [(NO_FUNDS, Standing.FAILED), (ALWAYS_ASKS, Standing.OPEN)])
def test_a_charge_that_took_nothing_is_shown_as_it_stands(world, number, standing):
    result = world.gateway.charge(request_for(world.card(number)))
    assert not isinstance(result, Succeeded)
    assert world.gateway.read_charge(result.intent_id).standing is standing


def test_a_closed_charge_has_failed(world):
    waiting = world.gateway.charge(request_for(world.card(ALWAYS_ASKS)))
    world.gateway.cancel_charge(waiting.intent_id)
    assert world.gateway.read_charge(waiting.intent_id).standing is Standing.FAILED


def test_refunds_are_shown_with_their_key(world):
    charge = world.gateway.charge(request_for(world.card()))
    key = f"r:{charge.intent_id}"
    refund = world.gateway.refund(intent_id=charge.intent_id, money=Money(500, "EUR"), key=key)
    record = RefundRecord(refund.refund_id, charge.intent_id, key, Money(500, "EUR"), Standing.MOVED)
    assert world.gateway.read_refund(refund.refund_id) == record
    assert [row for row in everything(world.gateway.list_refunds) if row.intent_id == charge.intent_id] == [record]


def test_what_is_not_there_is_none(world):
    assert world.gateway.read_charge("pi_nowhere") is None
    assert world.gateway.read_refund("re_nowhere") is None
    assert world.gateway.read_charge("") is None


def test_a_long_list_is_walked_to_its_end_newest_first(world):
    card = world.card()
    made = [world.gateway.charge(request_for(card)).intent_id for _ in range(205)]
    seen = [row.intent_id for row in everything(world.gateway.list_charges) if row.customer_id == card.customer_id]
    assert seen == made[::-1]


def test_only_the_span_asked_for_is_listed(world):
    world.gateway.charge(request_for(world.card()))
    now = datetime.now(UTC)
    assert everything(world.gateway.list_charges, since=now - 2 * HOUR, until=now - HOUR) == []
    assert everything(world.gateway.list_charges, since=now + HOUR, until=now + 2 * HOUR) == []


def test_disputes_and_bounced_refunds_are_listed(stripe_world, sandbox):
    charge = stripe_world.gateway.charge(request_for(stripe_world.card()))
    attempt = stripe_world.gateway._api.payment_intents.retrieve(charge.intent_id).latest_charge
    sandbox.control("POST", "/disputes", {"charge": attempt, "reason": "fraudulent"})
    disputes = [row for row in everything(stripe_world.gateway.list_disputes) if row.intent_id == charge.intent_id]
    assert [(row.money, row.state, row.reason) for row in disputes] == [
        (Money(1200, "EUR"), "needs_response", "fraudulent")
    ]
    other = stripe_world.gateway.charge(request_for(stripe_world.card()))
    refund = stripe_world.gateway.refund(intent_id=other.intent_id, money=Money(5, "EUR"), key=str(uuid4()))
    sandbox.control("POST", f"/refunds/{refund.refund_id}/fail")
    assert stripe_world.gateway.read_refund(refund.refund_id).standing is Standing.FAILED


def test_a_gateway_that_is_away_is_not_taken_for_empty(unused_tcp_port, sandbox, settings):
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{unused_tcp_port}"
    away = StripeWorld(sandbox, timeout=2).gateway
    now = datetime.now(UTC)
    for listing in (away.list_charges, away.list_refunds, away.list_disputes):
        with pytest.raises(GatewayUnavailable):
            listing(since=now - HOUR, until=now, cursor="")
    with pytest.raises(GatewayUnavailable):
        away.read_charge("pi_1")


def test_a_rehearsal_of_a_real_book_does_not_say_that_a_charge_is_missing():
    rehearsed = Rehearsal(known_only=False)
    with pytest.raises(GatewayUnavailable):
        rehearsed.read_charge("pi_real")
