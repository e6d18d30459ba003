"""Stripe's own books: intents, refunds and disputes as Stripe has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import stripe

from apps.core.money import Money

from .books import ChargeRecord, DisputeRecord, Page, RefundRecord, Standing
from .port import Declined, GatewayRefused, Succeeded
from .stripe_calls import answered, named, patient, raise_unless_missing
from .stripe_outcomes import INVOICE, PAYMENT, REFUND, id_of, metadata_of, of_intent

if TYPE_CHECKING:
    from stripe._v1_services import V1Services

LIMIT = 100  # the most that Stripe gives on one page

_REFUNDS = {"succeeded": Standing.MOVED, "failed": Standing.FAILED, "canceled": Standing.FAILED}


class StripeBooks:
    """The part of the adapter that reads what Stripe has written down."""

    _api: V1Services

    def list_charges(self, *, since: datetime, until: datetime, cursor: str) -> Page[ChargeRecord]:
        with answered():
            found = self._api.payment_intents.list(_span(since, until, cursor), patient())
        return _page(found, _charge)

    def list_refunds(self, *, since: datetime, until: datetime, cursor: str) -> Page[RefundRecord]:
        with answered():
            found = self._api.refunds.list(_span(since, until, cursor), patient())
        return _page(found, _refund)

    def list_disputes(self, *, since: datetime, until: datetime, cursor: str) -> Page[DisputeRecord]:
        with answered():
            found = self._api.disputes.list(_span(since, until, cursor), patient())
        return _page(found, _dispute)

    def read_charge(self, intent_id: str) -> ChargeRecord | None:
        try:
            with answered():
                return _charge(self._api.payment_intents.retrieve(named(intent_id), None, patient()))
        except GatewayRefused as refusal:
            raise_unless_missing(refusal)
            return None

    def read_refund(self, refund_id: str) -> RefundRecord | None:
        try:
            with answered():
                return _refund(self._api.refunds.retrieve(named(refund_id), None, patient()))
        except GatewayRefused as refusal:
            raise_unless_missing(refusal)
            return None


def _span(since: datetime, until: datetime, cursor: str) -> Any:
    """The parameters of a list. Stripe stamps whole seconds."""
    created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    return {"created": created, "limit": LIMIT, **({"starting_after": cursor} if cursor else {})}


def _page[Record](found: stripe.ListObject[Any], read: Callable[[Any], Record]) -> Page[Record]:
    return Page([read(row) for row in found.data], found.data[-1].id if found.has_more else "")


def _charge(intent: stripe.PaymentIntent) -> ChargeRecord:
    standing = _standing(intent)
    minor = intent.amount_received if standing is Standing.MOVED else intent.amount
    return ChargeRecord(
        intent_id=intent.id,
        payment_key=metadata_of(intent, PAYMENT),
        invoice_number=metadata_of(intent, INVOICE),
        customer_id=id_of(intent.customer),
        money=Money(minor, intent.currency.upper()),
        standing=standing,
    )


def _standing(intent: stripe.PaymentIntent) -> Standing:
    """As a charge of it would be judged: one that waits for the customer, or is under way, may still take money."""
    match of_intent(intent):
        case Succeeded():
            return Standing.MOVED
        case Declined():
            return Standing.FAILED
        case _:
            return Standing.OPEN


def _refund(refund: stripe.Refund) -> RefundRecord:
    return RefundRecord(
        refund_id=refund.id,
        intent_id=id_of(refund.payment_intent),
        key=metadata_of(refund, REFUND),
        money=Money(refund.amount, refund.currency.upper()),
        standing=_REFUNDS.get(refund.status or "", Standing.OPEN),
    )


def _dispute(dispute: stripe.Dispute) -> DisputeRecord:
    return DisputeRecord(
        dispute_id=dispute.id,
        intent_id=id_of(dispute.payment_intent),
        money=Money(dispute.amount, dispute.currency.upper()),
        state=dispute.status,
        reason=dispute.reason,
    )
