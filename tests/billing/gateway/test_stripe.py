"""Stripe's answers and silences over HTTP, and what each of them means to the shop."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.conf import settings

from apps.billing import gateway
from apps.billing.gateway import (
    Declined,
    GatewayMisconfigured,
    GatewayUnavailable,
    NeedsAction,
    NotFound,
    Refunded,
    Succeeded,
    Throttled,
    Unknown,
)
from apps.billing.gateway.pace import Pace
from apps.billing.gateway.stripe import StripeGateway
from apps.core.money import Money

from .worlds import ALWAYS_ASKS, ASKS_AT_SETUP, GOOD, StripeWorld, find, request_for


def stripe_gateway(**changes) -> StripeGateway:
    known = {
        "api_key": settings.STRIPE_SECRET_KEY,
        "api_base": settings.STRIPE_API_BASE,
        "api_version": settings.STRIPE_API_VERSION,
        "timeout": 20,
        "pace": Pace.of_the_shop(),
    }
    return StripeGateway(**(known | changes))


@pytest.mark.parametrize(
    ("outcome", "code", "hard"),
    [
        ("generic_decline", "generic_decline", False),
        ("insufficient_funds", "insufficient_funds", False),
        ("expired_card", "expired_card", False),
        ("processing_error", "processing_error", False),
        ("do_not_honor", "do_not_honor", False),
        ("lost_card", "lost_card", True),
        ("stolen_card", "stolen_card", True),
        ("pickup_card", "pickup_card", True),
        ("transaction_not_allowed", "transaction_not_allowed", True),
        ("revocation_of_authorization", "revocation_of_authorization", True),
        ("stop_payment_order", "stop_payment_order", True),
    ],
)
def test_the_issuers_reason_decides_whether_a_retry_makes_sense(stripe_world, sandbox, outcome, code, hard):
    card = stripe_world.card()
    sandbox.control("POST", "/cards", {"card": card.method_id, "outcome": outcome})
    request = request_for(card)
    result = stripe_world.gateway.charge(request)
    assert isinstance(result, Declined)
    assert (result.code, result.hard) == (code, hard)
    assert result.intent_id.startswith("pi_")
    assert result.message
    assert find(stripe_world.gateway, request) == result


@pytest.mark.parametrize("on_session", [True, False])
def test_a_card_that_always_asks_needs_the_customer(stripe_world, on_session):
    result = stripe_world.gateway.charge(request_for(stripe_world.card(ALWAYS_ASKS), on_session=on_session))
    assert isinstance(result, NeedsAction)
    assert result.client_secret.startswith(f"{result.intent_id}_secret_")


def test_a_card_that_asks_once_asks_the_customer_who_is_there(stripe_world):
    card = stripe_world.card(ASKS_AT_SETUP)
    assert isinstance(stripe_world.gateway.charge(request_for(card, on_session=True)), NeedsAction)
    assert isinstance(stripe_world.gateway.charge(request_for(card, on_session=False)), Succeeded)


def test_the_intent_carries_what_the_shop_says(stripe_world):
    request = request_for(stripe_world.card(), description="Grove, March", metadata={"invoice": "O-17"})
    intent_id = stripe_world.gateway.charge(request).intent_id
    intent = stripe_world.gateway._api.payment_intents.retrieve(intent_id)
    assert (intent.amount, intent.currency, intent.description) == (1200, "eur", "Grove, March")
    assert intent.metadata.to_dict() == {"invoice": "O-17", "payment": request.payment_key}
    assert intent.customer == request.customer_id


def test_a_slow_answer_is_unknown_and_found_later(sandbox):
    world = StripeWorld(sandbox, timeout=1)
    request = request_for(world.card())
    sandbox.fault("slow", seconds=3)
    assert isinstance(world.gateway.charge(request), Unknown)
    found = find(world.gateway, request)
    while found == NotFound():  # it is charged after we hung up
        found = find(world.gateway, request)
    assert isinstance(found, Succeeded)


def test_a_server_error_after_the_charge_is_unknown_then_found(stripe_world, sandbox):
    request = request_for(stripe_world.card())
    sandbox.fault("error_500", performed=True)
    assert isinstance(stripe_world.gateway.charge(request), Unknown)
    assert isinstance(find(stripe_world.gateway, request), Succeeded)


@pytest.mark.parametrize("performed", [True, False])
def test_a_server_error_that_stripe_keeps_repeating_does_not_block_the_payment(stripe_world, sandbox, performed):
    request = request_for(stripe_world.card())
    sandbox.fault("error_500", performed=performed)
    assert isinstance(stripe_world.gateway.charge(request), Unknown)

    second = stripe_world.gateway.charge(request)

    assert isinstance(second, Succeeded)
    assert stripe_world.gateway.charge(request) == second
    assert find(stripe_world.gateway, request) == second
    taken = stripe_world.gateway._api.payment_intents.list({"customer": request.customer_id})
    assert [intent.id for intent in taken.data if intent.status == "succeeded"] == [second.intent_id]


def test_a_throttled_charge_surely_did_not_happen(stripe_world, sandbox):
    request = request_for(stripe_world.card())
    sandbox.fault("rate_limit_429")
    assert stripe_world.gateway.charge(request) == Throttled("rate_limit")
    assert find(stripe_world.gateway, request) == NotFound()
    assert isinstance(stripe_world.gateway.charge(request), Succeeded)


def test_the_same_key_at_the_same_time_charges_once(sandbox):
    world = StripeWorld(sandbox)
    request = request_for(world.card())
    sandbox.fault("slow", seconds=1, count=None)
    start = threading.Barrier(4)

    def charge() -> gateway.ChargeResult:
        start.wait()
        return world.gateway.charge(request)

    with ThreadPoolExecutor(4) as pool:
        results = [future.result() for future in [pool.submit(charge) for _ in range(4)]]

    taken = [result for result in results if isinstance(result, Succeeded)]
    doubtful = [result for result in results if isinstance(result, Unknown)]
    assert len(taken) >= 1
    assert len({result.intent_id for result in taken}) == 1
    assert len(taken) + len(doubtful) == 4
    assert {result.reason for result in doubtful} <= {"idempotency_key_in_use"}
    assert len(world.gateway._api.payment_intents.list({"customer": request.customer_id}).data) == 1


def test_a_key_used_for_another_amount_is_unknown_and_charges_nothing_more(stripe_world):
    card = stripe_world.card()
    first = request_for(card)
    charged = stripe_world.gateway.charge(first)
    result = stripe_world.gateway.charge(request_for(card, minor=9900, payment_key=first.payment_key))
    assert isinstance(result, Unknown)
    assert find(stripe_world.gateway, first) == charged


def test_a_charge_is_found_behind_many_others(stripe_world):
    card = stripe_world.card()
    request = request_for(card)
    charged = stripe_world.gateway.charge(request)
    for _ in range(101):
        stripe_world.gateway.charge(request_for(card))
    assert find(stripe_world.gateway, request) == charged


def test_a_deleted_customer_is_a_hard_decline(stripe_world):
    card = stripe_world.card()
    stripe_world.gateway._api.customers.delete(card.customer_id)
    result = stripe_world.gateway.charge(request_for(card))
    assert isinstance(result, Declined)
    assert (result.code, result.hard) == ("resource_missing", True)


def test_a_bad_amount_is_the_payments_own_fault(stripe_world):
    result = stripe_world.gateway.charge(request_for(stripe_world.card(), minor=1))
    assert isinstance(result, Declined)
    assert (result.code, result.hard) == ("amount_too_small", True)


@pytest.mark.parametrize("key", ["sk_test_!", "sk_wrong_000000000000000000000000", "pk_test_orangery0000000000000000"])
def test_a_wrong_key_declines_nobody(stripe_world, key):
    request = request_for(stripe_world.card())
    broken = stripe_gateway(api_key=key)
    with pytest.raises(GatewayMisconfigured):
        broken.charge(request)
    with pytest.raises(GatewayMisconfigured):
        find(broken, request)
    with pytest.raises(GatewayMisconfigured):
        broken.create_customer(key=str(uuid4()), email="ada@example.com", name="")
    assert find(stripe_world.gateway, request) == NotFound()


def test_a_missing_key_is_said_at_once():
    with pytest.raises(GatewayMisconfigured):
        stripe_gateway(api_key="")


def test_a_charge_asked_in_a_wrong_way_declines_nobody(stripe_world):
    request = request_for(stripe_world.card(), metadata={"x" * 41: "names may have forty characters"})
    with pytest.raises(GatewayMisconfigured):
        stripe_world.gateway.charge(request)
    assert find(stripe_world.gateway, request) == NotFound()


def test_an_unreachable_gateway_is_unknown_for_charges_and_unavailable_for_people(stripe_world, unused_tcp_port):
    away = stripe_gateway(api_base=f"http://127.0.0.1:{unused_tcp_port}", timeout=2)
    request = request_for(stripe_world.card())
    assert isinstance(away.charge(request), Unknown)
    assert isinstance(find(away, request), Unknown)
    assert isinstance(away.refund(intent_id="pi_1", money=Money(1, "EUR"), key="r"), Unknown)
    assert isinstance(away.cancel_charge("pi_1"), Unknown)
    with pytest.raises(GatewayUnavailable):
        away.create_customer(key=str(uuid4()), email="ada@example.com", name="")
    with pytest.raises(GatewayUnavailable):
        away.read_setup("seti_1")
    with pytest.raises(GatewayUnavailable):
        away.forget_customer("cus_1")


def test_nothing_at_stripe_names_who_was_forgotten(stripe_world, sandbox):
    stripe = stripe_world.gateway._api.customers
    customer = stripe.create(
        {
            "email": "ada@example.com",
            "name": "Ada",
            "phone": "+39 081",
            "description": "Ada of Sorrento",
            "address": {"line1": "Via Roma 1", "country": "IT"},
            "shipping": {"name": "Ada", "address": {"line1": "Via Roma 1"}},
            "metadata": {"user": "7", "nick": "ada"},
        }
    ).id
    sandbox.fault("drop_after", path_prefix="/v1/customers")
    stripe_world.gateway.forget_customer(customer)
    kept = stripe.retrieve(customer).to_dict()
    naming = ["email", "name", "phone", "description", "address", "shipping"]
    assert ([kept[field] for field in naming], kept["metadata"]) == ([None] * 6, {})
    assert "Ada" not in str(kept)
    stripe.delete(customer)
    stripe_world.gateway.forget_customer(customer)


def test_people_do_not_notice_one_lost_answer(stripe_world, sandbox):
    key = str(uuid4())
    sandbox.fault("drop_after", path_prefix="/v1/customers")
    customer = stripe_world.gateway.create_customer(key=key, email="ada@example.com", name="Ada")
    assert stripe_world.gateway.create_customer(key=key, email="ada@example.com", name="Ada") == customer


def test_a_refund_is_not_made_twice_when_stripe_has_forgotten_its_key(stripe_world, sandbox):
    charge = stripe_world.gateway.charge(request_for(stripe_world.card()))
    sandbox.fault("drop_after", path_prefix="/v1/refunds")
    key = f"refund:{charge.intent_id}"
    assert isinstance(
        stripe_world.gateway.refund(intent_id=charge.intent_id, money=Money(500, "EUR"), key=key), Unknown
    )
    sandbox.control("DELETE", "/idempotency_keys")
    assert isinstance(
        stripe_world.gateway.refund(intent_id=charge.intent_id, money=Money(500, "EUR"), key=key), Refunded
    )
    refunds = stripe_world.gateway._api.refunds.list({"payment_intent": charge.intent_id}).data
    assert [refund.amount for refund in refunds] == [500]


def test_a_refund_that_bounced_has_failed(stripe_world, sandbox):
    charge = stripe_world.gateway.charge(request_for(stripe_world.card()))
    refund = stripe_world.gateway.refund(intent_id=charge.intent_id, money=Money(500, "EUR"), key=charge.intent_id)
    sandbox.control("POST", f"/refunds/{refund.refund_id}/fail")
    result = stripe_world.gateway.refund(intent_id=charge.intent_id, money=Money(500, "EUR"), key=charge.intent_id)
    assert (type(result).__name__, result.code) == ("RefundFailed", "expired_or_canceled_card")


def test_a_throttled_refund_may_be_sent_again(stripe_world, sandbox):
    charge = stripe_world.gateway.charge(request_for(stripe_world.card()))
    sandbox.fault("rate_limit_429", path_prefix="/v1/refunds")
    ask = {"intent_id": charge.intent_id, "money": Money(500, "EUR"), "key": charge.intent_id}
    assert stripe_world.gateway.refund(**ask) == Throttled("rate_limit")
    assert isinstance(stripe_world.gateway.refund(**ask), Refunded)


def test_fifty_threads_share_one_client(stripe_world):
    requests = [request_for(stripe_world.card(GOOD)) for _ in range(10)]
    asked = [
        request_for(gateway.CardDetails(r.method_id, "", "", 1, 2034, customer_id=r.customer_id)) for r in requests
    ]
    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(stripe_world.gateway.charge, asked * 10))
    assert all(isinstance(result, Succeeded | Unknown) for result in results)
    assert len({result.intent_id for result in results if isinstance(result, Succeeded)}) == 10
