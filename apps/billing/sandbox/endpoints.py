"""All endpoints. Importing the modules registers them; ``match`` then finds the one for a request."""

from .resources import (
    account,
    balance_transactions,
    catalog,
    charges,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    refunds,
    setup_intents,
    three_d_secure,
    webhook_endpoints,
)
from .routing import match

MODULES = (
    account,
    balance_transactions,
    catalog,
    charges,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    refunds,
    setup_intents,
    three_d_secure,
    webhook_endpoints,
)

__all__ = ["MODULES", "match"]
