"""Attempts to save a card: how a setup intent succeeds, is declined or asks for 3-D Secure."""

from . import card_errors, cards, intents
from .call import Call, Row
from .resources import payment_methods


def attempt(call: Call, intent: Row, method: Row, *, return_url: str | None = None, authenticated: bool = False) -> Row:
    """Asks the issuer and returns the intent after that. Raises StripeError 402 when the card is declined."""
    facts = call.sandbox.store.note(method["id"])
    verdict = cards.set_up(
        cards.BY_NUMBER[facts["number"]],
        authenticated=authenticated,
        override=call.sandbox.override(facts["number"], method["id"], moment="setup"),
    )
    if isinstance(verdict, cards.Challenge):
        return intents.ask(call, intent, method, return_url=return_url)
    if isinstance(verdict, cards.Decline):
        failed = fail(call, intent, card_errors.describe(verdict, method=method))
        raise card_errors.from_description(failed["last_setup_error"], intent=intents.shown(call, failed))
    return _succeed(call, intent, method)


def fail(call: Call, intent: Row, error: Row) -> Row:
    """Stores the intent that needs another payment method, and announces it."""
    failed = call.put(
        "setup_intent",
        {
            **intent,
            "last_setup_error": error,
            "next_action": None,
            "payment_method": None,
            "status": "requires_payment_method",
        },
    )
    call.emit("setup_intent.setup_failed", failed)
    return failed


def _succeed(call: Call, intent: Row, method: Row) -> Row:
    if intent["customer"] and not method["customer"]:
        payment_methods.attach_to(call, method, intent["customer"])
    if intent["usage"] == "off_session":
        call.sandbox.store.note(method["id"], set_up=True)
    saved = call.put(
        "setup_intent",
        {
            **intent,
            "last_setup_error": None,
            "next_action": None,
            "payment_method": method["id"],
            "status": "succeeded",
        },
    )
    call.emit("setup_intent.succeeded", saved)
    return saved
