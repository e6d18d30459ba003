"""What every adapter of the gateway promises."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.billing.gateway import (
    Cancelled,
    Declined,
    GatewayRefused,
    NeedsAction,
    NotFound,
    Refunded,
    RefundFailed,
    Succeeded,
    Unknown,
)
from apps.core.money import Money

from .worlds import ALWAYS_ASKS, ASKS_AT_SETUP, FAILS_LATER, GOOD, NO_FUNDS, find, request_for


def test_a_customer_is_opened_once_per_key(world):
    key = str(uuid4())
    first = world.gateway.create_customer(key=key, email="ada@example.com", name="Ada")
    assert world.gateway.create_customer(key=key, email="ada@example.com", name="Ada") == first
    assert world.gateway.create_customer(key=key + "x", email="ada@example.com", name="Ada") != first


def test_a_customer_is_forgotten_and_what_was_paid_stays(world):
    card = world.card()
    request = request_for(card)
    paid = world.gateway.charge(request)
    other = world.customer()
    assert world.knows(card.customer_id) == ("ada@example.com", "Ada")
    for _twice in range(2):
        world.gateway.forget_customer(card.customer_id)
        assert world.knows(card.customer_id) == ("", "")
    assert world.knows(other) == ("ada@example.com", "Ada")
    assert find(world.gateway, request) == paid == Succeeded(paid.intent_id)
    back = world.gateway.refund(intent_id=paid.intent_id, money=Money(1200, "EUR"), key=str(uuid4()))
    assert isinstance(back, Refunded)
    world.gateway.forget_customer("cus_nowhere")


def test_a_setup_gives_the_card_once_it_has_succeeded(world):
    customer = world.customer()
    started = world.gateway.start_setup(customer_id=customer, key=str(uuid4()), metadata={"purpose": "join"})
    before = world.gateway.read_setup(started.id)
    assert (before.status, before.customer_id, before.card) == ("requires_payment_method", customer, None)

    world.type_card(started)

    after = world.gateway.read_setup(started.id)
    assert (after.status, after.customer_id, after.metadata) == ("succeeded", customer, {"purpose": "join"})
    assert abs(datetime.now(UTC) - after.created_at) < timedelta(minutes=10)
    card = after.card
    assert (card.brand, card.last4, card.exp_month, card.exp_year) == ("visa", "4242", 11, 2034)
    assert card.customer_id == customer
    assert card.fingerprint
    assert world.gateway.read_card(card.method_id) == card


def test_a_declined_card_leaves_the_setup_unfinished(world):
    started = world.gateway.start_setup(customer_id=world.customer(), key=str(uuid4()), metadata={})
    world.type_card(started, "4000000000000002")
    setup = world.gateway.read_setup(started.id)
    assert (setup.status, setup.card) == ("requires_payment_method", None)


def test_a_setup_that_is_not_there_or_for_nobody_is_refused(world):
    for setup_id in ("seti_nowhere", ""):
        with pytest.raises(GatewayRefused) as missing:
            world.gateway.read_setup(setup_id)
        assert missing.value.code == "resource_missing"
    for setup_id in ("../customers", "seti_1?expand[]=customer", "."):
        with pytest.raises(GatewayRefused):
            world.gateway.read_setup(setup_id)
    with pytest.raises(GatewayRefused) as nobody:
        world.gateway.start_setup(customer_id="cus_nobody", key=str(uuid4()), metadata={})
    assert nobody.value.code == "resource_missing"


def test_a_removed_card_is_gone_and_cannot_be_charged(world):
    card = world.card()
    world.gateway.detach_card(card.method_id)
    world.gateway.detach_card(card.method_id)
    assert world.gateway.read_card(card.method_id) is None
    assert world.gateway.read_card("pm_nowhere") is None
    assert world.gateway.read_card("") is None
    request = request_for(card)
    result = world.gateway.charge(request)
    assert isinstance(result, Declined)
    assert (result.code, result.hard, result.intent_id) == ("resource_missing", True, "")
    assert find(world.gateway, request) == NotFound()


def test_a_good_card_is_charged_once_per_key(world):
    request = request_for(world.card())
    first = world.gateway.charge(request)
    assert isinstance(first, Succeeded)
    assert world.gateway.charge(request) == first
    assert find(world.gateway, request) == first
    assert find(world.gateway, request, first.intent_id) == first
    other = world.gateway.charge(request_for(world.card()))
    assert isinstance(other, Succeeded)
    assert other.intent_id != first.intent_id


def test_a_card_authenticated_at_setup_is_charged_without_the_customer(world):
    assert isinstance(world.gateway.charge(request_for(world.card(ASKS_AT_SETUP))), Succeeded)


@pytest.mark.parametrize(("number", "code"), [(NO_FUNDS, "insufficient_funds"), (FAILS_LATER, "generic_decline")])
def test_a_declined_charge_says_why_and_is_found_again(world, number, code):
    request = request_for(world.card(number))
    result = world.gateway.charge(request)
    assert isinstance(result, Declined)
    assert (result.code, result.hard) == (code, False)
    assert result.intent_id
    assert find(world.gateway, request) == result
    assert world.gateway.charge(request) == result


def test_a_card_that_wants_the_customer_goes_on_with_the_same_intent(world):
    card = world.card(ALWAYS_ASKS)
    request = request_for(card)
    result = world.gateway.charge(request)
    assert isinstance(result, NeedsAction)
    assert result.client_secret == world.gateway.confirm_details(result.intent_id)
    assert find(world.gateway, request) == result

    world.confirm(result.intent_id, card)

    assert find(world.gateway, request) == Succeeded(result.intent_id)


def test_an_intent_that_is_closed_cannot_be_paid_any_more(world):
    request = request_for(world.card(ALWAYS_ASKS))
    intent_id = world.gateway.charge(request).intent_id
    assert world.gateway.cancel_charge(intent_id) == Cancelled(intent_id)
    assert find(world.gateway, request) == Declined("canceled", hard=False, intent_id=intent_id)
    paid = world.gateway.charge(request_for(world.card()))
    assert world.gateway.cancel_charge(paid.intent_id) == paid
    for intent_id in ("pi_nowhere", ""):
        with pytest.raises(GatewayRefused):
            world.gateway.cancel_charge(intent_id)
        with pytest.raises(GatewayRefused):
            world.gateway.confirm_details(intent_id)


def test_a_charge_lost_on_its_way_is_unknown_then_not_found_then_charged(world):
    request = request_for(world.card(lost="before"))
    assert isinstance(world.gateway.charge(request), Unknown)
    assert find(world.gateway, request) == NotFound()
    assert isinstance(world.gateway.charge(request), Succeeded)


def test_a_charge_whose_answer_is_lost_is_unknown_then_found(world):
    request = request_for(world.card(lost="after"))
    assert isinstance(world.gateway.charge(request), Unknown)
    found = find(world.gateway, request)
    assert isinstance(found, Succeeded)
    assert world.gateway.charge(request) == found


def test_a_charge_is_not_found_under_a_foreign_key(world):
    request = request_for(world.card())
    world.gateway.charge(request)
    assert find(world.gateway, request_for(world.card(customer_id=request.customer_id))) == NotFound()


def test_another_customers_card_is_refused(world):
    result = world.gateway.charge(request_for(world.card(GOOD), customer_id=world.customer()))
    assert isinstance(result, Declined)
    assert result.hard


def test_refunds_are_made_once_per_key_and_never_exceed_the_charge(world):
    charge = world.gateway.charge(request_for(world.card(), minor=1000))
    first = world.gateway.refund(intent_id=charge.intent_id, money=Money(600, "EUR"), key="r1" + charge.intent_id)
    assert isinstance(first, Refunded)
    again = world.gateway.refund(intent_id=charge.intent_id, money=Money(600, "EUR"), key="r1" + charge.intent_id)
    assert again == first
    too_much = world.gateway.refund(intent_id=charge.intent_id, money=Money(401, "EUR"), key="r2" + charge.intent_id)
    assert isinstance(too_much, RefundFailed)
    rest = world.gateway.refund(intent_id=charge.intent_id, money=Money(400, "EUR"), key="r3" + charge.intent_id)
    assert isinstance(rest, Refunded)
    assert rest != first
    assert isinstance(
        world.gateway.refund(intent_id="pi_nowhere", money=Money(1, "EUR"), key="r4" + charge.intent_id), RefundFailed
    )
