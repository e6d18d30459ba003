"""What the rehearsal gateway remembers, and how the sandbox takes it over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from apps.core.money import Money

from .behaviours import Script
from .port import CardDetails, ChargeRequest, Declined, NeedsAction, Succeeded


@dataclass(slots=True)
class Method:
    """A card, also after it was removed: charges refer to it."""

    details: CardDetails
    number: str
    script: Script


@dataclass(slots=True)
class Intent:
    """A charge, and how much of it went back (in minor units)."""

    id: str
    request: ChargeRequest
    created: datetime
    result: Succeeded | Declined | NeedsAction
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund that was made."""

    id: str
    intent_id: str
    key: str
    money: Money
    created: datetime


@dataclass(slots=True)
class Customer:
    """A customer; `methods` are the ids of their cards."""

    id: str
    email: str
    name: str
    methods: list[str] = field(default_factory=list)


def export(
    customers: Iterable[Customer],
    methods: Mapping[str, Method],
    intents: Iterable[Intent],
    given_back: Iterable[GivenBack],
) -> dict[str, list[dict]]:
    """All customers with their cards, the charges that succeeded and their refunds, as the sandbox's control API
    imports them."""
    return {
        "customers": [
            _customer(customer, [methods[method_id] for method_id in customer.methods]) for customer in customers
        ],
        "payment_intents": [_charge(intent) for intent in intents if isinstance(intent.result, Succeeded)],
        "refunds": [_refund(refund) for refund in given_back],
    }


def _customer(customer: Customer, methods: list[Method]) -> dict:
    return {
        "id": customer.id,
        "email": customer.email,
        "name": customer.name,
        "metadata": {},
        "payment_methods": [
            {
                "id": method.details.method_id,
                "number": method.number,
                "exp_month": method.details.exp_month,
                "exp_year": method.details.exp_year,
            }
            for method in methods
        ],
    }


def _charge(intent: Intent) -> dict:
    request = intent.request
    return {
        "id": intent.id,
        "customer": request.customer_id,
        "payment_method": request.method_id,
        "amount": request.money.minor,
        "currency": request.money.currency.lower(),
        "created": int(intent.created.timestamp()),
        "metadata": {**request.metadata, "payment": request.payment_key},
    }


def _refund(refund: GivenBack) -> dict:
    return {
        "id": refund.id,
        "payment_intent": refund.intent_id,
        "amount": refund.money.minor,
        "created": int(refund.created.timestamp()),
        "metadata": {"refund": refund.key},
    }
