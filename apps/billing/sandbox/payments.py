"""Attempts to pay: how a payment intent succeeds, is declined or asks for 3-D Secure."""

from . import card_errors, cards, intents
from .call import Call, Row
from .resources import charges, disputes, payment_methods


def attempt(
    call: Call,
    intent: Row,
    method: Row,
    *,
    off_session: bool,
    return_url: str | None = None,
    authenticated: bool = False,
) -> Row:
    """Asks the issuer and returns the intent after that. Raises StripeError 402 when the card is declined."""
    facts = call.sandbox.store.note(method["id"])
    verdict = cards.charge(
        cards.BY_NUMBER[facts["number"]],
        off_session=off_session,
        was_set_up=facts.get("set_up", False),
        authenticated=authenticated,
        override=call.sandbox.override(facts["number"], method["id"], moment="charge"),
    )
    if isinstance(verdict, cards.Challenge):
        return intents.ask(call, intent, method, return_url=return_url)
    if isinstance(verdict, cards.Decline):
        declined = decline(call, intent, method, verdict, authenticated=authenticated)
        raise card_errors.from_description(declined["last_payment_error"], intent=intents.shown(call, declined))
    return succeed(call, intent, method, authenticated=authenticated)


def succeed(call: Call, intent: Row, method: Row, *, authenticated: bool) -> Row:
    """Stores the charge, keeps the card for later if that was wished, and announces both."""
    charge = charges.attempt(call, intent, method, decline=None, authenticated=authenticated, created=call.created)
    if intent["setup_future_usage"] and intent["customer"] and not method["customer"]:
        method = payment_methods.attach_to(call, method, intent["customer"])
    if intent["setup_future_usage"] == "off_session":
        call.sandbox.store.note(method["id"], set_up=True)
    if not method["customer"]:
        call.sandbox.store.note(method["id"], used=True)
    paid = call.put(
        "payment_intent",
        {
            **intent,
            "amount_received": intent["amount"],
            "last_payment_error": None,
            "latest_charge": charge["id"],
            "next_action": None,
            "payment_method": method["id"],
            "status": "succeeded",
        },
    )
    call.emit("charge.succeeded", charge)
    call.emit("payment_intent.succeeded", paid)
    card = payment_methods.card_of(call, method)
    if card.dispute:
        disputes.open_on(call, charge, reason=card.dispute)
    return paid


def decline(call: Call, intent: Row, method: Row, verdict: cards.Decline, *, authenticated: bool) -> Row:
    """Stores the failed charge and the intent that needs another payment method, and announces both."""
    charge = charges.attempt(call, intent, method, decline=verdict, authenticated=authenticated, created=call.created)
    declined = call.put(
        "payment_intent",
        {
            **intent,
            "last_payment_error": card_errors.describe(verdict, method=method, charge=charge["id"]),
            "latest_charge": charge["id"],
            "next_action": None,
            "payment_method": None,
            "status": "requires_payment_method",
        },
    )
    call.emit("charge.failed", charge)
    call.emit("payment_intent.payment_failed", declined)
    return declined


def fail_authentication(call: Call, intent: Row, method: Row) -> Row:
    """The cardholder failed 3-D Secure: no charge was attempted, another payment method is needed."""
    failed = call.put(
        "payment_intent",
        {
            **intent,
            "last_payment_error": intents.authentication_failure(intent, method),
            "next_action": None,
            "payment_method": None,
            "status": "requires_payment_method",
        },
    )
    call.emit("payment_intent.payment_failed", failed)
    return failed
