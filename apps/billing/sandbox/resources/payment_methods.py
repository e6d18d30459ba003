"""Payment methods: cards only. Source: https://docs.stripe.com/api/payment_methods."""

import time
from typing import Any

from apps.billing.sandbox import cards, ids, listing, params
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.card_errors import card_error
from apps.billing.sandbox.errors import StripeError, bad_parameter, missing
from apps.billing.sandbox.params import ADDRESS, LISTING, fields, integer, metadata, one_of, optional_text, text
from apps.billing.sandbox.routing import route

BILLING = fields(
    {
        "address": fields(ADDRESS, unset=True),
        "email": optional_text,
        "name": optional_text,
        "phone": optional_text,
        "tax_id": optional_text,
    }
)
REDISPLAY = one_of("always", "limited", "unspecified")
CARD = fields({"number": text, "exp_month": integer, "exp_year": integer, "cvc": text, "token": text})
DATA: params.Schema = {
    "type": one_of("card"),
    "card": CARD,
    "billing_details": BILLING,
    "allow_redisplay": REDISPLAY,
    "metadata": metadata,
}


@route("POST", "/v1/payment_methods", DATA, public=True)
def create(call: Call) -> Row:
    """A new payment method from card data (publishable keys only) or from a test token."""
    params.require(call.params, "type")
    return from_data(call, call.params)


@route("GET", "/v1/payment_methods", {**LISTING, "customer": text, "type": text, "allow_redisplay": text})
def list_all(call: Call) -> Row:
    """The payment methods of a customer."""
    if "customer" in call.params:
        customer = call.referenced("customer", call.params["customer"], param="customer")
        return page_of_customer(call, customer["id"])
    attached = call.sandbox.store["payment_method"]
    return listing.page(
        call, "payment_method", timeline=attached.timeline, keep=lambda row: row["customer"] is not None
    )


@route("GET", "/v1/payment_methods/:id")
def retrieve(call: Call) -> Row:
    """The payment method; a test alias answers a new one."""
    return find(call, call.ids[0], status=404)


@route(
    "POST",
    "/v1/payment_methods/:id",
    {
        "allow_redisplay": REDISPLAY,
        "billing_details": BILLING,
        "card": fields({"exp_month": integer, "exp_year": integer}),
        "metadata": metadata,
    },
)
def update(call: Call) -> Row:
    """Changes billing details, expiry or metadata of an attached payment method."""
    method = call.named("payment_method")
    given = call.params
    if method["customer"] is None:
        raise StripeError(
            "You must save this PaymentMethod to a customer before you can update it.",
            code="payment_method_unexpected_state",
        )
    changed = {**method}
    if "allow_redisplay" in given:
        changed["allow_redisplay"] = given["allow_redisplay"]
    if "billing_details" in given:
        changed["billing_details"] = _billing(given["billing_details"], method["billing_details"])
    if "card" in given:
        expiry = {**method["card"], **given["card"]}
        _check_expiry(expiry["exp_month"], expiry["exp_year"])
        changed["card"] = expiry
    if "metadata" in given:
        changed["metadata"] = params.merge_metadata(method["metadata"], given["metadata"])
    call.put("payment_method", changed)
    previous = {name: method[name] for name in changed if changed[name] != method[name]}
    if previous:
        call.emit("payment_method.updated", changed, previous=previous)
    return changed


@route("POST", "/v1/payment_methods/:id/attach", {"customer": text})
def attach(call: Call) -> Row:
    """Saves the payment method to a customer; the issuer is asked as at set-up."""
    params.require(call.params, "customer")
    method = find(call, call.ids[0], status=404)
    customer = call.referenced("customer", call.params["customer"], param="customer")
    if method["customer"] == customer["id"]:
        return method
    if method["customer"]:
        raise StripeError("The payment method you provided has already been attached to a customer.")
    check_unused(call, method)
    card = card_of(call, method)
    override = call.sandbox.override(card.number, method["id"], moment="setup")
    verdict = cards.set_up(card, authenticated=True, override=override)
    if isinstance(verdict, cards.Decline):
        raise card_error(verdict)
    return attach_to(call, method, customer["id"])


@route("POST", "/v1/payment_methods/:id/detach")
def detach(call: Call) -> Row:
    """Takes the payment method from its customer, for ever."""
    method = call.named("payment_method")
    if method["customer"] is None:
        raise StripeError(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            code="payment_method_unexpected_state",
        )
    return detach_from_customer(call, method)


def page_of_customer(call: Call, customer_id: str) -> Row:
    """A list of the customer's payment methods. Only cards exist, so any other type gives an empty list."""
    if call.params.get("type", "card") != "card":
        return listing.wrap([], url=call.path)
    wanted = call.params.get("allow_redisplay")
    timeline = call.sandbox.store["payment_method"].where("customer", customer_id)
    return listing.page(
        call,
        "payment_method",
        timeline=timeline,
        keep=(lambda row: row["allow_redisplay"] == wanted) if wanted else None,
    )


def of_customer(call: Call, customer_id: str, method_id: str) -> Row:
    """The customer's payment method. Raises StripeError 404 when it is not theirs."""
    method = call.sandbox.store["payment_method"].get(method_id)
    if method is None or method["customer"] != customer_id:
        raise missing("PaymentMethod", method_id, param="payment_method")
    return method


