"""Stripe's HTTP API, its own or the sandbox's: the only difference is the base address.

No automatic retries around money. A repeated request is only safe while Stripe remembers its idempotency key, and only
the shop's books know when that was; so a charge or refund without a clear answer is Unknown, and the janitor asks.
Calls for which a person waits are retried once, because they carry a key and cost nothing when doubled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import stripe
from requests.adapters import HTTPAdapter

from apps.core.money import Money

from . import stripe_outcomes as outcomes
from .pace import Pace
from .port import (
    Cancelled,
    CancelResult,
    CardDetails,
    ChargeRequest,
    ChargeResult,
    Declined,
    DisputeDetails,
    FindResult,
    GatewayMisconfigured,
    GatewayRefused,
    GatewayUnavailable,
    NotFound,
    Refunded,
    RefundFailed,
    RefundResult,
    Setup,
    SetupStarted,
    Succeeded,
    Unknown,
)
from .stripe_books import StripeBooks
from .stripe_calls import answered, named, patient, raise_unless_missing
from .stripe_outcomes import PAYMENT, REFUND

CONNECTIONS = 64
AGAIN = ":again"
# Cards only, and nothing that leaves the page: the same intent works with and without the customer present.
METHODS: Any = {"enabled": True, "allow_redirects": "never"}
# All that Stripe keeps of a person with their customer; an empty value unsets it.
NAMING = ("address", "description", "email", "metadata", "name", "phone", "shipping")
# Stripe forgets idempotency keys after 24 hours; an hour more for clocks that differ.
KEY_MEMORY = timedelta(hours=25)


class _Paced(HTTPAdapter):
    """Connections on which each request waits for its turn."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(pool_connections=1, pool_maxsize=CONNECTIONS)
        self._pace = pace

    def send(self, *args, **kwargs) -> requests.Response:
        self._pace.wait()
        return super().send(*args, **kwargs)


def connect(*, api_key: str, api_base: str, api_version: str, timeout: int, pace: Pace) -> stripe.StripeClient:
    """A client of Stripe over one pool of connections for all threads; `timeout` in seconds.

    The library opens a session for each thread, and with it a connection for each thread of each batch, if left alone.
    """
    if not api_key:
        raise GatewayMisconfigured("STRIPE_SECRET_KEY is not set.")
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Paced(pace))
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": api_base},
        stripe_version=api_version,
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=timeout, session=session),
    )


