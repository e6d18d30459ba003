"""One sandbox process for all tests here, emptied before each."""

from collections.abc import Iterator

import pytest
import stripe

from tests.sandbox import handle as handles
from tests.sandbox.handle import Handle


@pytest.fixture(scope="session")
def process() -> Iterator[Handle]:
    handle = handles.start()
    yield handle
    handle.stop()


@pytest.fixture
def sandbox(process: Handle) -> Handle:
    """An empty sandbox."""
    process.control("POST", "reset")
    return process


def client_for(sandbox: Handle, key: str = handles.SECRET_KEY, *, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": sandbox.url}, max_network_retries=retries)


@pytest.fixture
def api(sandbox: Handle):
    """The shop's server: Stripe's own library, unmodified."""
    return client_for(sandbox).v1


@pytest.fixture
def browser_api(sandbox: Handle):
    """The customer's browser: the same with a publishable key."""
    return client_for(sandbox, handles.PUBLISHABLE_KEY).v1


@pytest.fixture
def customer(api) -> stripe.Customer:
    return api.customers.create({"email": "ada@example.com", "name": "Ada"})


@pytest.fixture
def saved(api, customer):
    """Saves a test card for the customer, away from any 3-D Secure, and returns the payment method's identifier."""

    def save(alias: str = "pm_card_visa") -> str:
        return api.payment_methods.attach(alias, {"customer": customer.id}).id

    return save


@pytest.fixture
def set_up(api, sandbox, customer):
    """Saves a test card through a setup intent, passing 3-D Secure if asked, and returns the payment method."""

    def save(alias: str) -> str:
        intent = api.setup_intents.create(
            {"customer": customer.id, "payment_method": alias, "confirm": True, "payment_method_types": ["card"]}
        )
        if intent.status == "requires_action":
            answer = sandbox.control("POST", "authenticate", {"intent": intent.id})
            assert answer["status"] == "succeeded"
        return intent.payment_method

    return save


@pytest.fixture
def pay(api, customer):
    """Charges a saved card as a renewal does."""

    def charge(method: str, *, off_session: bool = True, key: str | None = None, **params):
        return api.payment_intents.create(
            {
                "amount": 1990,
                "currency": "eur",
                "customer": customer.id,
                "payment_method": method,
                "confirm": True,
                "off_session": off_session,
                "payment_method_types": ["card"],
                **params,
            },
            {"idempotency_key": key} if key else {},
        )

    return charge
