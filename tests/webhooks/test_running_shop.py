"""Events to the running shop: they settle what was lost, once each, and nobody else can send them."""

import json
from datetime import timedelta

import pytest
from djstripe.models import Event, WebhookEventTrigger

from apps.billing.models import Dispute, Payment, Recovery
from tests.browser import people
from tests.stack import Stack, wait_for

from .events import dispute_event, post

HOUR = timedelta(hours=1)


def deliver(shop: Stack) -> dict:
    """Let the sandbox send all it holds back; what came of it."""
    return json.loads(shop.control("webhooks/flush"))


def fault(shop: Stack, kind: str, method: str) -> None:
    shop.control("faults", json.dumps({"kind": kind, "path_prefix": "/v1/payment_intents", "method": method}).encode())


def first_charge(shop: Stack) -> str:
    """A charge that succeeded."""
    joined = people.member(shop, "grove")
    intent = Payment.objects.get(invoice__customer=joined.customer).gateway_id
    return people.api(shop).v1.payment_intents.retrieve(intent).latest_charge


def test_a_lost_answer_is_settled_when_its_event_comes(shop):
    joined = people.member(shop, "grove")
    deliver(shop)
    fault(shop, "drop_after", "POST")
    fault(shop, "drop_before", "GET")
    invoice = people.renewal_due(shop, joined)
    payment = invoice.payments.get()
    assert (payment.status, invoice.status) == ("unknown", "open")
    # The gateway stays silent for a day: the janitor asks ever more rarely, and next in hours.
    people.travel(shop, joined.current_end + people.days(1))
    shop.ring("billing.janitor", "billing.dunning", "billing.collect")
    wait_for(lambda: Payment.objects.get(pk=payment.pk).check_at > shop.now() + 5 * HOUR)
    shop.control("faults", method="DELETE")
    assert Payment.objects.get(pk=payment.pk).status == "unknown"
    assert not Recovery.objects.filter(invoice=invoice).exists(), "Nobody is dunned for a payment in doubt"

    outcome = deliver(shop)
    assert (outcome["failed"], outcome["pending"]) == (0, 0)
    shop.ring("billing.janitor")
    wait_for(lambda: Payment.objects.get(pk=payment.pk).status == "succeeded")

    invoice.refresh_from_db()
    joined.refresh_from_db()
    assert (invoice.status, joined.status, invoice.payments.count()) == ("paid", "active", 1)
    assert people.charges(shop, joined.customer) == [("succeeded", 1200), ("succeeded", 1200)]
    assert people.mails(joined.customer).count("receipt") == 2


def test_the_same_event_many_times_at_once_is_handled_once(shop):
    charge = first_charge(shop)
    deliver(shop)
    shop.control("webhooks", b'{"duplicate": 7}')
    dispute = json.loads(shop.control("disputes", json.dumps({"charge": charge}).encode()))
    outcome = deliver(shop)

    assert outcome == {"delivered": 16, "failed": 0, "pending": 0}  # with charge.dispute.funds_withdrawn
    events = Event.objects.filter(type="charge.dispute.created", data__object__id=dispute["id"])
    assert events.count() == 1
    triggers = WebhookEventTrigger.objects.filter(event=events.get())
    assert list(triggers.values_list("valid", "processed")) == [(True, True)] * 8
    assert Dispute.objects.filter(gateway_id=dispute["id"]).count() == 1


@pytest.mark.parametrize("forgery", [{"secret": "whsec_guess"}, {"age": 3600}], ids=["forged", "stale"])
def test_an_event_that_is_not_from_the_gateway_now_is_refused_and_changes_nothing(shop, forgery):
    event = dispute_event(first_charge(shop))
    before = (Event.objects.count(), Dispute.objects.count())

    assert post(event, **forgery) == 400

    assert (Event.objects.count(), Dispute.objects.count()) == before
    refused = WebhookEventTrigger.objects.latest("pk")
    assert (refused.valid, refused.processed, refused.event) == (False, False, None)


def test_a_gateway_that_fails_while_an_event_is_read_gets_it_again(shop):
    charge = first_charge(shop)
    deliver(shop)
    shop.control("faults", b'{"kind": "drop_before", "method": "GET"}')
    dispute = json.loads(shop.control("disputes", json.dumps({"charge": charge}).encode()))
    assert deliver(shop) == {"delivered": 0, "failed": 2, "pending": 2}
    assert not Dispute.objects.filter(gateway_id=dispute["id"]).exists()

    shop.control("faults", method="DELETE")
    assert deliver(shop) == {"delivered": 2, "failed": 0, "pending": 0}
    assert Dispute.objects.filter(gateway_id=dispute["id"]).count() == 1
