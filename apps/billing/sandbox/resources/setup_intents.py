"""Setup intents. Source: https://docs.stripe.com/api/setup_intents."""

from typing import Any

from apps.billing.sandbox import ids, intents, listing, params, setups
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.errors import bad_parameter
from apps.billing.sandbox.intents import AUTOMATIC, CHANGEABLE, CONFIRMATION
from apps.billing.sandbox.params import LISTING, boolean, metadata, one_of, optional_text, text
from apps.billing.sandbox.routing import route


@route(
    "POST",
    "/v1/setup_intents",
    {
        **CONFIRMATION,
        "automatic_payment_methods": AUTOMATIC,
        "confirm": boolean,
        "customer": text,
        "description": optional_text,
        "metadata": metadata,
        "usage": one_of("on_session", "off_session"),
    },
)
def create(call: Call) -> Row:
    """A new intent, confirmed at once with ``confirm``."""
    given = call.params
    confirming = given.get("confirm", False)
    for name in ("return_url", "mandate_data"):
        if name in given and not confirming:
            raise bad_parameter(f"`{name}` can only be used when `confirm` is true.", name)
    if "customer" in given:
        call.referenced("customer", given["customer"], param="customer")
    method = intents.method_given(call, given.get("customer"))
    intent = build(ids.new("setup_intent"), created=call.created, given=given, method=method)
    if confirming:
        if method is None:
            raise intents.no_method(call, intent)
        intents.check_return_url(call, intent)
    call.put("setup_intent", intent)
    call.emit("setup_intent.created", intent)
    return _attempt(call, intent, method) if confirming and method else intent


@route("GET", "/v1/setup_intents", {**LISTING, "customer": text, "payment_method": text})
def list_all(call: Call) -> Row:
    """Intents, newest first."""
    table = call.sandbox.store["setup_intent"]
    for field in ("payment_method", "customer"):
        if field in call.params:
            return listing.page(call, "setup_intent", timeline=table.where(field, call.params[field]))
    return listing.page(call, "setup_intent")


@route("GET", "/v1/setup_intents/:id", public=True)
def retrieve(call: Call) -> Row:
    """One intent."""
    intent = call.named("setup_intent")
    intents.authorise(call, intent)
    return intents.shown(call, intent)


@route("POST", "/v1/setup_intents/:id", {"customer": text, "description": optional_text, "metadata": metadata,
       "payment_method": text})  # fmt: skip
def update(call: Call) -> Row:
    """Changes attributes before success."""
    intent = call.named("setup_intent")
    given = call.params
    if intent["status"] not in CHANGEABLE and set(given) - {"description", "metadata"}:
        raise intents.unexpected_state(
            call, intent, f"You cannot update this SetupIntent because it has a status of {intent['status']}."
        )
    if "customer" in given:
        call.referenced("customer", given["customer"], param="customer")
    changed = intent | {name: given[name] for name in ("customer", "description") if name in given}
    if "metadata" in given:
        changed["metadata"] = params.merge_metadata(intent["metadata"], given["metadata"])
    method = intents.method_given(call, changed["customer"])
    if method:
        changed |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}
    return call.put("setup_intent", changed)


@route("POST", "/v1/setup_intents/:id/confirm", CONFIRMATION, public=True)
def confirm(call: Call) -> Row:
    """Tries to save the given or the stored payment method."""
    intent = call.named("setup_intent")
    intents.authorise(call, intent)
    if intent["status"] not in CHANGEABLE:
        raise intents.unexpected_state(
            call,
            intent,
            f"You cannot confirm this SetupIntent because it has already {intent['status']}."
            if intent["status"] == "succeeded"
            else f"You cannot confirm this SetupIntent because it has a status of {intent['status']}.",
        )
    method = intents.method_to_confirm(call, intent)
    return _attempt(call, intent, method)


@route(
    "POST",
    "/v1/setup_intents/:id/cancel",
    {"cancellation_reason": one_of("abandoned", "duplicate", "requested_by_customer")},
)
def cancel(call: Call) -> Row:
    """Gives up an intent that has not succeeded."""
    intent = call.named("setup_intent")
    if intent["status"] not in CHANGEABLE:
        raise intents.unexpected_state(
            call,
            intent,
            f"You cannot cancel this SetupIntent because it has a status of {intent['status']}. Only a SetupIntent with"
            f" one of the following statuses may be canceled: {', '.join(CHANGEABLE)}.",
        )
    canceled = call.put(
        "setup_intent",
        {
            **intent,
            "cancellation_reason": call.params.get("cancellation_reason"),
            "next_action": None,
            "status": "canceled",
        },
    )
    call.emit("setup_intent.canceled", canceled)
    return canceled


def build(intent_id: str, *, created: int, given: dict[str, Any], method: Row | None) -> Row:
    """A setup intent object that nobody has tried to confirm yet."""
    return {
        "id": intent_id,
        "object": "setup_intent",
        "application": None,
        **intents.method_types(given),
        "cancellation_reason": None,
        "client_secret": ids.client_secret(intent_id),
        "created": created,
        "customer": given.get("customer"),
        "customer_account": None,
        "description": given.get("description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": params.merge_metadata({}, given.get("metadata", {})),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": method["id"] if method else None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "single_use_mandate": None,
        "status": "requires_confirmation" if method else "requires_payment_method",
        "usage": given.get("usage", "off_session"),
    }


def _attempt(call: Call, intent: Row, method: Row) -> Row:
    return_url = intents.check_return_url(call, intent)
    return intents.shown(call, setups.attempt(call, intent, method, return_url=return_url))
