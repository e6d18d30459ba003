"""Identifiers in Stripe's style: a prefix that names the kind, then random characters."""

from secrets import token_hex

PREFIXES = {
    "balance_transaction": "txn_3",
    "charge": "ch_3",
    "customer": "cus_",
    "delivery": "del_",
    "dispute": "du_1",
    "event": "evt_1",
    "fault": "flt_",
    "payment_intent": "pi_3",
    "payment_method": "pm_1",
    "refund": "re_3",
    "request": "req_",
    "setup_intent": "seti_1",
    "webhook_endpoint": "we_1",
}


def new(kind: str) -> str:
    """A fresh identifier for an object of this kind."""
    return PREFIXES[kind] + token_hex(11)


def client_secret(intent_id: str) -> str:
    """The secret that lets a browser act on this one intent."""
    return f"{intent_id}_secret_{token_hex(12)}"
