"""Payment intents. Source: https://docs.stripe.com/api/payment_intents."""

from typing import Any

from apps.billing.sandbox import currencies, ids, intents, listing, params, payments, search
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.errors import StripeError, bad_parameter
from apps.billing.sandbox.intents import AUTOMATIC, CARD_OPTIONS, CHANGEABLE, CONFIRMATION
from apps.billing.sandbox.params import (
    ADDRESS,
    LISTING,
    boolean,
    fields,
    integer,
    metadata,
    one_of,
    optional_text,
    text,
)
from apps.billing.sandbox.routing import route

SHIPPING = fields(
    {
        "address": fields(ADDRESS),
        "name": text,
        "phone": optional_text,
        "carrier": optional_text,
        "tracking_number": optional_text,
    },
    unset=True,
)
ATTRIBUTES: params.Schema = {
    "amount": integer,
    "currency": currencies.currency,
    "customer": text,
    "description": optional_text,
    "metadata": metadata,
    "receipt_email": optional_text,
    "setup_future_usage": one_of("on_session", "off_session"),
    "shipping": SHIPPING,
    "statement_descriptor": optional_text,
    "statement_descriptor_suffix": optional_text,
}
CONFIRMABLE = ("receipt_email", "setup_future_usage", "shipping")


@route(
    "POST",
    "/v1/payment_intents",
    {
        **ATTRIBUTES,
        **CONFIRMATION,
        "automatic_payment_methods": AUTOMATIC,
        "capture_method": one_of("automatic", "automatic_async"),
        "confirm": boolean,
        "confirmation_method": one_of("automatic", "manual"),
        "off_session": boolean,
    },
)
def create(call: Call) -> Row:
    """A new intent, confirmed at once with ``confirm``."""
    given = call.params
    params.require(given, "amount", "currency")
    currencies.check_amount(given["amount"], given["currency"])
    confirming = given.get("confirm", False)
    for name in ("off_session", "return_url", "mandate_data"):
        if name in given and not confirming:
            raise bad_parameter(f"`{name}` can only be used when `confirm` is true.", name)
    if "customer" in given:
        call.referenced("customer", given["customer"], param="customer")
    method = intents.method_given(call, given.get("customer"))
    intent = build(ids.new("payment_intent"), created=call.created, given=given, method=method)
    if confirming:
        if method is None:
            raise intents.no_method(call, intent)
        intents.check_return_url(call, intent)
    call.put("payment_intent", intent)
    call.emit("payment_intent.created", intent)
    return _attempt(call, intent, method) if confirming and method else intent


@route("GET", "/v1/payment_intents", {**LISTING, "customer": text})
def list_all(call: Call) -> Row:
    """Intents, newest first."""
    table = call.sandbox.store["payment_intent"]
    if "customer" not in call.params:
        return listing.page(call, "payment_intent")
    call.referenced("customer", call.params["customer"], param="customer")
    return listing.page(call, "payment_intent", timeline=table.where("customer", call.params["customer"]))


@route("GET", "/v1/payment_intents/search", {"query": text, "limit": integer, "page": text})
def find(call: Call) -> Row:
    """Intents by metadata, status, customer, amount, currency or creation."""
    params.require(call.params, "query")
    return search.payment_intents(call)


@route("GET", "/v1/payment_intents/:id", public=True)
def retrieve(call: Call) -> Row:
    """One intent."""
    intent = call.named("payment_intent")
    intents.authorise(call, intent)
    return intents.shown(call, intent)