def find(call: Call, method_id: str, *, param: str = "payment_method", status: int = 400) -> Row:
    """A payment method by identifier; a test alias (pm_card_visa) makes a new one. Raises ``resource_missing``."""
    method = call.sandbox.store["payment_method"].get(method_id)
    if method is not None:
        return method
    card = cards.BY_ALIAS.get(method_id)
    if card is None:
        raise missing("PaymentMethod", method_id, param=param, status=status)
    return add(call, card, exp_month=12, exp_year=time.gmtime().tm_year + 3)


def from_data(call: Call, data: dict[str, Any]) -> Row:
    """A payment method from form data. Raises StripeError 402 for a card that cannot be one."""
    given = data.get("card") or {}
    token = given.get("token")
    if token:
        card = cards.BY_ALIAS.get(token.replace("tok_", "pm_card_", 1))
        if card is None:
            raise missing("token", token, param="card[token]", status=400)
        return add(call, card, exp_month=12, exp_year=time.gmtime().tm_year + 3, given=data)
    for name in ("number", "exp_month", "exp_year"):
        if name not in given:
            raise bad_parameter(f"Missing required param: card[{name}].", f"card[{name}]", code="parameter_missing")
    if not call.public:
        raise StripeError(
            "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens"
            " that map to the test card you are using, see https://stripe.com/docs/testing.",
            status=402,
        )
    found = cards.find(given["number"].replace(" ", ""))
    if isinstance(found, cards.Decline):
        raise card_error(found, param="number" if found is cards.WRONG_NUMBER else None)
    _check_expiry(given["exp_month"], given["exp_year"])
    year = given["exp_year"] + (2000 if given["exp_year"] < 100 else 0)
    return add(call, found, exp_month=given["exp_month"], exp_year=year, given=data)


def add(call: Call, card: cards.Card, *, exp_month: int, exp_year: int, given: dict[str, Any] | None = None) -> Row:
    """Stores a new, unattached payment method."""
    method = build(ids.new("payment_method"), card, created=call.created, exp_month=exp_month, exp_year=exp_year)
    given = given or {}
    method["billing_details"] = _billing(given.get("billing_details", {}), method["billing_details"])
    method["allow_redisplay"] = given.get("allow_redisplay", "unspecified")
    method["metadata"] = params.merge_metadata({}, given.get("metadata", {}))
    call.sandbox.store.note(method["id"], number=card.number)
    return call.put("payment_method", method)


def card_of(call: Call, method: Row) -> cards.Card:
    """The test card behind a payment method."""
    return cards.BY_NUMBER[call.sandbox.store.note(method["id"])["number"]]


def check_unused(call: Call, method: Row) -> None:
    """Raises StripeError when an unattached payment method was already used or detached."""
    if method["customer"] is None and call.sandbox.store.note(method["id"]).get("used"):
        raise StripeError(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared"
            " with a connected account without Customer attachment, or was detached from a Customer. It may not be used"
            " again. To use a PaymentMethod multiple times, you must attach it to a Customer first.",
        )


def attach_to(call: Call, method: Row, customer_id: str) -> Row:
    """Stores the attachment and announces it."""
    attached = call.put("payment_method", {**method, "customer": customer_id})
    call.emit("payment_method.attached", attached)
    return attached


def detach_from_customer(call: Call, method: Row) -> Row:
    """Stores the detachment, clears it as the customer's default and announces it."""
    detached = call.put("payment_method", {**method, "customer": None})
    call.sandbox.store.note(method["id"], used=True)
    customer = call.sandbox.store["customer"].get(method["customer"])
    if customer and not customer.get("deleted"):
        settings = customer["invoice_settings"]
        if settings["default_payment_method"] == method["id"]:
            cleared = {**customer, "invoice_settings": {**settings, "default_payment_method": None}}
            call.put("customer", cleared)
            call.emit("customer.updated", cleared, previous={"invoice_settings": settings})
    call.emit("payment_method.detached", detached, previous={"customer": method["customer"]})
    return detached


def build(method_id: str, card: cards.Card, *, created: int, exp_month: int, exp_year: int) -> Row:
    """A payment method object, unattached."""
    return {
        "id": method_id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": dict.fromkeys(ADDRESS),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": exp_month,
            "exp_year": exp_year,
            "fingerprint": card.fingerprint,
            "funding": card.funding,
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": created,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def _billing(given: dict[str, Any], current: Row) -> Row:
    merged = {**current, **given}
    merged["address"] = {**current["address"], **(given.get("address") or {})}
    return merged


def _check_expiry(month: int, year: int) -> None:
    """Raises the card errors of an impossible or past expiry date."""
    year += 2000 if year < 100 else 0
    now = time.gmtime()
    if not 1 <= month <= 12:
        raise card_error(
            cards.Decline("invalid_expiry_month", None, "Your card's expiration month is invalid."), param="exp_month"
        )
    if not now.tm_year <= year <= now.tm_year + 50:
        raise card_error(
            cards.Decline("invalid_expiry_year", None, "Your card's expiration year is invalid."), param="exp_year"
        )
    if (year, month) < (now.tm_year, now.tm_mon):
        raise card_error(
            cards.Decline("invalid_expiry_month", None, "Your card's expiration month is invalid."), param="exp_month"
        )
