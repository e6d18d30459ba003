"""How Stripe is called when there is no outcome but an answer."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import stripe

from . import stripe_outcomes as outcomes
from .port import GatewayRefused, GatewayUnavailable


def named(object_id: str) -> str:
    """An id that is one: without it the address would be that of the list of all."""
    if not object_id:
        raise GatewayRefused("resource_missing", "There is no id.")
    return object_id


def patient(key: str = "") -> stripe.RequestOptions:
    """Options of a call for which a person waits: one more try, the same key."""
    options: stripe.RequestOptions = {"max_network_retries": 1}
    if key:
        options["idempotency_key"] = key
    return options


def raise_unless_missing(refusal: GatewayRefused) -> None:
    """Raise a refusal again, unless it says that there is no such object."""
    if refusal.code != "resource_missing":
        raise refusal


@contextmanager
def answered() -> Generator[None]:
    """Turn Stripe's exceptions into the port's, for calls that have no outcome but an answer."""
    try:
        yield
    except stripe.StripeError as error:
        outcomes.raise_if_misconfigured(error)
        if isinstance(error, stripe.InvalidRequestError | stripe.CardError | stripe.IdempotencyError):
            raise GatewayRefused(error.code or "invalid_request", error.user_message or "") from error
        raise GatewayUnavailable(str(error)) from error
