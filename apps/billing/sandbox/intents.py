"""What payment intents and setup intents have in common: who may act, which method is used, and 3-D Secure."""

from typing import Any

from . import params
from .call import Call, Row
from .errors import StripeError, bad_parameter
from .params import array, boolean, fields, one_of, optional_text, text
from .resources import payment_methods

AUTOMATIC = fields({"enabled": boolean, "allow_redirects": one_of("always", "never")})
CARD_OPTIONS = fields({"card": fields({"request_three_d_secure": one_of("any", "automatic", "challenge")}, unset=True)})
CONFIRMATION: params.Schema = {
    "payment_method": text,
    "payment_method_data": fields(payment_methods.DATA),
    "payment_method_options": CARD_OPTIONS,
    "payment_method_types": array(one_of("card", "link")),
    "return_url": text,
    "use_stripe_sdk": boolean,
    "mandate_data": fields(
        {
            "customer_acceptance": fields(
                {
                    "type": one_of("online", "offline"),
                    "accepted_at": params.integer,
                    "online": fields(
                        {"ip_address": optional_text, "user_agent": optional_text, "infer_from_client": boolean}
                    ),
                    "offline": fields({}),
                }
            )
        },
        unset=True,
    ),
}
PUBLIC = frozenset(
    {
        "id",
        "object",
        "amount",
        "automatic_payment_methods",
        "canceled_at",
        "cancellation_reason",
        "capture_method",
        "client_secret",
        "confirmation_method",
        "created",
        "currency",
        "description",
        "last_payment_error",
        "last_setup_error",
        "livemode",
        "next_action",
        "payment_method",
        "payment_method_types",
        "processing",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "status",
        "usage",
    }
)
# States in which an intent may still be changed, confirmed or cancelled.
CHANGEABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
NOUNS = {"payment_intent": "PaymentIntent", "setup_intent": "SetupIntent"}


def authorise(call: Call, intent: Row) -> None:
    """Raises StripeError unless a browser's client secret belongs to this intent. Secret keys always may."""
    given = call.params.pop("client_secret", None)
    if call.public and given != intent["client_secret"]:
        noun = NOUNS[intent["object"]]
        raise StripeError(
            f"The client_secret provided does not match the client_secret associated with the {noun}.",
            code=f"{intent['object']}_invalid_parameter",
            param="client_secret",
            executed=False,
        )


def shown(call: Call, intent: Row) -> Row:
    """The intent for the caller: a browser sees only what it needs."""
    return {name: value for name, value in intent.items() if name in PUBLIC} if call.public else intent


def unexpected_state(call: Call, intent: Row, message: str) -> StripeError:
    """The intent is in a state that forbids the request."""
    return StripeError(
        message,
        code=f"{intent['object']}_unexpected_state",
        extra={intent["object"]: shown(call, intent)},
    )


def method_types(given: dict[str, Any]) -> dict[str, Any]:
    """``payment_method_types`` and ``automatic_payment_methods`` of a new intent; automatic unless types are given."""
    types, automatic = given.get("payment_method_types"), given.get("automatic_payment_methods")
    if types and automatic:
        raise bad_parameter(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
            "automatic_payment_methods",
        )
    if automatic is None and not types:
        automatic = {"enabled": True}
    if automatic and not automatic.get("enabled"):
        automatic = None
    return {
        "automatic_payment_methods": {"allow_redirects": "always", **automatic} if automatic else None,
        "payment_method_types": types or ["card"],
    }


def method_given(call: Call, customer: str | None) -> Row | None:
    """The payment method named or described by the parameters, None if there is none.

    Raises StripeError when it belongs to another customer or can no longer be used.
    """
    given = call.params
    if "payment_method" in given and "payment_method_data" in given:
        raise bad_parameter("You may only specify one of payment_method and payment_method_data.", "payment_method")
    if "payment_method_data" in given:
        return payment_methods.from_data(call, {"type": "card", **given["payment_method_data"]})
    if "payment_method" not in given:
        return None
    method = payment_methods.find(call, given["payment_method"])
    check_owner(call, method, customer)
    return method


def method_to_confirm(call: Call, intent: Row) -> Row:
    """The payment method given, or else the one the intent has. Raises StripeError when there is none to use."""
    method = method_given(call, intent["customer"])
    if method is None and intent["payment_method"]:
        method = call.sandbox.store["payment_method"].get(intent["payment_method"])
        if method:
            check_owner(call, method, intent["customer"])
    if method is None:
        raise no_method(call, intent)
    return method


def no_method(call: Call, intent: Row) -> StripeError:
    """The intent cannot be confirmed: it has no payment method."""
    noun = NOUNS[intent["object"]]
    return unexpected_state(
        call,
        intent,
        f"You cannot confirm this {noun} because it's missing a payment method. You can either update the {noun} with a"
        " payment method and then confirm it again, or confirm it again directly with a payment method or"
        " ConfirmationToken.",
    )


def check_owner(call: Call, method: Row, customer: str | None) -> None:
    """Raises StripeError when a payment method may not be used for this customer."""
    owner = method["customer"]
    if owner and customer is None:
        raise StripeError(
            f"The provided PaymentMethod ({method['id']}) belongs to the Customer {owner}. Please include the Customer"
            " in the `customer` parameter.",
            param="payment_method",
        )
    if owner and owner != customer:
        raise StripeError(
            f"The provided PaymentMethod ({method['id']}) does not belong to the Customer {customer}.",
            param="payment_method",
        )
    payment_methods.check_unused(call, method)


def check_return_url(call: Call, intent: Row) -> str | None:
    """The return address of a confirmation. Raises StripeError when a redirect is possible and none was given."""
    address = call.params.get("return_url") or call.sandbox.store.note(intent["id"]).get("return_url")
    automatic = intent["automatic_payment_methods"]
    if not address and automatic and automatic["allow_redirects"] == "always":
        noun = NOUNS[intent["object"]]
        raise StripeError(
            f"This {noun} is configured to accept payment methods enabled in your Dashboard. Because some of these"
            " payment methods might redirect your customer off of your page, you must provide a `return_url`. If you"
            " don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true`"
            " and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment"
            " Intents.",
            param="return_url",
        )
    if address:
        call.sandbox.store.note(intent["id"], return_url=address)
    return address


def challenge(call: Call, intent: Row, *, return_url: str | None) -> Row:
    """The ``next_action`` of 3-D Secure: for the browser script, or a redirect when a server gave an address."""
    page = f"{call.origin}/v3/3ds?intent={intent['id']}&client_secret={intent['client_secret']}"
    if return_url and not (call.public or call.params.get("use_stripe_sdk")):
        return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": f"{page}&redirect=1"}}
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page}}


def ask(call: Call, intent: Row, method: Row, *, return_url: str | None) -> Row:
    """Stores the intent that waits for the cardholder, and announces it."""
    kind = intent["object"]
    error = {"payment_intent": "last_payment_error", "setup_intent": "last_setup_error"}[kind]
    waiting = call.put(
        kind,
        {
            **intent,
            error: None,
            "next_action": challenge(call, intent, return_url=return_url),
            "payment_method": method["id"],
            "status": "requires_action",
        },
    )
    call.emit(f"{kind}.requires_action", waiting)
    return waiting


def authentication_failure(intent: Row, method: Row) -> Row:
    """The error that an intent keeps when its cardholder failed 3-D Secure."""
    code = f"{intent['object']}_authentication_failure"
    return {
        "code": code,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": "We are unable to authenticate your payment method. Please choose a different payment method and try"
        " again.",
        "payment_method": method,
        "type": "invalid_request_error",
    }
