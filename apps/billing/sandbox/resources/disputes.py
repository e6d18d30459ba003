"""Disputes. They are opened and closed through the control API. Source: https://docs.stripe.com/api/disputes."""

from apps.billing.sandbox import ids, listing, params
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.errors import StripeError
from apps.billing.sandbox.params import LISTING, boolean, fields, metadata, optional_text, text
from apps.billing.sandbox.routing import route

from . import balance_transactions

EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "product_description",
    "receipt",
    "refund_policy",
    "service_date",
    "shipping_date",
    "uncategorized_text",
)
OPEN = "needs_response"
UNDECIDED = (OPEN, "under_review")


@route("GET", "/v1/disputes", {**LISTING, "charge": text, "payment_intent": text})
def list_all(call: Call) -> Row:
    """Disputes, newest first."""
    table = call.sandbox.store["dispute"]
    for field in ("charge", "payment_intent"):
        if field in call.params:
            call.referenced(field, call.params[field], param=field)
            return listing.page(call, "dispute", timeline=table.where(field, call.params[field]))
    return listing.page(call, "dispute")


@route("GET", "/v1/disputes/:id")
def retrieve(call: Call) -> Row:
    """One dispute."""
    return call.named("dispute")


@route(
    "POST",
    "/v1/disputes/:id",
    {"evidence": fields(dict.fromkeys(EVIDENCE, optional_text)), "metadata": metadata, "submit": boolean},
)
def update(call: Call) -> Row:
    """Keeps evidence, and sends it to the bank unless ``submit`` is false. It is sent once."""
    dispute = call.named("dispute")
    if dispute["status"] != OPEN:
        raise StripeError(f"This dispute is already {dispute['status']}; its evidence cannot be changed.")
    evidence = call.params.get("evidence", {})
    sent = bool(evidence) and call.params.get("submit", True)
    details = dispute["evidence_details"]
    changed = call.put(
        "dispute",
        {
            **dispute,
            "evidence": {**dispute["evidence"], **evidence},
            "evidence_details": {
                **details,
                "has_evidence": details["has_evidence"] or bool(evidence),
                "submission_count": details["submission_count"] + sent,
            },
            "metadata": params.merge_metadata(dispute["metadata"], call.params.get("metadata", {})),
            "status": "under_review" if sent else OPEN,
        },
    )
    call.emit("charge.dispute.updated", changed, previous={"status": dispute["status"]})
    return changed


@route("POST", "/v1/disputes/:id/close")
def give_in(call: Call) -> Row:
    """The merchant accepts the dispute: it is lost."""
    dispute = call.named("dispute")
    if dispute["status"] != OPEN:
        raise StripeError(f"This dispute is already {dispute['status']}; it cannot be closed.")
    return close(call, dispute, won=False)


def open_on(call: Call, charge: Row, *, reason: str, amount: int | None = None) -> Row:
    """The cardholder disputes a charge: the money leaves the balance, with a fee."""
    dispute_id = ids.new("dispute")
    disputed = charge["amount"] if amount is None else amount
    booked = balance_transactions.book(
        call,
        type="adjustment",
        amount=-disputed,
        currency=charge["currency"],
        source=dispute_id,
        fee=balance_transactions.DISPUTE_FEE,
    )
    dispute = call.put(
        "dispute",
        {
            "id": dispute_id,
            "object": "dispute",
            "amount": disputed,
            "balance_transactions": [booked],
            "charge": charge["id"],
            "created": call.created,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": dict.fromkeys(EVIDENCE),
            "evidence_details": {
                "due_by": call.created + 9 * 86400,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "network_reason_code": "10.4" if reason == "fraudulent" else "13.1",
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {
                "card": {
                    "brand": charge["payment_method_details"]["card"]["brand"],
                    "case_type": "chargeback",
                    "network_reason_code": "10.4" if reason == "fraudulent" else "13.1",
                },
                "type": "card",
            },
            "reason": reason,
            "status": OPEN,
        },
    )
    call.put("charge", {**charge, "disputed": True})
    call.emit("charge.dispute.created", dispute)
    call.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close(call: Call, dispute: Row, *, won: bool) -> Row:
    """The bank decides: ``won`` gives the money (not the fee) back."""
    closed = {**dispute, "status": "won" if won else "lost"}
    if won:
        returned = balance_transactions.book(
            call, type="adjustment", amount=dispute["amount"], currency=dispute["currency"], source=dispute["id"]
        )
        closed["balance_transactions"] = [*dispute["balance_transactions"], returned]
    call.put("dispute", closed)
    if won:
        call.emit("charge.dispute.funds_reinstated", closed)
    call.emit("charge.dispute.closed", closed, previous={"status": dispute["status"]})
    return closed
