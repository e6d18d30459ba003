"""Finding out what became of payments: lost workers, timeouts, charges that wait for the customer, hints of
webhooks."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from apps.core import clock

from . import gateway, lifecycle, rules
from .collection import write_down
from .gateway.port import (
    Declined,
    GatewayError,
    GatewayMisconfigured,
    GatewayRefused,
    NeedsAction,
    NotFound,
    Succeeded,
    Unknown,
)
from .models import Invoice, Payment

log = logging.getLogger(__name__)

BATCH = 200
# While one janitor asks about a payment, others leave it alone for this long.
ASKING = timedelta(seconds=120)
_CLOCK_SKEW = timedelta(minutes=10)
_STATUS = Payment.Status


def check_due(*, now: datetime) -> int:
    """Put right what was lost and ask about every payment whose time has come; returns how many were handled.

    PROCESSING with an expired lease becomes UNKNOWN, never pending: the lost worker may have charged.
    """
    handled = lifecycle.expire_leases(now=now) + lifecycle.drop_stranded(now=now)
    while payments := _take(now=now):
        for payment in payments:
            _check(payment, now=now)
        handled += len(payments)
    return handled


def check(payment_id: int, *, now: datetime) -> Payment:
    """Ask about one payment at once and return it: for the page a customer comes back to after confirming at the bank.

    Never call it inside a transaction. One that is pending, in a worker's hands, or done is returned as it is.
    """
    payment = Payment.objects.for_gateway().get(pk=payment_id)
    if payment.status in {_STATUS.UNKNOWN, _STATUS.NEEDS_ACTION}:
        _check(payment, now=now)
    return Payment.objects.select_related("invoice", "card").get(pk=payment_id)


@transaction.atomic
def _take(*, now: datetime) -> list[Payment]:
    """Payments to ask about, put out of reach of other janitors meanwhile."""
    rows = Payment.objects.to_check(now).select_for_update(skip_locked=True).values_list("pk", flat=True)
    taken = list(rows[:BATCH])
    Payment.objects.filter(pk__in=taken).update(check_at=now + ASKING)
    return list(Payment.objects.for_gateway().filter(pk__in=taken).order_by("pk"))


def _check(payment: Payment, *, now: datetime) -> None:
    try:
        if payment.status in {_STATUS.DECLINED, _STATUS.CANCELLED} or _is_unwanted(payment):
            _close(payment, now=now)
        else:
            _ask(payment, now=now)
    except GatewayMisconfigured:
        raise
    except GatewayRefused:
        # The gateway does not know the intent: nothing to close, and nothing to find but by our own key.
        _again(payment, None) if not payment.is_open else _ask(payment, now=now)
    except GatewayError as problem:
        log.warning("The gateway could not say what became of payment %s: %s", payment.pk, problem)
        _again(payment, rules.next_check(now, payment.created_at))


def _ask(payment: Payment, *, now: datetime) -> None:
    match _find(payment):
        case NotFound():
            _not_found(payment, now=now)
        case Unknown():
            _again(payment, rules.next_check(now, payment.created_at))
        case Succeeded() | Declined() | NeedsAction() as result:
            write_down(payment.pk, result, now=now)


def _not_found(payment: Payment, *, now: datetime) -> None:
    """Believed only when the request can no longer be on its way."""
    believable = (payment.sent_at or payment.created_at) + rules.BELIEVE_NOT_FOUND
    if now < believable:
        _again(payment, believable)
    elif payment.status == _STATUS.UNKNOWN:
        lifecycle.release(payment.pk, now=now)
    elif payment.status == _STATUS.NEEDS_ACTION:
        write_down(payment.pk, Declined("intent_missing", hard=False, message="The gateway lost it"), now=now)
    else:
        _again(payment, None)


def _close(payment: Payment, *, now: datetime) -> None:
    """Make sure that a charge nobody waits for cannot be paid any more, and take what was paid all the same."""
    result = gateway.get().cancel_charge(payment.gateway_id) if payment.gateway_id else _find(payment)
    match result:
        case Succeeded():
            write_down(payment.pk, result, now=now)
        case Unknown():
            _again(payment, rules.next_check(now, payment.created_at))
        case _ if payment.status == _STATUS.NEEDS_ACTION:
            with transaction.atomic():
                locked = Payment.objects.select_for_update().get(pk=payment.pk)
                if locked.status == _STATUS.NEEDS_ACTION:
                    lifecycle.withdraw(locked, reason="no longer wanted", now=now)
        case _:
            _again(payment, None)


def _find(payment: Payment) -> Succeeded | Declined | NeedsAction | Unknown | NotFound:
    profile = getattr(payment.invoice.customer, "billing_profile", None)
    if profile is None or not profile.gateway_customer_id:
        return NotFound()
    return gateway.get().find_charge(
        payment_key=payment.idempotency_key,
        customer_id=profile.gateway_customer_id,
        intent_id=payment.gateway_id,
        since=_real(payment.created_at),
    )


def _real(moment: datetime) -> datetime:
    """An instant not after `moment` in the gateway's time, which the time machine does not move."""
    return clock.machine_time(moment) - _CLOCK_SKEW


def _is_unwanted(payment: Payment) -> bool:
    return payment.status == _STATUS.NEEDS_ACTION and payment.invoice.status != Invoice.Status.OPEN


def _again(payment: Payment, moment: datetime | None) -> None:
    """When to ask again, unless somebody settled it meanwhile."""
    Payment.objects.filter(pk=payment.pk, status=payment.status).update(check_at=moment)
