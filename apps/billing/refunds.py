"""Giving money back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.core.money import Money

from . import credit_notes, gateway, ledger, lifecycle
from .gateway.port import GatewayMisconfigured, RefundResult, Throttled, Unknown
from .models import Account, CreditEntry, Parked, Payment, Refund

log = logging.getLogger(__name__)

BATCH = 50


class CannotRefund(Exception):
    """The payment has no money to give back, or not that much, or not in that currency."""


@transaction.atomic
def request(
    payment_id: int,
    *,
    amount: Money,
    key: str,
    reason: str,
    now: datetime,
    chosen: Mapping[int, int] | None = None,
) -> Refund:
    """Ask for a refund of a payment, in full or in part; the sweep carries it out. A credit note corrects the invoice,
    all its lines in proportion, or those `chosen` (see `credit_notes.issue`).

    `key` names the occasion for this payment: repeated, it returns the first refund. Raises CannotRefund when the
    payment did not succeed, the currency differs, the amount is not positive, or it is more than what is left of the
    payment or of its invoice."""
    payment = lifecycle.lock_payment(payment_id)
    # The refund is named in the world, not only in this shop: the gateway remembers the name.
    key = f"{payment.key}:{key}"
    existing = Refund.objects.filter(key=key).first()
    if existing:
        return existing
    left = payable_back(payment)
    if payment.status != Payment.Status.SUCCEEDED:
        raise CannotRefund(f"Payment {payment.pk} is {payment.status}")
    if amount.currency != payment.currency or not 0 < amount.minor <= left.minor:
        raise CannotRefund(f"{amount.minor} {amount.currency} asked, {left.minor} {left.currency} left")
    return lifecycle.open_refund(payment, money=amount, key=key, reason=reason, now=now, chosen=chosen)


@transaction.atomic
def send_again(refund_id: int, *, now: datetime) -> Refund:
    """Try once more to send money that a failed refund left with us: a new refund of the same credit note.

    Repeated, it returns the first new one. Raises CannotRefund when the refund did not fail, or became credit."""
    failed = _lock(refund_id)
    existing = Refund.objects.filter(key=failed.next_key).first()
    if existing:
        return existing
    _check_owed(failed)
    return lifecycle.reopen_refund(failed, now=now)


@transaction.atomic
def turn_into_credit(refund_id: int, *, reason: str, now: datetime) -> CreditEntry:
    """Give the money that a failed refund left with us as the customer's credit.

    Repeated, it returns the first entry. Raises CannotRefund when the refund did not fail, or was sent again."""
    failed = _lock(refund_id)
    existing = CreditEntry.objects.filter(key=failed.credit_key).first()
    if existing:
        return existing
    _check_owed(failed)
    customer_id = failed.payment.invoice.customer_id
    entries = [(Account.REFUNDS_CLEARING, failed.amount), (Account.CUSTOMER_CREDIT, -failed.amount)]
    ledger.post(failed.credit_key, entries, customer_id=customer_id, now=now)
    return CreditEntry.objects.create(
        customer_id=customer_id,
        currency=failed.currency,
        amount_minor=failed.amount_minor,
        key=failed.credit_key,
        reason=reason[:300],
        at=now,
    )


def refundable(payment: Payment) -> Money:
    """What is left of a payment that can be given back: not what went back, nor what a bank holds in a dispute."""
    gone = payment.refunds.counted().total_minor() + payment.disputes.holding().total_minor()
    return Money(max(0, payment.amount_minor - gone), payment.currency)


def payable_back(payment: Payment) -> Money:
    """How much of a payment may go back for what was sold: no more than is left of the invoice either."""
    return min(refundable(payment), credit_notes.creditable(payment.invoice), key=lambda money: money.minor)


def _lock(refund_id: int) -> Refund:
    """A refund; its invoice and payment are locked before it, in the order of all."""
    payment = lifecycle.lock_payment(Refund.objects.values_list("payment_id", flat=True).get(pk=refund_id))
    refund = Refund.objects.select_for_update(of=("self",)).get(pk=refund_id)
    refund.payment = payment
    return refund


def _check_owed(refund: Refund) -> None:
    if not Refund.objects.still_owed().filter(pk=refund.pk).exists():
        raise CannotRefund(f"Refund {refund.pk} leaves nothing to send again")


def recheck(gateway_id: str, *, now: datetime) -> int:
    """Somebody (a webhook) says that a refund changed at the bank: it is asked about in the next sweep."""
    succeeded = Refund.objects.filter(gateway_id=gateway_id, status=Refund.Status.SUCCEEDED)
    return succeeded.update(next_try_at=now)


def carry_out_due(*, now: datetime) -> int:
    """Send the refunds that are due, and ask again about those of unknown outcome; returns how many."""
    handled = lifecycle.expire_refund_leases(now=now)
    while batch := lifecycle.claim_refunds(now=now, limit=BATCH):
        for refund in batch:
            _carry_out(refund, now=now)
        handled += len(batch)
    return handled


def _carry_out(refund: Refund, *, now: datetime) -> None:
    try:
        result: RefundResult = gateway.get().refund(
            intent_id=refund.payment.gateway_id, money=refund.amount, key=refund.key
        )
    except GatewayMisconfigured as problem:
        lifecycle.settle_refund(refund.pk, Throttled("the gateway refused the shop's key"), now=now)
        Parked.objects.put("gateway", ref="key", reason=str(problem), now=now)
        raise
    except Exception as problem:
        log.exception("The gateway adapter failed on refund %s", refund.pk)
        result = Unknown(f"{type(problem).__name__}: {problem}")
    lifecycle.settle_refund(refund.pk, result, now=now)
