"""What we do when someone tells us that something moved at the gateway.

A hint is never believed: it only makes a worker ask sooner, or puts the matter before a person. So hints may come late,
twice or in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from . import lifecycle, refunds
from .models import Dispute, Parked, Payment, Refund

# A payment in the hands of a worker, or already booked, has nothing to learn; asking for each would double the calls of
# every renewal, and likewise of every decline.
_MAY_HAVE_SUCCEEDED = [
    Payment.Status.PENDING,
    Payment.Status.NEEDS_ACTION,
    Payment.Status.UNKNOWN,
    Payment.Status.DECLINED,
    Payment.Status.CANCELLED,
]
_MAY_HAVE_FAILED = [Payment.Status.NEEDS_ACTION, Payment.Status.UNKNOWN]


def charge_succeeded(*, payment_key: str, intent_id: str, now: datetime) -> int:
    """Have the gateway asked about a payment that may have been paid. Returns how many payments that were (0 or 1)."""
    return _check(payment_key, intent_id, _MAY_HAVE_SUCCEEDED, now=now)


def charge_failed(*, payment_key: str, intent_id: str, now: datetime) -> int:
    """Have the gateway asked about an open payment that may have failed. Returns how many that were (0 or 1)."""
    return _check(payment_key, intent_id, _MAY_HAVE_FAILED, now=now)


def refund_moved(*, refund_id: str, intent_id: str, now: datetime) -> int:
    """Have the gateway asked about the refunds of a charge: those the bank is working on, and this one even if it
    succeeded, since a bank may send money back. Returns how many that were."""
    waiting = Refund.objects.filter(
        payment__gateway_id=intent_id, payment__gateway_id__gt="", status=Refund.Status.UNKNOWN
    )
    return waiting.update(next_try_at=now) + refunds.recheck(refund_id, now=now)


def refunded_outside(*, intent_id: str, refunded_minor: int, now: datetime) -> Parked | None:
    """Put a charge before staff of which more went back than our books say: refunded in the gateway's own pages."""
    payment = _payment_of(intent_id)
    if payment is None or refunded_minor <= payment.refunds.counted().total_minor():
        return None
    reason = _("More was refunded at the gateway than the shop knows of, for payment %(payment)s: correct the books.")
    return Parked.objects.put("refund_outside", ref=intent_id, reason=reason % {"payment": payment}, now=now)


def dispute_moved(*, dispute_id: str, intent_id: str, now: datetime) -> Dispute:
    """Have the gateway asked about a dispute. It is written down with the event, so that none is ever forgotten."""
    return lifecycle.hear_of_dispute(dispute_id, intent_id=intent_id, now=now)


def _check(payment_key: str, intent_id: str, statuses: Sequence[str], *, now: datetime) -> int:
    named = Q(gateway_id=intent_id, gateway_id__gt="")
    # Others may write what they like in the metadata of their intents.
    with suppress(ValueError):
        named |= Q(key=UUID(payment_key))
    return Payment.objects.filter(named, status__in=statuses).update(check_at=now)


def _payment_of(intent_id: str) -> Payment | None:
    return Payment.objects.filter(gateway_id=intent_id, gateway_id__gt="").first()
