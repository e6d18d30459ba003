"""Events from the sandbox to a running shop: what they set in motion, and what cannot fool it."""

import time
from uuid import uuid4

import pytest
from djstripe.models import Customer, Event, PaymentIntent, PaymentMethod, WebhookEventTrigger

from apps.billing import collection, disputes, gateway, janitor, refunds
from apps.billing.models import Card, Dispute, LedgerEntry, Parked, Payment, Profile, Refund
from apps.core import clock
from apps.core.money import Money

from .bills import bill, cardholder
from .worlds import ALWAYS_ASKS, FAILS_LATER, request_for

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture
def now():
    """The real time: events are stamped with it."""
    return clock.now()


@pytest.fixture(autouse=True)
def in_force(stripe_world):
    with gateway.using(stripe_world.gateway):
        yield


def fresh(payment: Payment) -> Payment:
    return Payment.objects.get(pk=payment.pk)


def some_event(kind: str, thing: dict) -> dict:
    return {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "api_version": "2025-09-30.clover",
        "created": int(time.time()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
        "data": {"object": thing},
    }


def test_a_charge_whose_answer_was_lost_is_asked_about_when_its_event_comes(shop, stripe_world, sandbox, now):
    payment = bill(cardholder(stripe_world, now=now), now=now)
    sandbox.fault("drop_after")
    assert collection.collect_now(payment.pk, now=now).status == Payment.Status.UNKNOWN
    assert fresh(payment).check_at > now

    outcome = shop.deliver()

    assert outcome["failed"] == 0
    assert fresh(payment).check_at <= clock.now()
    assert fresh(payment).status == Payment.Status.UNKNOWN  # an event is a hint, never the truth
    janitor.check_due(now=clock.now())
    assert fresh(payment).status == Payment.Status.SUCCEEDED


def test_the_mirror_follows(shop, stripe_world, now):
    user = cardholder(stripe_world, now=now)
    payment = collection.collect_now(bill(user, now=now).pk, now=now)
    assert shop.deliver()["failed"] == 0
    mirrored = PaymentIntent.objects.get(id=payment.gateway_id).stripe_data
    assert (mirrored["amount"], mirrored["currency"], mirrored["status"]) == (1200, "eur", "succeeded")
    assert mirrored["metadata"]["payment"] == str(payment.key)
    profile = Profile.objects.of(user)
    assert Customer.objects.get().id == profile.gateway_customer_id
    assert PaymentMethod.objects.get().id == profile.default_card.gateway_id
    assert set(Event.objects.values_list("type", flat=True)) == {"setup_intent.succeeded", "payment_intent.succeeded"}


def test_a_payment_that_is_settled_is_left_alone(shop, stripe_world, now):
    paid = collection.collect_now(bill(cardholder(stripe_world, now=now), now=now).pk, now=now)
    declining = cardholder(stripe_world, now=now, number=FAILS_LATER)
    declined = collection.collect_now(bill(declining, now=now).pk, now=now)
    assert (paid.status, declined.status) == (Payment.Status.SUCCEEDED, Payment.Status.DECLINED)
    assert shop.deliver()["failed"] == 0
    assert Event.objects.filter(type="payment_intent.payment_failed").count() == 1
    assert (fresh(paid).check_at, fresh(declined).check_at) == (None, None)


def test_a_customer_who_confirmed_and_closed_the_page_has_paid(shop, stripe_world, now):
    user = cardholder(stripe_world, now=now, number=ALWAYS_ASKS)
    payment = collection.collect_now(bill(user, now=now).pk, now=now)
    assert payment.status == Payment.Status.NEEDS_ACTION
    card = stripe_world.gateway.read_card(payment.card.gateway_id)
    stripe_world.confirm(payment.gateway_id, card)
    shop.deliver()
    janitor.check_due(now=clock.now())
    assert fresh(payment).status == Payment.Status.SUCCEEDED


def test_doubled_and_shuffled_events_do_no_harm(shop, stripe_world, sandbox, now):
    payment = bill(cardholder(stripe_world, now=now), now=now)
    sandbox.control("POST", "/webhooks", {"duplicate": 3, "shuffle": 5, "seed": 4})
    sandbox.fault("drop_after")
    collection.collect_now(payment.pk, now=now)
    assert shop.deliver()["failed"] == 0
    janitor.check_due(now=clock.now())
    assert fresh(payment).status == Payment.Status.SUCCEEDED
    assert Event.objects.filter(type="payment_intent.succeeded").count() == 1
    assert WebhookEventTrigger.objects.filter(event__type="payment_intent.succeeded").count() == 4
    assert fresh(payment).check_at is None


def test_a_late_failure_does_not_touch_a_paid_payment(shop, stripe_world, now):
    payment = collection.collect_now(bill(cardholder(stripe_world, now=now), now=now).pk, now=now)
    intent = {"id": payment.gateway_id, "object": "payment_intent", "metadata": {"payment": str(payment.key)}}
    assert shop.post(some_event("payment_intent.payment_failed", intent)) == 200
    assert (fresh(payment).status, fresh(payment).check_at) == (Payment.Status.SUCCEEDED, None)


@pytest.mark.parametrize("key", ["", "order-17", "' OR 1=1"])
def test_intents_of_others_on_the_account_are_none_of_our_business(shop, stripe_world, now, key):
    card = stripe_world.card()
    payment = bill(cardholder(stripe_world, now=now), now=now)
    stripe_world.gateway.charge(request_for(card, payment_key=key or str(uuid4())))
    assert shop.deliver()["failed"] == 0
    assert (fresh(payment).status, fresh(payment).check_at) == (Payment.Status.PENDING, None)


def test_forged_stale_and_unsigned_events_are_refused(shop, stripe_world, sandbox, now):
    payment = bill(cardholder(stripe_world, now=now), now=now)
    sandbox.fault("drop_after")
    collection.collect_now(payment.pk, now=now)
    before = fresh(payment).check_at
    event = some_event(
        "payment_intent.succeeded",
        {"id": "pi_forged", "object": "payment_intent", "metadata": {"payment": str(payment.key)}},
    )
    assert shop.post(event, secret="whsec_guess") == 400
    assert shop.post(event, age=600) == 400
    assert shop.post(event, signature="t=1,v1=00") == 400
    assert shop.post(event, signature="nonsense") == 400
    assert shop.post(event, signature="") == 400
    assert shop.post(event, url=f"{shop.url}/stripe/webhook/{uuid4()}/") == 404
    assert not Event.objects.filter(id=event["id"]).exists()
    assert not WebhookEventTrigger.objects.filter(processed=True).exists()
    assert fresh(payment).check_at == before


def test_an_honest_event_is_handled_once(shop, stripe_world, sandbox, now):
    payment = bill(cardholder(stripe_world, now=now), now=now)
    sandbox.fault("drop_after")
    collection.collect_now(payment.pk, now=now)
    found = janitor.check(payment.pk, now=now).gateway_id
    Payment.objects.filter(pk=payment.pk).update(check_at=None)
    intent = {"id": found, "object": "payment_intent", "metadata": {"payment": str(payment.key)}}
    event = some_event("payment_intent.succeeded", intent)
    assert shop.post(event) == 200
    assert shop.post(event, age=200) == 200
    assert Event.objects.filter(id=event["id"]).count() == 1


def test_a_card_removed_or_renewed_at_the_gateway_is_so_here(shop, stripe_world, now):
    user = cardholder(stripe_world, now=now)
    card = Card.objects.get()
    method = stripe_world.gateway._api.payment_methods.update(card.gateway_id, {"card": {"exp_year": 2044}})
    assert shop.post(some_event("payment_method.automatically_updated", method.to_dict())) == 200
    card.refresh_from_db()
    assert (card.exp_year, card.detached_at) == (2044, None)

    stripe_world.gateway.detach_card(card.gateway_id)
    assert shop.deliver()["failed"] == 0
    card.refresh_from_db()
    assert card.detached_at >= now
    assert Profile.objects.of(user).default_card is None


def test_a_gateway_that_is_away_when_a_card_is_refreshed_changes_nothing(shop, stripe_world, sandbox, now):
    cardholder(stripe_world, now=now)
    card = Card.objects.get()
    shop.deliver()
    method = {"id": card.gateway_id, "object": "payment_method", "customer": None, "card": {}, "type": "card"}
    sandbox.fault("drop_before", path_prefix="/v1/payment_methods", method="GET", count=None)
    assert shop.post(some_event("payment_method.detached", method)) == 200
    card.refresh_from_db()
    assert card.detached_at is None


def test_a_refund_that_the_bank_sends_back_is_put_before_staff(shop, stripe_world, sandbox, now):
    payment = collection.collect_now(bill(cardholder(stripe_world, now=now), now=now).pk, now=now)
    refund = refunds.request(payment.pk, amount=Money(500, "EUR"), key="r", reason="gift", now=now)
    refunds.carry_out_due(now=now)
    assert shop.deliver()["failed"] == 0
    assert Parked.objects.count() == 0  # our own refund is in the books
    sandbox.control("POST", f"/refunds/{Refund.objects.get().gateway_id}/fail")

    assert shop.deliver()["failed"] == 0
    refunds.carry_out_due(now=clock.now())

    assert Refund.objects.get(pk=refund.pk).status == Refund.Status.FAILED
    assert Parked.objects.get().kind == "refund"


def test_a_refund_made_elsewhere_is_put_before_staff(shop, stripe_world, now):
    payment = collection.collect_now(bill(cardholder(stripe_world, now=now), now=now).pk, now=now)
    stripe_world.gateway._api.refunds.create({"payment_intent": payment.gateway_id, "amount": 100})
    assert shop.deliver()["failed"] == 0
    parked = Parked.objects.get()
    assert (parked.kind, parked.ref) == ("refund_outside", payment.gateway_id)


def test_a_dispute_is_written_down_once_and_then_the_gateway_is_asked(shop, stripe_world, sandbox, now):
    payment = collection.collect_now(bill(cardholder(stripe_world, now=now), now=now).pk, now=now)
    sandbox.control("POST", "/webhooks", {"duplicate": 2})
    name = stripe_world.dispute(payment.gateway_id)
    assert shop.deliver()["failed"] == 0
    heard = Dispute.objects.get()
    assert (heard.gateway_id, heard.intent_id, heard.amount) == (name, payment.gateway_id, None)

    disputes.ask_due(now=clock.now())
    assert Dispute.objects.values_list("payment", "status", "amount_minor").get() == (
        payment.pk, "needs_response", 1200,
    )  # fmt: skip

    stripe_world.decide(name, "lost")
    assert shop.deliver()["failed"] == 0
    disputes.ask_due(now=clock.now())
    assert Dispute.objects.values_list("status", "check_at").get() == ("lost", None)
    assert Parked.objects.values_list("kind", "ref").get() == ("dispute_lost", name)
    assert LedgerEntry.objects.balances()["bad_debt", "EUR"] == 1200


def test_a_dispute_that_is_won_brings_the_money_back_by_its_events(shop, stripe_world, now):
    payment = collection.collect_now(bill(cardholder(stripe_world, now=now), now=now).pk, now=now)
    name = stripe_world.dispute(payment.gateway_id)
    shop.deliver()
    disputes.ask_due(now=clock.now())
    disputes.answer(Dispute.objects.get().pk, statement="They were here every week.", now=clock.now())
    stripe_world.decide(name, "won")
    assert shop.deliver()["failed"] == 0
    disputes.ask_due(now=clock.now())
    assert Dispute.objects.values_list("status", "check_at").get() == ("won", None)
    balances = LedgerEntry.objects.balances()
    assert (balances["disputes", "EUR"], balances["cash", "EUR"]) == (0, 1200 - 2000)
