"""Refusals have Stripe's statuses, types, codes and parameters."""

import pytest
import stripe

from tests.sandbox.conftest import client_for


@pytest.mark.parametrize(
    ("read", "param"),
    [
        (lambda api: api.customers.retrieve("cus_none"), "id"),
        (lambda api: api.payment_intents.retrieve("pi_none"), "intent"),
        (lambda api: api.setup_intents.retrieve("seti_none"), "intent"),
        (lambda api: api.payment_methods.retrieve("pm_none"), "payment_method"),
        (lambda api: api.charges.retrieve("ch_none"), "id"),
        (lambda api: api.refunds.retrieve("re_none"), "refund"),
        (lambda api: api.disputes.retrieve("du_none"), "dispute"),
        (lambda api: api.events.retrieve("evt_none"), "id"),
        (lambda api: api.webhook_endpoints.retrieve("we_none"), "webhook_endpoint"),
        (lambda api: api.balance_transactions.retrieve("txn_none"), "id"),
    ],
)
def test_what_does_not_exist_is_missing(api, read, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        read(api)
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (404, "resource_missing", param)
    assert refused.value.request_id.startswith("req_")


@pytest.mark.parametrize("field", ["customer", "payment_method"])
def test_a_parameter_that_names_nothing_is_a_bad_request(api, field):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.payment_intents.create({"amount": 500, "currency": "eur", field: "nothing"})
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, "resource_missing", field)


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": 500, "currency": "eur", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": 500, "currency": "eur", "shipping": {"colour": 1}}, "parameter_unknown", "shipping[colour]"),
        ({"currency": "eur"}, "parameter_missing", "amount"),
        ({"amount": 500}, "parameter_missing", "currency"),
        ({"amount": "", "currency": "eur"}, "parameter_invalid_empty", "amount"),
        ({"amount": 500, "currency": "eur", "confirm": "maybe"}, None, "confirm"),
        ({"amount": 500, "currency": "eur", "setup_future_usage": "never"}, None, "setup_future_usage"),
        ({"amount": 500, "currency": "eur", "off_session": True}, None, "off_session"),
        ({"amount": 500, "currency": "eur", "metadata": {"k" * 41: "v"}}, None, f"metadata[{'k' * 41}]"),
        ({"amount": 500, "currency": "eur", "expand": ["amount"]}, None, "expand"),
    ],
)
def test_bad_parameters(api, params, code, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.payment_intents.create(params)
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)


@pytest.mark.parametrize("key", ["sk_live_0000000000000000000000", "sk_test_", "nonsense"])
def test_a_wrong_key(sandbox, key):
    with pytest.raises(stripe.AuthenticationError) as refused:
        client_for(sandbox, key).v1.customers.list()
    assert refused.value.http_status == 401
    assert "Invalid API Key provided" in str(refused.value)


def test_unknown_addresses_versions_and_accounts(api, sandbox):
    client = client_for(sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as refused:
        client.raw_request("get", "/v1/unicorns")
    assert refused.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        api.customers.list({}, {"stripe_version": "yesterday"})
    with pytest.raises(stripe.PermissionError):
        api.customers.list({}, {"stripe_account": "acct_other"})
    old = api.customers.list({}, {"stripe_version": "2025-03-31.basil"})
    assert old.last_response.headers["stripe-version"] == "2025-03-31.basil"
