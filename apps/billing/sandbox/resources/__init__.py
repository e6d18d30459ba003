"""The endpoints under /v1. Importing this package registers all of them with the router."""

from . import (
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

__all__ = [
    "account",
    "balance_transactions",
    "catalog",
    "charges",
    "customers",
    "disputes",
    "events",
    "payment_intents",
    "payment_methods",
    "refunds",
    "setup_intents",
    "three_d_secure",
    "webhook_endpoints",
]
