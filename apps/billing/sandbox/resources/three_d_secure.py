"""The end of a 3-D Secure challenge, as the cardholder's bank would report it."""

from apps.billing.sandbox import intents, params, payments, setups
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.errors import StripeError, missing
from apps.billing.sandbox.params import one_of, text
from apps.billing.sandbox.routing import route


@route("POST", "/v1/3ds2/challenge_complete", {"intent": text, "outcome": one_of("succeed", "fail")}, public=True)
def complete(call: Call) -> Row:
    """Ends the challenge of one intent and goes on with the payment or the set-up."""
    params.require(call.params, "intent", "outcome")
    return intents.shown(call, finish(call, call.params["intent"], passed=call.params["outcome"] == "succeed"))


def finish(call: Call, intent_id: str, *, passed: bool) -> Row:
    """The intent after the cardholder passed or failed. Raises StripeError if none is waiting, or for a decline."""
    kind = "setup_intent" if intent_id.startswith("seti_") else "payment_intent"
    intent = call.sandbox.store[kind].get(intent_id)
    if intent is None:
        raise missing(kind, intent_id, param="intent", status=404)
    intents.authorise(call, intent)
    method = call.sandbox.store["payment_method"].get(intent["payment_method"] or "")
    if intent["status"] != "requires_action" or method is None:
        raise StripeError("No authentication is waiting for this intent.", code=f"{kind}_unexpected_state")
    if kind == "setup_intent":
        if passed:
            return setups.attempt(call, intent, method, authenticated=True)
        return setups.fail(call, intent, intents.authentication_failure(intent, method))
    if passed:
        return payments.attempt(call, intent, method, off_session=False, authenticated=True)
    return payments.fail_authentication(call, intent, method)
