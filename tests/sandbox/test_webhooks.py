"""Webhooks: which events, signed how, and what the disturbances do."""

from collections.abc import Iterator

import pytest
import stripe

from tests.sandbox import receiver as receivers
from tests.sandbox.handle import wait_for
from tests.sandbox.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receivers.running() as running:
        yield running


@pytest.fixture
def subscribe(api, receiver):
    def create(*types: str) -> stripe.WebhookEndpoint:
        endpoint = api.webhook_endpoints.create(
            {"url": receiver.url, "enabled_events": list(types), "api_version": "2025-03-31.basil"}
        )
        receiver.secret = endpoint.secret
        return endpoint

    return create


def test_an_endpoint_shows_its_secret_once(api, subscribe):
    endpoint = subscribe("*")
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in api.webhook_endpoints.retrieve(endpoint.id).to_dict()
    assert api.webhook_endpoints.update(endpoint.id, {"disabled": True}).status == "disabled"
    assert api.webhook_endpoints.delete(endpoint.id).deleted is True
    assert api.webhook_endpoints.list().data == []


def test_chosen_events_arrive_signed(api, subscribe, receiver, set_up, pay):
    subscribe("payment_intent.succeeded", "charge.succeeded", "setup_intent.succeeded")
    intent = pay(set_up("pm_card_visa"), key="the-key")
    wait_for(lambda: len(receiver.received) == 3)
    assert sorted(receiver.types()) == ["charge.succeeded", "payment_intent.succeeded", "setup_intent.succeeded"]
    event = next(event for event in receiver.events() if event.type == "payment_intent.succeeded")
    assert (event.data.object.id, event.api_version) == (intent.id, "2025-03-31.basil")
    assert event["request"].idempotency_key == "the-key"
    wait_for(lambda: api.events.retrieve(event.id).pending_webhooks == 0)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(*receiver.received[0], "whsec_wrong")


def test_what_happens_is_told(api, customer, saved, pay, sandbox):
    method = saved()
    api.payment_methods.update(method, {"metadata": {"a": "1"}})
    intent = pay(method)
    api.refunds.create({"payment_intent": intent.id, "amount": 10})
    dispute = sandbox.control("POST", "disputes", {"charge": intent.latest_charge})
    sandbox.control("POST", f"disputes/{dispute['id']}/close", {"status": "lost"})
    api.payment_methods.detach(method)
    api.customers.update(customer.id, {"name": "Ada Lovelace"})
    api.customers.delete(customer.id)
    events = list(api.events.list({"limit": 100}).data)[::-1]
    assert [event.type for event in events] == [
        "customer.created",
        "payment_method.attached",
        "payment_method.updated",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "refund.created",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
        "payment_method.detached",
        "customer.updated",
        "customer.deleted",
    ]
    assert events[3].data.object.status == "requires_confirmation"
    assert events[12].data.previous_attributes.to_dict() == {"name": "Ada"}


def test_a_refused_event_comes_again(subscribe, receiver, api):
    subscribe("customer.created")
    receiver.refuse = 1
    api.customers.create({})
    wait_for(lambda: len(receiver.received) == 2)
    first, second = receiver.events()
    assert first.id == second.id


def test_duplicates(subscribe, receiver, api, sandbox):
    subscribe("customer.created")
    sandbox.control("POST", "webhooks", {"duplicate": 2})
    api.customers.create({})
    wait_for(lambda: len(receiver.received) == 3)
    assert len({event.id for event in receiver.events()}) == 1


def test_paused_shuffled_and_flushed(subscribe, receiver, api, sandbox):
    subscribe("customer.created")
    sandbox.control("POST", "webhooks", {"paused": True, "shuffle": 3600, "seed": 1})
    made = [api.customers.create({}).id for _number in range(12)]
    assert receiver.received == []
    assert sandbox.control("GET", "webhooks")["pending"] == 12
    assert sandbox.control("POST", "webhooks/flush") == {"delivered": 12, "failed": 0, "pending": 0}
    arrived = [event.data.object.id for event in receiver.events()]
    assert sorted(arrived) == sorted(made)
    assert arrived != made


def test_dropped_events_never_arrive(subscribe, receiver, api, sandbox):
    subscribe("customer.created")
    sandbox.control("POST", "webhooks", {"drop": 1})
    api.customers.create({})
    sandbox.control("POST", "webhooks", {"drop": 0})
    kept = api.customers.create({})
    wait_for(lambda: receiver.received)
    assert [event.data.object.id for event in receiver.events()] == [kept.id]
    assert sandbox.control("POST", "webhooks/flush") == {"delivered": 0, "failed": 0, "pending": 0}
