"""Idempotency keys: one key, one effect."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe


def test_the_same_key_gives_the_same_answer_once_charged(api, pay, saved, sandbox):
    method = saved()
    first = pay(method, key="payment-1", metadata={"payment": "1"})
    again = pay(method, key="payment-1", metadata={"payment": "1"})
    assert again.id == first.id
    headers = again.last_response.headers
    assert headers["idempotent-replayed"] == "true"
    assert headers["original-request"] == first.last_response.headers["request-id"] != headers["request-id"]
    assert "idempotent-replayed" not in first.last_response.headers
    assert sandbox.control("GET", "stats?metadata_key=payment")["succeeded_by_metadata"] == {"1": 1}


def test_a_decline_is_replayed_too(api, pay, saved):
    method = saved("pm_card_chargeCustomerFail")
    answers = []
    for _attempt in range(2):
        with pytest.raises(stripe.CardError) as refused:
            pay(method, key="declined")
        answers.append(refused.value.error.payment_intent.id)
    assert answers[0] == answers[1]
    assert len(api.charges.list().data) == 1


def test_the_same_key_for_something_else_is_refused(api, pay, saved):
    method = saved()
    pay(method, key="k")
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        pay(method, key="k", amount=2000)
    assert (refused.value.http_status, refused.value.error.type) == (400, "idempotency_error")
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        api.customers.create({}, {"idempotency_key": "k"})
    assert len(api.payment_intents.list().data) == 1


def test_bad_parameters_do_not_use_up_a_key(api, pay, saved):
    method = saved()
    for wrong in ({"colour": "red"}, {"expand": ["amount"]}):
        with pytest.raises(stripe.InvalidRequestError):
            pay(method, key="k", **wrong)
    assert api.payment_intents.list().data == []
    assert pay(method, key="k").status == "succeeded"


def test_a_key_in_flight_is_refused_and_charged_once(api, pay, saved, sandbox):
    method = saved()
    sandbox.control("POST", "faults", {"kind": "slow", "seconds": 1, "path_prefix": "/v1/payment_intents"})

    def attempt(_number: int) -> str:
        try:
            return pay(method, key="same").status
        except stripe.APIError as error:
            return f"{error.http_status} {error.error.code}"

    with ThreadPoolExecutor(3) as pool:
        outcomes = sorted(pool.map(attempt, range(3)))
    assert outcomes == ["409 idempotency_key_in_use", "409 idempotency_key_in_use", "succeeded"]
    assert len(api.charges.list().data) == 1


def test_forgotten_keys_charge_again(api, pay, saved, sandbox):
    method = saved()
    first = pay(method, key="old")
    forgotten = sandbox.control("DELETE", "idempotency_keys")["forgotten"]
    assert forgotten >= 1
    assert pay(method, key="old").id != first.id
