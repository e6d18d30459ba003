"""Charges: the attempts of payment intents. Source: https://docs.stripe.com/api/charges."""

from apps.billing.sandbox import cards, ids, listing, params
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.params import LISTING, metadata, optional_text, text
from apps.billing.sandbox.routing import route

from . import balance_transactions


@route("GET", "/v1/charges", {**LISTING, "customer": text, "payment_intent": text, "transfer_group": text})
def list_all(call: Call) -> Row:
    """Charges, newest first."""
    table = call.sandbox.store["charge"]
    for field in ("payment_intent", "customer"):
        if field in call.params:
            call.referenced(field, call.params[field], param=field)
            return listing.page(call, "charge", timeline=table.where(field, call.params[field]))
    return listing.page(call, "charge")


@route("GET", "/v1/charges/:id")
def retrieve(call: Call) -> Row:
    """One charge."""
    return call.named("charge")


@route("POST", "/v1/charges/:id", {"description": optional_text, "metadata": metadata, "receipt_email": optional_text})
def update(call: Call) -> Row:
    """Changes the description, metadata or receipt address."""
    charge = call.named("charge")
    changed = {**charge, **call.params}
    if "metadata" in call.params:
        changed["metadata"] = params.merge_metadata(charge["metadata"], call.params["metadata"])
    call.put("charge", changed)
    previous = {name: charge[name] for name in changed if changed[name] != charge[name]}
    if previous:
        call.emit("charge.updated", changed, previous=previous)
    return changed


@route("GET", "/v1/charges/:id/refunds", LISTING)
def refunds(call: Call) -> Row:
    """The refunds of one charge."""
    charge = call.named("charge")
    return listing.page(call, "refund", timeline=call.sandbox.store["refund"].where("charge", charge["id"]))


def attempt(
    call: Call, intent: Row, method: Row, *, decline: cards.Decline | None, authenticated: bool, created: int
) -> Row:
    """Stores the charge of one attempt: succeeded with its balance transaction, or failed with the decline."""
    charge_id = ids.new("charge")
    charge = build(charge_id, intent, method, decline=decline, authenticated=authenticated, created=created)
    if decline is None:
        charge["balance_transaction"] = balance_transactions.book(
            call,
            type="charge",
            amount=intent["amount"],
            currency=intent["currency"],
            source=charge_id,
            fee=balance_transactions.fee_of(intent["amount"]),
        )["id"]
    return call.put("charge", charge)


def build(
    charge_id: str, intent: Row, method: Row, *, decline: cards.Decline | None, authenticated: bool, created: int
) -> Row:
    """A charge object, without a balance transaction."""
    succeeded = decline is None
    amount = intent["amount"]
    card = method["card"]
    return {
        "id": charge_id,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if succeeded else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SANDBOX",
        "captured": succeeded,
        "created": created,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": _outcome(decline),
        "paid": succeeded,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "card": {
                "amount_authorized": amount if succeeded else None,
                "authorization_code": "123456" if succeeded else None,
                "brand": card["brand"],
                "checks": {**card["checks"], "cvc_check": None},
                "country": card["country"],
                "exp_month": card["exp_month"],
                "exp_year": card["exp_year"],
                "extended_authorization": {"status": "disabled"},
                "fingerprint": card["fingerprint"],
                "funding": card["funding"],
                "incremental_authorization": {"status": "unavailable"},
                "installments": None,
                "last4": card["last4"],
                "mandate": None,
                "multicapture": {"status": "unavailable"},
                "network": card["brand"],
                "network_token": {"used": False},
                "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
                "regulated_status": card["regulated_status"],
                "three_d_secure": {
                    "authentication_flow": "challenge",
                    "electronic_commerce_indicator": "05",
                    "result": "authenticated",
                    "result_reason": None,
                    "version": "2.2.0",
                }
                if authenticated
                else None,
                "wallet": None,
            },
            "type": "card",
        },
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded" if succeeded else "failed",
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(decline: cards.Decline | None) -> Row:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": (decline.decline_code or decline.code) if decline else None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "The bank did not return any further details with this decline."
        if decline
        else "Payment complete.",
        "type": "issuer_declined" if decline else "authorized",
    }