@route(
    "POST", "/v1/payment_intents/:id", {**ATTRIBUTES, "payment_method": text, "payment_method_options": CARD_OPTIONS}
)
def update(call: Call) -> Row:
    """Changes attributes; amount, currency, customer and method only before success."""
    intent = call.named("payment_intent")
    given = call.params
    fixed = [name for name in given if name not in ("description", "metadata", "receipt_email", "shipping")]
    if fixed and intent["status"] not in CHANGEABLE:
        raise intents.unexpected_state(
            call,
            intent,
            f"This PaymentIntent's {fixed[0]} could not be updated because it has a status of {intent['status']}."
            f" You may only update the {fixed[0]} of a PaymentIntent with one of the following statuses:"
            f" {', '.join(CHANGEABLE)}.",
        )
    wanted = intent | given
    currencies.check_amount(wanted["amount"], wanted["currency"])
    if "customer" in given:
        call.referenced("customer", given["customer"], param="customer")
    changed = {**intent, **{name: given[name] for name in ATTRIBUTES if name in given}}
    if "metadata" in given:
        changed["metadata"] = params.merge_metadata(intent["metadata"], given["metadata"])
    method = intents.method_given(call, changed["customer"])
    if method:
        changed |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}
    return call.put("payment_intent", changed)


@route("POST", "/v1/payment_intents/:id/confirm", {**CONFIRMATION, "off_session": boolean,
       "setup_future_usage": one_of("on_session", "off_session"), "receipt_email": optional_text,
       "shipping": SHIPPING}, public=True)  # fmt: skip
def confirm(call: Call) -> Row:
    """Tries to pay with the given or the stored payment method."""
    intent = call.named("payment_intent")
    intents.authorise(call, intent)
    given = call.params
    if call.public and "off_session" in given:
        raise StripeError("You cannot use the `off_session` parameter with a publishable API key.", param="off_session")
    if intent["status"] == "succeeded":
        raise intents.unexpected_state(
            call,
            intent,
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.",
        )
    if intent["status"] not in CHANGEABLE:
        raise intents.unexpected_state(
            call,
            intent,
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent"
            f" with one of the following statuses may be confirmed: {', '.join(CHANGEABLE)}.",
        )
    method = intents.method_to_confirm(call, intent)
    changed = intent | {name: given[name] for name in CONFIRMABLE if name in given}
    return _attempt(call, changed, method)


@route(
    "POST",
    "/v1/payment_intents/:id/cancel",
    {"cancellation_reason": one_of("duplicate", "fraudulent", "requested_by_customer", "abandoned")},
)
def cancel(call: Call) -> Row:
    """Gives up an intent that has not succeeded."""
    intent = call.named("payment_intent")
    if intent["status"] not in CHANGEABLE:
        raise intents.unexpected_state(
            call,
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent"
            " with one of the following statuses may be canceled: requires_payment_method, requires_capture,"
            " requires_confirmation, requires_action, processing.",
        )
    canceled = call.put(
        "payment_intent",
        {
            **intent,
            "canceled_at": call.created,
            "cancellation_reason": call.params.get("cancellation_reason"),
            "next_action": None,
            "status": "canceled",
        },
    )
    call.emit("payment_intent.canceled", canceled)
    return canceled


def build(intent_id: str, *, created: int, given: dict[str, Any], method: Row | None) -> Row:
    """A payment intent object that nobody has tried to pay yet."""
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": given["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        **intents.method_types(given),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": given.get("capture_method", "automatic_async"),
        "client_secret": ids.client_secret(intent_id),
        "confirmation_method": given.get("confirmation_method", "automatic"),
        "created": created,
        "currency": given["currency"],
        "customer": given.get("customer"),
        "customer_account": None,
        "description": given.get("description"),
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": params.merge_metadata({}, given.get("metadata", {})),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": method["id"] if method else None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "processing": None,
        "receipt_email": given.get("receipt_email"),
        "review": None,
        "setup_future_usage": given.get("setup_future_usage"),
        "shipping": given.get("shipping"),
        "source": None,
        "statement_descriptor": given.get("statement_descriptor"),
        "statement_descriptor_suffix": given.get("statement_descriptor_suffix"),
        "status": "requires_confirmation" if method else "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def _attempt(call: Call, intent: Row, method: Row) -> Row:
    return_url = intents.check_return_url(call, intent)
    off_session = call.params.get("off_session", False)
    return intents.shown(call, payments.attempt(call, intent, method, off_session=off_session, return_url=return_url))
