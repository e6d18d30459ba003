"""The rest of the control API: overrides, import, statistics, the request log, reset."""

import json
import urllib.error
import urllib.request

import pytest
import stripe

BOOK = {
    "customers": [
        {
            "id": f"cus_import{number}",
            "email": f"{number}@example.com",
            "name": f"Customer {number}",
            "metadata": {"user": str(number)},
            "payment_methods": [
                {"id": f"pm_import{number}", "number": "4000002500003155", "exp_month": 4, "exp_year": 2031}
            ],
        }
        for number in range(300)
    ],
    "payment_intents": [
        {
            "id": f"pi_import{number}",
            "customer": f"cus_import{number}",
            "payment_method": f"pm_import{number}",
            "amount": 1000 + number,
            "currency": "eur",
            "created": 1_700_000_000 + number,
            "metadata": {"payment": str(number)},
        }
        for number in range(300)
    ],
}


def test_a_book_is_imported_once(api, sandbox):
    assert sandbox.control("POST", "import", BOOK) == {
        "customers": 300,
        "payment_methods": 300,
        "payment_intents": 300,
        "refunds": 0,
        "webhook_endpoints": 0,
    }
    assert set(sandbox.control("POST", "import", BOOK).values()) == {0}
    stats = sandbox.control("GET", "stats?metadata_key=payment")
    assert stats["charges"] == {
        "succeeded": 300,
        "failed": 0,
        "amount": {"eur": sum(range(1000, 1300))},
        "refunded": {"eur": 0},
    }
    assert stats["succeeded_by_metadata"]["7"] == 1
    assert stats["more_than_once"] == {}
    intent = api.payment_intents.retrieve("pi_import7", {"expand": ["latest_charge", "customer"]})
    assert (intent.status, intent.created, intent.latest_charge.amount) == ("succeeded", 1_700_000_007, 1007)
    assert intent.customer.email == "7@example.com"
    assert api.refunds.create({"payment_intent": "pi_import7"}).amount == 1007
    renewed = api.payment_intents.create(
        {
            "amount": 500,
            "currency": "eur",
            "customer": "cus_import7",
            "payment_method": "pm_import7",
            "confirm": True,
            "off_session": True,
            "payment_method_types": ["card"],
        }
    )
    assert renewed.status == "succeeded"
    assert [row.id for row in api.payment_intents.list({"customer": "cus_import7"}).data] == [renewed.id, "pi_import7"]


def test_a_wrong_import_is_refused(sandbox, api):
    for wrong in ({"people": []}, {"customers": [{"email": "x"}]}, {"payment_intents": [{"id": "pi_1"}]}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            sandbox.control("POST", "import", wrong)
        assert refused.value.code == 400
    assert api.customers.list().data == []


def test_a_card_changes_its_mind(pay, saved, sandbox):
    first, second = saved(), saved()
    sandbox.control("POST", "cards", {"card": first, "outcome": "lost_card"})
    with pytest.raises(stripe.CardError) as refused:
        pay(first)
    assert refused.value.error.decline_code == "lost_card"
    assert pay(second).status == "succeeded"
    sandbox.control("POST", "cards", {"card": "4242424242424242", "outcome": "authentication_required"})
    with pytest.raises(stripe.CardError) as refused:
        pay(second)
    assert refused.value.code == "authentication_required"
    sandbox.control("POST", "cards", {"card": first, "outcome": "ok"})
    assert pay(first).status == "succeeded"
    assert sandbox.control("DELETE", "cards") == {"overrides": []}
    assert pay(second).status == "succeeded"


def test_a_declined_card_can_be_told_to_work(pay, saved, sandbox):
    method = saved("pm_card_chargeCustomerFail")
    sandbox.control("POST", "cards", {"card": method, "outcome": "ok"})
    assert pay(method).status == "succeeded"


@pytest.mark.parametrize("wrong", [{"card": "4111", "outcome": "ok"}, {"card": "4242424242424242", "outcome": "maybe"}])
def test_a_wrong_override_is_refused(sandbox, wrong):
    with pytest.raises(urllib.error.HTTPError) as refused:
        sandbox.control("POST", "cards", wrong)
    assert refused.value.code == 400
    assert sandbox.control("GET", "cards") == {"overrides": []}


def test_requests_are_logged(api, customer, sandbox):
    sandbox.control("DELETE", "requests")
    api.customers.create({}, {"idempotency_key": "k"})
    with pytest.raises(stripe.InvalidRequestError):
        api.charges.retrieve("ch_none")
    first, second = sandbox.control("GET", "requests")["requests"]
    assert (first["method"], first["path"], first["idempotency_key"], first["status"]) == (
        "POST",
        "/v1/customers",
        "k",
        200,
    )
    assert (second["method"], second["path"], second["status"]) == ("GET", "/v1/charges/ch_none", 404)
    assert len(sandbox.control("GET", "requests?method=GET")["requests"]) == 1


def test_reset_forgets_all_but_may_keep_the_webhook_endpoints(api, customer, sandbox):
    endpoint = api.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["charge.failed"]})
    sandbox.control("POST", "reset", {"keep_webhook_endpoints": True})
    assert api.customers.list().data == []
    assert [row.id for row in api.webhook_endpoints.list().data] == [endpoint.id]
    sandbox.control("POST", "reset")
    assert api.webhook_endpoints.list().data == []


def test_other_sites_in_a_browser_cannot_use_the_control_api(sandbox, customer, api):
    request = urllib.request.Request(
        f"{sandbox.url}/_control/reset", json.dumps({}).encode(), {"Origin": "https://evil.example"}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 403
    assert [row.id for row in api.customers.list().data] == [customer.id]
