"""``expand[]``: replaces identifiers by the objects they name, in a copy."""

from typing import Any

from .errors import bad_parameter
from .listing import wrap
from .store import Store

Row = dict[str, Any]
MAX_DEPTH = 4
# Fields that hold an identifier, by the kind of the object that has them. None: expandable, but always null here.
LINKS: dict[str, dict[str, str | None]] = {
    "balance_transaction": {"source": "charge"},
    "charge": {
        "application": None,
        "application_fee": None,
        "balance_transaction": "balance_transaction",
        "customer": "customer",
        "failure_balance_transaction": None,
        "on_behalf_of": None,
        "payment_intent": "payment_intent",
        "review": None,
        "source_transfer": None,
        "transfer": None,
    },
    "customer": {"default_source": None, "test_clock": None, "discount": None},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "invoice_settings": {"default_payment_method": "payment_method"},
    "payment_intent": {
        "application": None,
        "customer": "customer",
        "latest_charge": "charge",
        "on_behalf_of": None,
        "payment_method": "payment_method",
        "review": None,
    },
    "payment_method": {"customer": "customer"},
    "refund": {
        "balance_transaction": "balance_transaction",
        "charge": "charge",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
        "source_transfer_reversal": None,
        "transfer_reversal": None,
    },
    "setup_intent": {
        "application": None,
        "customer": "customer",
        "latest_attempt": None,
        "mandate": None,
        "on_behalf_of": None,
        "payment_method": "payment_method",
        "single_use_mandate": None,
    },
}
# Lists that an object shows only when asked.
LISTS = {"charge": ("refunds",), "customer": ("sources", "subscriptions", "tax_ids")}


def check(kind: str | None, paths: list[str], *, listed: bool) -> None:
    """Raises StripeError 400 unless all paths can be expanded in an object (or a list of objects) of this kind.

    Asked before anything is done: a request with a wrong path must change nothing.
    """
    for path in paths:
        names = path.split(".")
        if listed and names.pop(0) != "data":
            raise _cannot(path)
        if len(names) > MAX_DEPTH:
            raise bad_parameter(f"You cannot expand more than {MAX_DEPTH} levels of a property.", "expand")
        place = kind
        while names and place:
            name = names.pop(0)
            if name in LISTS.get(place, ()):
                break
            if place == "customer" and name == "invoice_settings" and names:
                place = name
            elif name in LINKS.get(place, {}):
                place = LINKS[place][name]
            else:
                raise _cannot(path)


def apply(store: Store, row: Row, paths: list[str]) -> Row:
    """A copy of the object with the fields at these (checked) paths expanded."""
    for path in paths:
        row = _expand(store, row, path.split("."))
    return row


def _expand(store: Store, row: Row, names: list[str]) -> Row:
    name, rest = names[0], names[1:]
    kind = row.get("object", "")
    if kind in ("list", "search_result"):
        return {**row, "data": [_expand(store, item, rest) for item in row["data"]] if rest else row["data"]}
    if row.get("deleted"):
        return row
    if kind == "customer" and name == "invoice_settings":
        settings = _expand(store, {**row[name], "object": name}, rest)
        del settings["object"]
        return {**row, name: settings}
    value: Any = row.get(name)
    if name in LISTS.get(kind, ()):
        value = value or _included(store, row, name)
    elif isinstance(value, str):
        target = LINKS.get(kind, {}).get(name)
        value = store[target].get(value) or _elsewhere(store, value) if target else value
    if rest and isinstance(value, dict):
        value = _expand(store, value, rest)
    return {**row, name: value}


def _included(store: Store, row: Row, name: str) -> Row:
    if name == "refunds":
        refunds = store["refund"].rows_where("charge", row["id"])
        return wrap(refunds[::-1][:10], url=f"/v1/charges/{row['id']}/refunds", has_more=len(refunds) > 10)
    return wrap([], url=f"/v1/customers/{row['id']}/{name}")


def _elsewhere(store: Store, object_id: str) -> Row | str:
    """The source of a balance transaction may be a charge, a refund or a dispute."""
    return store["refund"].get(object_id) or store["dispute"].get(object_id) or object_id


def _cannot(path: str) -> Exception:
    return bad_parameter(f"This property cannot be expanded ({path}).", "expand")
