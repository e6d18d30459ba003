"""Customers. Source: https://docs.stripe.com/api/customers."""

from typing import Any

from apps.billing.sandbox import ids, listing, params
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.errors import StripeError
from apps.billing.sandbox.params import ADDRESS, LISTING, array, fields, integer, metadata, one_of, optional_text, text
from apps.billing.sandbox.routing import route

from . import payment_methods

WRITABLE: params.Schema = {
    "address": fields(ADDRESS, unset=True),
    "balance": integer,
    "description": optional_text,
    "email": optional_text,
    "invoice_prefix": text,
    "invoice_settings": fields(
        {
            "custom_fields": optional_text,
            "default_payment_method": optional_text,
            "footer": optional_text,
        }
    ),
    "metadata": metadata,
    "name": optional_text,
    "next_invoice_sequence": integer,
    "phone": optional_text,
    "preferred_locales": array(text),
    "shipping": fields({"address": fields(ADDRESS), "name": text, "phone": optional_text}, unset=True),
    "tax_exempt": one_of("none", "exempt", "reverse"),
}


@route("POST", "/v1/customers", {**WRITABLE, "payment_method": text})
def create(call: Call) -> Row:
    """A new customer, with a payment method attached if one is given."""
    customer = build(ids.new("customer"), created=call.created, given=call.params)
    _check_default(call, customer, call.params)
    call.put("customer", customer)
    call.emit("customer.created", customer)
    if "payment_method" in call.params:
        method = payment_methods.find(call, call.params["payment_method"])
        payment_methods.attach_to(call, method, customer["id"])
    return customer


@route("GET", "/v1/customers", {**LISTING, "email": text})
def list_all(call: Call) -> Row:
    """Customers, newest first; ``email`` is matched exactly, as at Stripe."""
    table = call.sandbox.store["customer"]
    timeline = table.where("email", call.params["email"]) if "email" in call.params else None
    return listing.page(call, "customer", timeline=timeline)


@route("GET", "/v1/customers/:id")
def retrieve(call: Call) -> Row:
    """The customer; a deleted one as a stub with ``deleted: true``."""
    return call.named("customer")


@route("POST", "/v1/customers/:id", WRITABLE)
def update(call: Call) -> Row:
    """Changes the given attributes."""
    customer = live(call)
    changed = {**customer, **_attributes(call.params, customer)}
    _check_default(call, customer, call.params)
    call.put("customer", changed)
    previous = {name: customer[name] for name in changed if changed[name] != customer[name]}
    if previous:
        call.emit("customer.updated", changed, previous=previous)
    return changed


@route("DELETE", "/v1/customers/:id")
def delete(call: Call) -> Row:
    """Deletes for good: payment methods are detached, only a stub stays."""
    customer = live(call)
    for method in call.sandbox.store["payment_method"].rows_where("customer", customer["id"]):
        payment_methods.detach_from_customer(call, method)
    call.emit("customer.deleted", call.sandbox.store["customer"].get(customer["id"]) or customer)
    stub = {"id": customer["id"], "object": "customer", "deleted": True}
    call.sandbox.store["customer"].hide(stub)
    return stub


@route("GET", "/v1/customers/:id/payment_methods", {**LISTING, "type": text, "allow_redisplay": text})
def methods(call: Call) -> Row:
    """The customer's payment methods."""
    return payment_methods.page_of_customer(call, live(call)["id"])


@route("GET", "/v1/customers/:id/payment_methods/:method")
def method(call: Call) -> Row:
    """One of the customer's payment methods."""
    return payment_methods.of_customer(call, live(call)["id"], call.ids[1])


@route("GET", "/v1/customers/:id/sources", {**LISTING, "object": text})
def sources(call: Call) -> Row:
    """Legacy sources: none."""
    live(call)
    return listing.wrap([], url=call.path)


def live(call: Call) -> Row:
    """The customer that the address names. Raises StripeError 404 for a deleted one too."""
    customer = call.named("customer")
    if customer.get("deleted"):
        raise StripeError(f"No such customer: '{customer['id']}'", status=404, code="resource_missing", param="id")
    return customer


def build(customer_id: str, *, created: int, given: dict[str, Any]) -> Row:
    """A customer object with the given attributes."""
    customer: Row = {
        "id": customer_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": created,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": customer_id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    return {**customer, **_attributes(given, customer)}


def _attributes(given: dict[str, Any], customer: Row) -> dict[str, Any]:
    changed = {name: given[name] for name in WRITABLE if name in given}
    if "metadata" in changed:
        changed["metadata"] = params.merge_metadata(customer["metadata"], changed["metadata"])
    if "invoice_settings" in changed:
        changed["invoice_settings"] = {**customer["invoice_settings"], **changed["invoice_settings"]}
    if changed.get("address"):
        changed["address"] = {**dict.fromkeys(ADDRESS), **(customer["address"] or {}), **changed["address"]}
    return changed


def _check_default(call: Call, customer: Row, given: dict[str, Any]) -> None:
    wanted = given.get("invoice_settings", {}).get("default_payment_method")
    if not wanted:
        return
    param = "invoice_settings[default_payment_method]"
    method = call.referenced("payment_method", wanted, param=param)
    offered = given.get("payment_method")
    if method["customer"] != customer["id"] and offered != wanted:
        raise StripeError(
            f"The customer does not have a payment method with the ID {wanted}. The payment method must be attached to"
            " the customer.",
            code="resource_missing",
            param=param,
        )
