"""Two books to compare: what both sides agree on, and what somebody does past the shop."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import collection, gateway, reconciliation
from apps.billing.models import Break, Payment, Profile, Reconciliation

from .bills import bill, cardholder
from .worlds import StripeWorld

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    """The gateway lives in real time."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def books_of_stripe(stripe_world, sandbox) -> Iterator[StripeWorld]:
    """A gateway in force whose books hold nothing but what this test does."""
    sandbox.control("POST", "/reset")
    with gateway.using(stripe_world.gateway):
        yield stripe_world


def paid(world: StripeWorld, *, now: datetime, minor: int = 1200) -> Payment:
    """A payment that both sides agree on."""
    payment = bill(cardholder(world, now=now), now=now, minor=minor)
    collection.collect_due(now=now)
    payment.refresh_from_db()
    assert payment.status == "succeeded"
    return payment


def night(now: datetime, number: int = 0) -> Reconciliation:
    """Compare an hour later, or so many nights after that."""
    reconciliation.run_due(now=now + HOUR + number * DAY)
    return Reconciliation.objects.latest("pk")


def charge_by_hand(
    world: StripeWorld, payment: Payment, *, minor: int = 1200, key: str = "", metadata: dict | None = None
) -> str:
    """Charge the customer of a payment past the shop; the new intent."""
    profile = Profile.objects.of(payment.invoice.customer_id)
    params = {
        "amount": minor,
        "currency": "eur",
        "customer": profile.gateway_customer_id,
        "payment_method": profile.default_card.gateway_id,
        "confirm": True,
        "off_session": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {**(metadata or {}), **({"payment": key} if key else {})},
    }
    return world.gateway._api.payment_intents.create(params).id


def breaks() -> list[tuple]:
    """What differs, in the order it was found."""
    return list(Break.objects.order_by("pk").values_list("subject", "kind", "here", "there", "fix", "status"))
