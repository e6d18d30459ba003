"""Faults: what a client sees, and what happened to the money."""

import urllib.error

import pytest
import stripe

from tests.sandbox.conftest import client_for

INTENTS = {"path_prefix": "/v1/payment_intents", "method": "POST"}


def test_a_connection_dropped_before_the_charge(api, pay, saved, sandbox):
    method = saved()
    sandbox.control("POST", "faults", {**INTENTS, "kind": "drop_before", "count": 1})
    with pytest.raises(stripe.APIConnectionError):
        pay(method, key="k")
    assert api.charges.list().data == []
    assert pay(method, key="k").status == "succeeded"


def test_a_connection_dropped_after_the_charge(api, pay, saved, sandbox):
    method = saved()
    sandbox.control("POST", "faults", {**INTENTS, "kind": "drop_after", "count": 1})
    with pytest.raises(stripe.APIConnectionError):
        pay(method, key="k")
    (charge,) = api.charges.list().data
    assert pay(method, key="k").latest_charge == charge.id
    assert len(api.charges.list().data) == 1


def test_the_library_retries_a_dropped_connection_with_the_same_key(sandbox, saved, customer):
    method = saved()
    patient = client_for(sandbox, retries=2).v1
    sandbox.control("POST", "faults", {**INTENTS, "kind": "drop_after", "count": 2})
    intent = patient.payment_intents.create(
        {
            "amount": 500,
            "currency": "eur",
            "customer": customer.id,
            "payment_method": method,
            "confirm": True,
            "payment_method_types": ["card"],
        }
    )
    assert intent.status == "succeeded"
    rows = sandbox.control("GET", "requests?path_prefix=/v1/payment_intents")["requests"]
    assert [(row["status"], row["replayed"]) for row in rows] == [(None, False), (None, False), (200, True)]
    assert sandbox.control("GET", "stats")["charges"]["succeeded"] == 1


@pytest.mark.parametrize(("performed", "charged"), [(False, 0), (True, 1)])
def test_a_server_error_is_saved_under_its_key(api, pay, saved, sandbox, performed, charged):
    method = saved()
    sandbox.control("POST", "faults", {**INTENTS, "kind": "error_500", "count": 1, "performed": performed})
    for _attempt in range(2):
        with pytest.raises(stripe.APIError) as refused:
            pay(method, key="k")
        assert refused.value.http_status == 500
    assert len(api.charges.list().data) == charged


def test_a_rate_limit_changes_nothing(api, pay, saved, sandbox):
    method = saved()
    sandbox.control("POST", "faults", {**INTENTS, "kind": "rate_limit_429", "count": 1})
    with pytest.raises(stripe.RateLimitError) as refused:
        pay(method, key="k")
    assert (refused.value.http_status, refused.value.error.code) == (429, "rate_limit")
    assert api.charges.list().data == []
    assert pay(method, key="k").status == "succeeded"


def test_a_rate_with_a_seed_strikes_the_same_requests_again(api, sandbox):
    def struck() -> list[bool]:
        sandbox.control("DELETE", "faults")
        sandbox.control("POST", "faults", {"kind": "error_500", "rate": 0.5, "seed": 7, "method": "GET"})
        outcomes = []
        for _request in range(20):
            try:
                api.customers.list()
            except stripe.APIError:
                outcomes.append(True)
            else:
                outcomes.append(False)
        return outcomes

    first = struck()
    assert 3 < sum(first) < 17
    assert struck() == first
    (rule,) = sandbox.control("GET", "faults")["faults"]
    assert rule["hits"] == sum(first)


@pytest.mark.parametrize(
    "wrong", [{"kind": "explode"}, {"kind": "slow"}, {"kind": "error_500", "rate": 2}, {"kind": "slow", "color": 1}]
)
def test_a_wrong_fault_is_refused(sandbox, wrong):
    with pytest.raises(urllib.error.HTTPError) as refused:
        sandbox.control("POST", "faults", wrong)
    assert refused.value.code == 400
    assert sandbox.control("GET", "faults")["faults"] == []
