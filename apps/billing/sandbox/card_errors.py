"""Card errors: the 402 answer and the matching entry on an intent."""

from typing import Any

from .cards import Decline
from .errors import StripeError

Row = dict[str, Any]


def describe(
    decline: Decline, *, method: Row | None = None, charge: str | None = None, param: str | None = None
) -> Row:
    """The error as ``last_payment_error`` or ``last_setup_error`` holds it."""
    error: Row = {
        "code": decline.code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "type": "card_error",
    }
    if charge:
        error["charge"] = charge
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    if param:
        error["param"] = param
    if method:
        error["payment_method"] = method
    return error


def card_error(decline: Decline, *, param: str | None = None) -> StripeError:
    """The 402 answer outside any intent."""
    return from_description(describe(decline, param=param))


def from_description(error: Row, *, intent: Row | None = None) -> StripeError:
    """The 402 answer; with an intent it carries the intent as it is now under the name of its kind."""
    extra = {name: value for name, value in error.items() if name not in ("code", "message", "type")}
    if intent:
        extra[intent["object"]] = intent
    return StripeError(error["message"], status=402, type="card_error", code=error["code"], extra=extra)