class StripeGateway(StripeBooks):
    """The Gateway port over Stripe. One instance serves any number of threads through one pool of connections.

    `timeout`: seconds to connect and between bytes of an answer.
    """

    is_remote = True

    def __init__(self, *, api_key: str, api_base: str, api_version: str, timeout: int, pace: Pace) -> None:
        self._api = connect(api_key=api_key, api_base=api_base, api_version=api_version, timeout=timeout, pace=pace).v1

    # People and their cards.

    def create_customer(self, *, key: str, email: str, name: str) -> str:
        with answered():
            params: Any = {"email": email, **({"name": name} if name else {})}
            return self._api.customers.create(params, patient(key)).id

    def forget_customer(self, customer_id: str) -> None:
        nothing: Any = dict.fromkeys(NAMING, "")
        try:
            with answered():
                self._api.customers.update(named(customer_id), nothing, patient())
        except GatewayRefused as refusal:
            raise_unless_missing(refusal)

    def start_setup(self, *, customer_id: str, key: str, metadata: Mapping[str, str]) -> SetupStarted:
        with answered():
            intent = self._api.setup_intents.create(
                {
                    "customer": customer_id,
                    "usage": "off_session",
                    "automatic_payment_methods": METHODS,
                    "metadata": dict(metadata),
                },
                patient(key),
            )
            return SetupStarted(intent.id, intent.client_secret or "")

    def read_setup(self, setup_id: str) -> Setup:
        with answered():
            intent = self._api.setup_intents.retrieve(named(setup_id), {"expand": ["payment_method"]}, patient())
            return Setup(
                id=intent.id,
                status=intent.status,
                customer_id=outcomes.id_of(intent.customer),
                card=outcomes.card_details(intent.payment_method),
                created_at=datetime.fromtimestamp(intent.created, UTC),
                metadata=intent.metadata.to_dict() if intent.metadata else {},
            )

    def read_card(self, method_id: str) -> CardDetails | None:
        try:
            with answered():
                method = self._api.payment_methods.retrieve(named(method_id), None, patient())
        except GatewayRefused as refusal:
            if refusal.code == "resource_missing":
                return None
            raise
        return outcomes.card_details(method) if method.customer else None

    def detach_card(self, method_id: str) -> None:
        try:
            with answered():
                self._api.payment_methods.detach(named(method_id), None, patient())
        except GatewayRefused:
            # Stripe refuses the second detachment; what counts is that the card is gone.
            if self.read_card(method_id) is not None:
                raise

    # Money.

    def charge(self, request: ChargeRequest) -> ChargeResult:
        try:
            return outcomes.of_intent(self._create_intent(request, key=request.payment_key))
        except stripe.StripeError as error:
            if not outcomes.is_saved_failure(error):
                return self._not_charged(request, error)
        return self._charge_again(request)

    def find_charge(self, *, payment_key: str, customer_id: str, intent_id: str, since: datetime) -> FindResult:
        try:
            if intent_id:
                return outcomes.of_intent(self._api.payment_intents.retrieve(intent_id))
            return self._find_by_key(payment_key, customer_id, since=since)
        except stripe.StripeError as error:
            if intent_id and error.code == "resource_missing":
                return NotFound()
            return outcomes.unanswered(error)

    def confirm_details(self, intent_id: str) -> str:
        with answered():
            return self._api.payment_intents.retrieve(named(intent_id), None, patient()).client_secret or ""

    def cancel_charge(self, intent_id: str) -> CancelResult:
        try:
            self._api.payment_intents.cancel(named(intent_id))
        except stripe.InvalidRequestError as error:
            if error.code == "resource_missing":
                raise GatewayRefused("resource_missing", str(error)) from error
            # It is final already: paid, or cancelled before.
            return self._final_state(intent_id)
        except stripe.StripeError as error:
            return outcomes.unanswered(error)
        return Cancelled(intent_id)

    def refund(self, *, intent_id: str, money: Money, key: str) -> RefundResult:
        try:
            refund = self._find_refund(intent_id, key) or self._api.refunds.create(
                {"payment_intent": intent_id, "amount": money.minor, "metadata": {REFUND: key}},
                {"idempotency_key": key},
            )
        except stripe.InvalidRequestError as error:
            return RefundFailed(error.code or "invalid_request", error.user_message or "")
        except stripe.StripeError as error:
            return outcomes.throttled(error) or outcomes.unanswered(error)
        match refund.status:
            case "succeeded":
                return Refunded(refund.id)
            case "failed" | "canceled":
                return RefundFailed(refund.failure_reason or refund.status, refund_id=refund.id)
            case _:
                return Unknown("pending")

    # Disputes.

    def read_dispute(self, dispute_id: str) -> DisputeDetails:
        with answered():
            return outcomes.dispute_details(self._api.disputes.retrieve(named(dispute_id), None, patient()))

    def answer_dispute(self, dispute_id: str, *, evidence: Mapping[str, str]) -> None:
        params: Any = {"evidence": dict(evidence), "submit": True}
        with answered():
            self._api.disputes.update(named(dispute_id), params, patient())

    def accept_dispute(self, dispute_id: str) -> None:
        with answered():
            self._api.disputes.close(named(dispute_id), None, patient())

    def _create_intent(self, request: ChargeRequest, *, key: str) -> stripe.PaymentIntent:
        params: Any = {
            "amount": request.money.minor,
            "currency": request.money.currency.lower(),
            "customer": request.customer_id,
            "payment_method": request.method_id,
            "confirm": True,
            "off_session": not request.on_session,
            "automatic_payment_methods": METHODS,
            "metadata": {**request.metadata, PAYMENT: request.payment_key},
            **({"description": request.description} if request.description else {}),
        }
        return self._api.payment_intents.create(params, {"idempotency_key": key})

    def _charge_again(self, request: ChargeRequest) -> ChargeResult:
        """Go on after Stripe answered with the failure it saved under our key, as it would for 24 hours.

        The saved failure says that the first attempt is over, so the customer's intents tell the truth: what is there
        counts, and if nothing is, one other key is safe. That key is fixed, so this too charges at most once.
        """
        try:
            found = self._find_by_key(request.payment_key, request.customer_id, since=datetime.now(UTC) - KEY_MEMORY)
            if not isinstance(found, NotFound):
                return found
            return outcomes.of_intent(self._create_intent(request, key=request.payment_key + AGAIN))
        except stripe.StripeError as error:
            return self._not_charged(request, error)

    def _not_charged(self, request: ChargeRequest, error: stripe.StripeError) -> ChargeResult:
        """The outcome of a charge that ended in an exception.

        A request that Stripe calls invalid is either about this payment (the customer, the card, the amount) or about
        the way we ask, which is wrong for everybody: nobody may be declined for that. Stripe says which by a parameter
        or not at all, as for a removed card; then the card itself tells.
        """
        if isinstance(error, stripe.InvalidRequestError) and not outcomes.is_about_payment(error):
            try:
                card = self.read_card(request.method_id)
            except GatewayUnavailable as silence:
                return Unknown(str(silence))
            if card and card.customer_id == request.customer_id:
                raise GatewayMisconfigured(f"Stripe refuses the form of our charges: {error}") from error
            return Declined("resource_missing", hard=True, message=error.user_message or "")
        return outcomes.of_error(error)

    def _find_by_key(self, payment_key: str, customer_id: str, *, since: datetime) -> FindResult:
        intents = self._api.payment_intents.list(
            {"customer": customer_id, "created": {"gte": int(since.timestamp())}, "limit": 100}
        )
        found = [
            outcomes.of_intent(intent)
            for intent in intents.auto_paging_iter()
            if outcomes.metadata_of(intent, PAYMENT) == payment_key
        ]
        return min(found, key=outcomes.rank, default=NotFound())

    def _find_refund(self, intent_id: str, key: str) -> stripe.Refund | None:
        """The refund made with this key before. Stripe forgets idempotency keys, it keeps metadata."""
        refunds = self._api.refunds.list({"payment_intent": intent_id, "limit": 100}).auto_paging_iter()
        return next((refund for refund in refunds if outcomes.metadata_of(refund, REFUND) == key), None)

    def _final_state(self, intent_id: str) -> CancelResult:
        try:
            intent = self._api.payment_intents.retrieve(intent_id)
        except stripe.StripeError as error:
            return outcomes.unanswered(error)
        if intent.status == "canceled":
            return Cancelled(intent_id)
        result = outcomes.of_intent(intent)
        return result if isinstance(result, Succeeded) else Unknown(intent.status, intent_id)
