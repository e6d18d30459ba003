"""Refunds. Source: https://docs.stripe.com/api/refunds."""

from apps.billing.sandbox import ids, listing, params
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.errors import StripeError, bad_parameter
from apps.billing.sandbox.params import LISTING, integer, metadata, one_of, text
from apps.billing.sandbox.routing import route

from . import balance_transactions


@route(
    "POST",
    "/v1/refunds",
    {
        "amount": integer,
        "charge": text,
        "payment_intent": text,
        "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
        "metadata": metadata,
    },
)
def create(call: Call) -> Row:
    """Gives back part or all of a charge. Raises StripeError 400 for more than is left."""
    charge = _charge(call)
    left = charge["amount"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise StripeError(f"Charge {charge['id']} has not succeeded; cannot issue a refund.", param="charge")
    if left == 0:
        raise StripeError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge["disputed"] and _lost_or_open(call, charge):
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    amount = call.params.get("amount", left)
    if amount < 1:
        raise bad_parameter("Invalid positive integer", "amount", code="parameter_invalid_integer")
    if amount > left:
        raise StripeError(
            f"Refund amount ({_shown(amount, charge)}) is greater than unrefunded amount on charge"
            f" ({_shown(left, charge)})",
            param="amount",
        )
    return _refund(call, charge, amount)


@route("GET", "/v1/refunds", {**LISTING, "charge": text, "payment_intent": text})
def list_all(call: Call) -> Row:
    """Refunds, newest first."""
    table = call.sandbox.store["refund"]
    for field in ("charge", "payment_intent"):
        if field in call.params:
            call.referenced(field, call.params[field], param=field)
            return listing.page(call, "refund", timeline=table.where(field, call.params[field]))
    return listing.page(call, "refund")


@route("GET", "/v1/refunds/:id")
def retrieve(call: Call) -> Row:
    """One refund."""
    return call.named("refund")


@route("POST", "/v1/refunds/:id", {"metadata": metadata})
def update(call: Call) -> Row:
    """Changes the metadata."""
    refund = call.named("refund")
    tags = params.merge_metadata(refund["metadata"], call.params.get("metadata", {}))
    changed = call.put("refund", {**refund, "metadata": tags})
    if tags != refund["metadata"]:
        call.emit("refund.updated", changed, previous={"metadata": refund["metadata"]})
    return changed


def fail(call: Call, refund: Row) -> Row:
    """The bank gives the refund back: the charge counts as not refunded by that amount."""
    charge = call.sandbox.store["charge"].rows[refund["charge"]]
    returned = balance_transactions.book(
        call,
        type="refund_failure",
        amount=refund["amount"],
        currency=refund["currency"],
        source=refund["id"],
    )
    failed = call.put(
        "refund",
        {
            **refund,
            "failure_balance_transaction": returned["id"],
            "failure_reason": "expired_or_canceled_card",
            "status": "failed",
        },
    )
    left = charge["amount_refunded"] - refund["amount"]
    call.put("charge", {**charge, "amount_refunded": left, "refunded": False})
    previous = {"status": refund["status"]}
    call.emit("refund.updated", failed, previous=previous)
    call.emit("refund.failed", failed, previous=previous)
    call.emit("charge.refund.updated", failed, previous=previous)
    return failed


def _charge(call: Call) -> Row:
    given = call.params
    if ("charge" in given) == ("payment_intent" in given):
        raise bad_parameter(
            "You must provide exactly one of charge and payment_intent.", "charge", code="parameter_missing"
        )
    if "charge" in given:
        return call.referenced("charge", given["charge"], param="charge")
    intent = call.referenced("payment_intent", given["payment_intent"], param="payment_intent")
    if intent["status"] != "succeeded":
        raise StripeError(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.", param="payment_intent"
        )
    return call.sandbox.store["charge"].rows[intent["latest_charge"]]


def _lost_or_open(call: Call, charge: Row) -> bool:
    return any(row["status"] != "won" for row in call.sandbox.store["dispute"].rows_where("charge", charge["id"]))


def _refund(call: Call, charge: Row, amount: int) -> Row:
    metadata = params.merge_metadata({}, call.params.get("metadata", {}))
    refund, changed = give_back(call, charge, amount, refund_id=ids.new("refund"), metadata=metadata)
    call.emit("refund.created", refund)
    call.emit(
        "charge.refunded",
        changed,
        previous={"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]},
    )
    return refund


def give_back(call: Call, charge: Row, amount: int, *, refund_id: str, metadata: Row) -> tuple[Row, Row]:
    """Stores a refund of a charge, at the call's time and without events; the refund and the changed charge."""
    booked = balance_transactions.book(
        call, type="refund", amount=-amount, currency=charge["currency"], source=refund_id
    )
    refund = call.put(
        "refund",
        {
            "id": refund_id,
            "object": "refund",
            "amount": amount,
            "balance_transaction": booked["id"],
            "charge": charge["id"],
            "created": call.created,
            "currency": charge["currency"],
            "destination_details": {
                "card": {
                    "reference": None,
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "metadata": metadata,
            "payment_intent": charge["payment_intent"],
            "reason": call.params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded",
            "transfer_reversal": None,
        },
    )
    refunded = charge["amount_refunded"] + amount
    changed = call.put("charge", {**charge, "amount_refunded": refunded, "refunded": refunded == charge["amount"]})
    return refund, changed


def _shown(amount: int, charge: Row) -> str:
    return f"{amount} {charge['currency']}"
