"""Bulk import of ready objects with given identifiers, for demos and benchmarks. Repeating it changes nothing."""

from typing import Any

from . import cards
from .call import Call, Row
from .resources import charges, customers, payment_intents, payment_methods, refunds, webhook_endpoints


def run(call: Call, given: dict[str, Any]) -> dict[str, int]:
    """Creates the customers, payment methods, succeeded payment intents, their refunds and webhook endpoints that do
    not exist yet.

    Emits no events. Returns how many objects of each kind were created. Raises KeyError or ValueError for a wrong
    entry; what came before it stays imported.
    """
    unknown = set(given) - {"customers", "payment_intents", "refunds", "webhook_endpoints"}
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    created = {"customers": 0, "payment_methods": 0, "payment_intents": 0, "refunds": 0, "webhook_endpoints": 0}
    for entry in given.get("customers", ()):
        _customer(call, entry, created)
    for entry in given.get("payment_intents", ()):
        created["payment_intents"] += _payment_intent(call, entry)
    for entry in given.get("refunds", ()):
        created["refunds"] += _refund(call, entry)
    for entry in given.get("webhook_endpoints", ()):
        if call.sandbox.store["webhook_endpoint"].get(entry["id"]) is None:
            webhook_endpoints.add(call, entry["id"], given=entry, secret=entry["secret"])
            created["webhook_endpoints"] += 1
    return created


def _customer(call: Call, entry: dict[str, Any], created: dict[str, int]) -> None:
    table = call.sandbox.store["customer"]
    customer = table.get(entry["id"])
    if customer is None:
        attributes = {name: entry[name] for name in ("email", "name", "metadata") if entry.get(name) is not None}
        customer = customers.build(entry["id"], created=entry.get("created", call.created), given=attributes)
        created["customers"] += 1
    for method in entry.get("payment_methods", ()):
        created["payment_methods"] += _payment_method(call, method, customer)
    default = entry.get("default_payment_method")
    if default:
        customer = {
            **customer,
            "invoice_settings": {**customer["invoice_settings"], "default_payment_method": default},
        }
    table.put(customer)


def _payment_method(call: Call, entry: dict[str, Any], customer: Row) -> int:
    table = call.sandbox.store["payment_method"]
    if table.get(entry["id"]):
        return 0
    card = cards.BY_NUMBER.get(entry["number"])
    if card is None:
        raise ValueError(f"{entry['number']} is not a test card")
    method = payment_methods.build(
        entry["id"],
        card,
        created=entry.get("created") or customer["created"],
        exp_month=entry["exp_month"],
        exp_year=entry["exp_year"],
    )
    call.sandbox.store.note(entry["id"], number=card.number, set_up=True)
    table.put({**method, "customer": customer["id"]})
    return 1


def _payment_intent(call: Call, entry: dict[str, Any]) -> int:
    store = call.sandbox.store
    if store["payment_intent"].get(entry["id"]):
        return 0
    method = store["payment_method"].rows[entry["payment_method"]]
    created = entry.get("created", call.created)
    intent = payment_intents.build(
        entry["id"],
        created=created,
        method=method,
        given={
            "amount": int(entry["amount"]),
            "currency": entry["currency"].lower(),
            "customer": entry["customer"],
            "metadata": entry.get("metadata") or {},
            "payment_method_types": ["card"],
        },
    )
    then = Call(sandbox=call.sandbox, created=created)
    charge = charges.attempt(then, intent, method, decline=None, authenticated=False, created=created)
    store["payment_intent"].put(
        {**intent, "amount_received": intent["amount"], "latest_charge": charge["id"], "status": "succeeded"}
    )
    return 1


def _refund(call: Call, entry: dict[str, Any]) -> int:
    store = call.sandbox.store
    if store["refund"].get(entry["id"]):
        return 0
    charge = store["charge"].rows[store["payment_intent"].rows[entry["payment_intent"]]["latest_charge"]]
    then = Call(sandbox=call.sandbox, created=entry.get("created", call.created))
    refunds.give_back(then, charge, int(entry["amount"]), refund_id=entry["id"], metadata=entry.get("metadata") or {})
    return 1
