"""Giving money back."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from apps.core.money import Money

from . import gateway, lifecycle
from .gateway.port import GatewayMisconfigured, RefundResult, Throttled, Unknown
from .models import Parked, Payment, Refund

log = logging.getLogger(__name__)

BATCH = 50


class CannotRefund(Exception):
    """The payment has no money to give back, or not that much, or not in that currency."""


@transaction.atomic
def request(payment_id: int, *, amount: Money, key: str, reason: str, now: datetime) -> Refund:
    """Ask for a refund of a payment, in full or in part; the sweep carries it out.

    `key` names the occasion for this payment: repeated, it returns the first refund. Raises CannotRefund when the
    payment did not succeed, the currency differs, the amount is not positive, or it is more than what is left of the
    payment."""
    payment = Payment.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=payment_id)
    # The refund is named in the world, not only in this shop: the gateway remembers the name.
    key = f"{payment.key}:{key}"
    existing = Refund.objects.filter(key=key).first()
    if existing:
        return existing
    left = refundable(payment)
    if payment.status != Payment.Status.SUCCEEDED:
        raise CannotRefund(f"Payment {payment.pk} is {payment.status}")
    if amount.currency != payment.currency or not 0 < amount.minor <= left.minor:
        raise CannotRefund(f"{amount.minor} {amount.currency} asked, {left.minor} {left.currency} left")
    customer_id = payment.invoice.customer_id
    return lifecycle.open_refund(payment, money=amount, key=key, reason=reason, customer_id=customer_id, now=now)


def refundable(payment: Payment) -> Money:
    """What is left of a payment that can be given back."""
    return payment.amount - Money(payment.refunds.counted().total_minor(), payment.currency)


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
