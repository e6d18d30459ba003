"""The whole chain against Stripe's API as the sandbox speaks it: issue, collect, doubt, recovery, refund."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import charging, collection, janitor, lifecycle, refunds
from apps.billing import gateway as gateways
from apps.billing.models import Card, Invoice, Profile
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import customer

from .gateway.worlds import ALWAYS_ASKS, GOOD, NO_FUNDS, Sandbox, StripeWorld
from .reading import books

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings):
    """The sandbox of the test session, left without faults."""
    sandbox = Sandbox(settings.STRIPE_API_BASE)
    there = StripeWorld(sandbox)
    with gateways.using(there.gateway):
        yield there
    sandbox.clear()


@pytest.fixture
def now() -> datetime:
    """The gateway lives in real time, and is asked for charges since then."""
    return datetime.now(UTC).replace(microsecond=0)


def payer(world: StripeWorld, number: str, now: datetime):
    """A customer with this test card at Stripe."""
    user = customer()
    details = world.card(number)
    profile = Profile.objects.create(user=user, gateway_customer_id=details.customer_id, created_at=now)
    profile.default_card = save(profile, details, now)
    profile.save()
    return user


def save(profile: Profile, details, now: datetime) -> Card:
    return Card.objects.create(
        profile=profile,
        gateway_id=details.method_id,
        brand=details.brand,
        last4=details.last4,
        exp_month=details.exp_month,
        exp_year=details.exp_year,
        created_at=now,
    )


def taken(world: StripeWorld, invoice: Invoice) -> list[str]:
    """The intents by which Stripe took money from the customer."""
    customer_id = invoice.customer.billing_profile.gateway_customer_id
    intents = world.gateway._api.payment_intents.list({"customer": customer_id}).data
    return [intent.id for intent in intents if intent.status == "succeeded"]


def test_a_renewal_is_collected_and_refunded(world, now):
    invoice = billing.invoice(payer(world, GOOD, now), now=now)
    collection.collect_due(now=now)
    payment = billing.payment_of(invoice)
    assert payment.status == "succeeded"
    assert Invoice.objects.get().status == "paid"
    refund = refunds.request(payment.pk, amount=Money(900, "EUR"), key="a", reason="", now=now)
    refunds.carry_out_due(now=now)
    refund.refresh_from_db()
    assert refund.status == "succeeded"
    assert books()["cash"] == 2000


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_a_lost_answer_ends_in_one_charge(world, now, fault):
    invoice = billing.invoice(payer(world, GOOD, now), now=now)
    # The client itself repeats a request twice under the same key; all three are lost.
    world.sandbox.fault(fault, count=3)
    collection.collect_due(now=now)
    payment = billing.payment_of(invoice)
    assert payment.status == "unknown"
    world.sandbox.clear()
    later = now + timedelta(minutes=2)
    janitor.check_due(now=later)
    collection.collect_due(now=later)
    payment.refresh_from_db()
    assert payment.status == "succeeded"
    assert taken(world, invoice) == [payment.gateway_id]


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_a_key_that_the_gateway_forgot_after_a_day_ends_in_one_charge(world, now, fault):
    invoice = billing.invoice(payer(world, GOOD, now), now=now)
    world.sandbox.fault(fault, count=3)
    collection.collect_due(now=now)
    world.sandbox.clear()
    # No worker ran for more than a day, and Stripe remembers no key that long.
    world.sandbox.control("DELETE", "/idempotency_keys")
    later = now + timedelta(hours=25)
    for _pass in range(3):
        janitor.check_due(now=later)
        collection.collect_due(now=later)
        world.sandbox.control("DELETE", "/idempotency_keys")
    payment = billing.payment_of(invoice)
    assert (payment.status, payment.attempt) == ("succeeded", 1)
    assert taken(world, invoice) == [payment.gateway_id]
    assert books()["cash"] == 2900


def test_a_worker_killed_after_the_charge_and_a_key_forgotten_end_in_one_charge(world, now):
    invoice = billing.invoice(payer(world, GOOD, now), now=now)
    [claimed] = lifecycle.claim(now=now, limit=1)
    charged = charging.charge(world.gateway, claimed, deadline=float("inf"))
    world.sandbox.control("DELETE", "/idempotency_keys")
    later = now + timedelta(hours=25)
    for _pass in range(3):
        collection.collect_due(now=later)
        janitor.check_due(now=later)
    payment = billing.payment_of(invoice)
    assert (payment.status, payment.gateway_id) == ("succeeded", charged.intent_id)
    assert taken(world, invoice) == [charged.intent_id]


def test_insufficient_funds_and_then_another_card(world, now):
    user = payer(world, NO_FUNDS, now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    payment = billing.payment_of(invoice)
    assert (payment.status, payment.decline_code, payment.decline_hard) == ("declined", "insufficient_funds", False)
    profile = Profile.objects.get(user=user)
    good = save(profile, world.card(GOOD, customer_id=profile.gateway_customer_id), now)
    paid = collection.retry_with_card(invoice.pk, card_id=good.pk, on_session=True, now=now)
    assert (paid.status, invoice.recovery.status) == ("succeeded", "recovered")


def test_authentication_is_asked_for_and_given_on_the_same_intent(world, now):
    user = payer(world, ALWAYS_ASKS, now)
    invoice = billing.invoice(user, now=now, on_session=True)
    payment = collection.collect_now(billing.payment_of(invoice).pk, now=now)
    assert payment.status == "needs_action"
    world.confirm(payment.gateway_id, world.gateway.read_card(payment.card.gateway_id))
    assert janitor.check(payment.pk, now=now).status == "succeeded"
    assert Invoice.objects.get().status == "paid"
