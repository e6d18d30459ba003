"""What Stripe's answers mean to the shop. Pure: objects and errors in, outcomes of the port out."""

from __future__ import annotations

from datetime import UTC, datetime

import stripe

from apps.core.money import Money

from .port import (
    CardDetails,
    ChargeResult,
    Declined,
    DisputeDetails,
    FindResult,
    GatewayMisconfigured,
    Movement,
    NeedsAction,
    Succeeded,
    Throttled,
    Unknown,
)

AUTHENTICATION_REQUIRED = "authentication_required"
# What the shop writes on its objects, by the names of the metadata.
PAYMENT, REFUND, INVOICE = "payment", "refund", "invoice"

# Codes after which a retry is pointless or forbidden by the card schemes. The first group is the list by which Stripe's
# own retries stop (https://docs.stripe.com/billing/revenue-recovery/smart-retries), without authentication_required,
# which the customer can still pass on screen; the second are those whose description says that only another card helps
# (https://docs.stripe.com/declines/codes).
HARD_CODES = frozenset(
    {
        "highest_risk_level",
        "incorrect_number",
        "lost_card",
        "pickup_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "transaction_not_allowed",
    }
    | {"card_not_supported", "do_not_try_again", "invalid_account", "invalid_number", "stop_payment_order"}
)
# The issuer's own advice, which newer answers carry and which outweighs the code.
# https://docs.stripe.com/declines/card#retrying-issuer-declines
ADVICE_IS_HARD = {"do_not_try_again": True, "confirm_card_data": True, "try_again_later": False}
# https://docs.stripe.com/api/disputes/object#dispute_object-status
DISPUTE_STATUSES = {
    "needs_response": "needs_response",
    "under_review": "under_review",
    "won": "won",
    "lost": "lost",
    "warning_needs_response": "needs_response",
    "warning_under_review": "under_review",
    "warning_closed": "won",
    "prevented": "won",
}
# Parameters that belong to one payment.
OF_THE_PAYMENT = frozenset({"amount", "currency", "customer", "payment_method"})


def of_intent(intent: stripe.PaymentIntent) -> Succeeded | Declined | NeedsAction | Unknown:
    """The outcome of a charge by the current state of its intent."""
    match intent.status:
        case "succeeded":
            return Succeeded(intent.id)
        case "requires_action" | "requires_confirmation":
            return _needs_action(intent)
        case "requires_payment_method" if intent.last_payment_error:
            return _declined(intent.last_payment_error, intent)
        case "requires_payment_method" | "canceled":
            return Declined(intent.cancellation_reason or intent.status, hard=False, intent_id=intent.id)
        case _:
            return Unknown(intent.status, intent.id)


def of_error(error: stripe.StripeError) -> ChargeResult:
    """The outcome of a charge by the exception it ended in. Raises GatewayMisconfigured."""
    if isinstance(error, stripe.CardError) and error.error:
        return _declined(error.error, error.error.payment_intent)
    if isinstance(error, stripe.InvalidRequestError):
        return Declined(error.code or "invalid_request", hard=True, message=error.user_message or "")
    return throttled(error) or unanswered(error)


def is_about_payment(error: stripe.InvalidRequestError) -> bool:
    """Whether Stripe refuses what one payment is about, by the parameter it names."""
    return error.param in OF_THE_PAYMENT


def unanswered(error: stripe.StripeError) -> Unknown:
    """No clear answer. Raises GatewayMisconfigured when the answer is clear: it is about our key."""
    raise_if_misconfigured(error)
    # Some errors carry their code in the body alone.
    code = error.code or (error.error.code if error.error else None)
    return Unknown(code or type(error).__name__)


def throttled(error: stripe.StripeError) -> Throttled | None:
    """A 429 is answered before anything is done (too many requests, or the object is locked by another one)."""
    return Throttled(error.code or "rate_limit") if isinstance(error, stripe.RateLimitError) else None


