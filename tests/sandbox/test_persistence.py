"""The state file: what was there is there again."""

import json

import pytest
import stripe

from tests.sandbox import handle as handles
from tests.sandbox.conftest import client_for
from tests.sandbox.handle import wait_for


def test_everything_survives_a_restart(tmp_path):
    state = tmp_path / "deep" / "state.json"
    first = handles.start(state=state)
    api = client_for(first).v1
    customer = api.customers.create({"email": "ada@example.com"})
    gone = api.customers.create({})
    api.customers.delete(gone.id)
    setup = api.setup_intents.create(
        {
            "customer": customer.id,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "confirm": True,
            "payment_method_types": ["card"],
        }
    )
    first.control("POST", "authenticate", {"intent": setup.id})
    params = {
        "amount": 500,
        "currency": "eur",
        "customer": customer.id,
        "payment_method": setup.payment_method,
        "confirm": True,
        "off_session": True,
        "payment_method_types": ["card"],
        "metadata": {"payment": "1"},
    }
    made = [api.payment_intents.create(params, {"idempotency_key": f"k{number}"}).id for number in range(3)]
    endpoint = api.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["customer.updated"]})
    api.customers.update(customer.id, {"name": "Ada"})
    first.stop()

    second = handles.start(state=state)
    api = client_for(second).v1
    assert [row.id for row in api.payment_intents.list().data] == made[::-1]
    assert api.payment_intents.create(params, {"idempotency_key": "k1"}).id == made[1]
    assert api.payment_intents.create(params, {"idempotency_key": "new"}).status == "succeeded"
    assert len(api.payment_intents.search({"query": "metadata['payment']:'1'"}).data) == 4
    assert api.customers.list({"email": "ada@example.com"}).data[0].name == "Ada"
    assert api.customers.retrieve(gone.id).deleted is True
    assert [row.id for row in api.customers.list().data] == [customer.id]
    assert second.control("GET", "webhooks")["pending"] == 1
    assert api.webhook_endpoints.retrieve(endpoint.id).status == "enabled"
    second.stop()
    assert [path.name for path in state.parent.iterdir()] == ["state.json"]


def test_changes_are_written_while_running(tmp_path):
    state = tmp_path / "state.json"
    sandbox = handles.start(state=state)
    api = client_for(sandbox).v1
    customer = api.customers.create({"name": "before"})
    api.customers.update(customer.id, {"name": "after"})

    def saved_name() -> str | None:
        rows = json.loads(state.read_text())["rows"] if state.exists() else []
        return next((row["name"] for _kind, found, row in rows if found == customer.id), None)

    wait_for(lambda: saved_name() == "after")
    sandbox.control("POST", "reset")
    wait_for(lambda: saved_name() is None)
    sandbox.process.kill()
    sandbox.process.wait()
    again = handles.start(state=state)
    with pytest.raises(stripe.InvalidRequestError):
        client_for(again).v1.customers.retrieve(customer.id)
    again.stop()