def raise_if_misconfigured(error: stripe.StripeError) -> None:
    """Raise GatewayMisconfigured when our key is wrong or may not do this."""
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        raise GatewayMisconfigured(f"Stripe refuses our key: {error}") from error


def is_saved_failure(error: stripe.StripeError) -> bool:
    """Whether Stripe repeats a failure of its own that it saved under our idempotency key.

    Source: https://docs.stripe.com/api/idempotent_requests (500s are saved; a repeated answer carries the header).
    """
    replayed = {name.lower(): value for name, value in (error.headers or {}).items()}.get("idempotent-replayed")
    return replayed == "true" and (error.http_status or 0) >= 500


def rank(result: FindResult) -> int:
    """Which of several intents of one payment counts: money taken first, then money that may yet be taken."""
    order = (Succeeded, Unknown, NeedsAction, Declined)
    return order.index(type(result))


def card_details(method: stripe.PaymentMethod | str | None) -> CardDetails | None:
    """The card behind an expanded payment method; None when there is none or it is not a card."""
    if not isinstance(method, stripe.PaymentMethod) or not method.card:
        return None
    return CardDetails(
        method_id=method.id,
        brand=method.card.brand,
        last4=method.card.last4 or "",
        exp_month=method.card.exp_month,
        exp_year=method.card.exp_year,
        fingerprint=method.card.fingerprint or "",
        customer_id=id_of(method.customer),
    )


def dispute_details(dispute: stripe.Dispute) -> DisputeDetails:
    """A dispute as the shop sees it. A status that Stripe adds later counts as "under review": it is asked for again.

    What moved is counted in the currency of the charge. Where the account is kept in another one, Stripe converts and
    tells only that; then each movement is the amount in dispute, taken or given back.
    """
    currency = dispute.currency.upper()
    details = dispute.evidence_details
    due_by = details.due_by if details else None
    return DisputeDetails(
        id=dispute.id,
        intent_id=id_of(dispute.payment_intent),
        status=DISPUTE_STATUSES.get(dispute.status, "under_review"),
        reason=dispute.reason,
        money=Money(dispute.amount, currency),
        is_inquiry=dispute.status.startswith("warning_"),
        respond_by=datetime.fromtimestamp(due_by, UTC) if due_by else None,
        movements=tuple(_movement(row, dispute.amount, currency) for row in dispute.balance_transactions),
    )


def _movement(row: stripe.BalanceTransaction, disputed_minor: int, currency: str) -> Movement:
    kept_in = row.currency.upper()
    minor = row.amount if kept_in == currency else (-disputed_minor if row.amount < 0 else disputed_minor)
    return Movement(row.id, Money(minor, currency), Money(row.fee, kept_in))


def metadata_of(thing: stripe.PaymentIntent | stripe.Refund, name: str) -> str:
    """One value of an object's metadata; "" when it has none."""
    return (thing.metadata.to_dict() if thing.metadata else {}).get(name, "")


def id_of(reference: object) -> str:
    """The id behind a reference that Stripe may have expanded."""
    if isinstance(reference, stripe.StripeObject):
        return reference["id"]
    return str(reference or "")


def _declined(
    problem: stripe.ErrorObject | stripe.PaymentIntent.LastPaymentError, intent: stripe.PaymentIntent | None
) -> Declined | NeedsAction:
    code = getattr(problem, "decline_code", None) or problem.code or "card_declined"
    if intent and AUTHENTICATION_REQUIRED in (code, problem.code):
        return _needs_action(intent)
    hard = ADVICE_IS_HARD.get(getattr(problem, "advice_code", None) or "", code in HARD_CODES)
    return Declined(code, hard=hard, message=problem.message or "", intent_id=intent.id if intent else "")


def _needs_action(intent: stripe.PaymentIntent) -> NeedsAction:
    return NeedsAction(intent.id, intent.client_secret or "")
