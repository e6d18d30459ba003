"""Collecting money: claim, charge outside any transaction, settle.

The payment, its key and its lease are committed before the gateway is called. Threads only speak with the gateway;
everything is written by the thread that runs the sweep, one transaction for each payment.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from . import attempts, gateway, lifecycle
from .gateway.port import (
    Cancelled,
    ChargeRequest,
    ChargeResult,
    Declined,
    Gateway,
    GatewayError,
    GatewayMisconfigured,
    Succeeded,
    Throttled,
    Unknown,
)
from .lifecycle.payments import LEASE
from .models import Card, Invoice, Parked, Payment

log = logging.getLogger(__name__)

# Payments claimed at once for each thread: few enough that the last is sent well within the lease.
ROUNDS = 3


class NothingToPay(Exception):
    """The invoice is paid, withdrawn or written off."""


class PaymentInFlight(Exception):
    """A charge for this invoice is on its way or of unknown outcome: nobody may charge again before it is known."""


def collect_due(*, now: datetime, limit: int | None = None) -> int:
    """Collect the off-session payments due at `now`, at most `limit`; returns how many were sent or refused.

    Raises GatewayMisconfigured after writing everything down when the gateway refuses the shop's own key.
    """
    handled = 0
    began = time.monotonic()
    while limit is None or handled < limit:
        room = settings.COLLECTION_THREADS * ROUNDS
        size = room if limit is None else min(room, limit - handled)
        started = now + timedelta(seconds=int(time.monotonic() - began))
        payments = lifecycle.claim(now=now, limit=size, started=started)
        if not payments:
            break
        for payment, result in _charge_all(payments, now=now):
            write_down(payment.pk, result, now=now)
        handled += len(payments)
    return handled


def collect_now(payment_id: int, *, now: datetime) -> Payment:
    """Charge one pending payment at once and return it as settled.

    For pages: the customer is waiting. When it is not pending (paid already, in another worker's hands) it is
    returned as it is. NEEDS_ACTION leaves an intent that `gateway.get().confirm_details(payment.gateway_id)` lets the
    browser go on with; then `janitor.check` reads the outcome. Never call it inside a transaction."""
    payment = lifecycle.claim_one(payment_id, now=now)
    if payment:
        for sent, result in _charge_all([payment], now=now):
            write_down(sent.pk, result, now=now)
    return Payment.objects.select_related("invoice", "card").get(pk=payment_id)


def retry_with_card(invoice_id: int, *, card_id: int, on_session: bool, now: datetime) -> Payment:
    """Pay an open invoice at once with a card of its customer; a success ends its recovery.

    A pending attempt gives way, one that waits for the customer is closed at the gateway first. Raises NothingToPay,
    PaymentInFlight, attempts.RetryRefused for what the bank or the policy forbids, and Card.DoesNotExist for a card
    that is removed or of somebody else.
    """
    _check_attempt(invoice_id, card_id=card_id, on_session=on_session, now=now)
    _close_waiting(invoice_id, now=now)
    payment = _new_attempt(invoice_id, card_id=card_id, on_session=on_session, now=now)
    return collect_now(payment.pk, now=now)


def write_down(payment_id: int, result: ChargeResult, *, now: datetime) -> None:
    """Settle; if that fails (a receiver raised, the database refused) the payment is UNKNOWN and the janitor tries
    again."""
    try:
        lifecycle.settle(payment_id, result, now=now)
    except Exception as problem:
        log.exception("Payment %s could not be settled", payment_id)
        lifecycle.doubt(payment_id, reason=f"{type(problem).__name__}: {problem}", now=now)
        Parked.objects.put("settle", ref=str(payment_id), reason=f"{type(problem).__name__}: {problem}", now=now)


def _charge_all(payments: list[Payment], *, now: datetime) -> Iterator[tuple[Payment, ChargeResult]]:
    """The results as they arrive."""
    adapter, deadline = gateway.get(), _deadline()
    with ThreadPoolExecutor(max_workers=min(settings.COLLECTION_THREADS, len(payments))) as pool:
        sent = {pool.submit(_charge, adapter, payment, deadline=deadline): payment for payment in payments}
        refused: GatewayMisconfigured | None = None
        for future in as_completed(sent):
            try:
                result = future.result()
            except GatewayMisconfigured as problem:
                refused, result = problem, Throttled("the gateway refused the shop's key")
            yield sent[future], result
    if refused:
        Parked.objects.put("gateway", ref="key", reason=str(refused), now=now)
        raise refused


def _charge(adapter: Gateway, payment: Payment, *, deadline: float) -> ChargeResult:
    """Ask the gateway for one payment. No database here: it runs in a thread of the pool."""
    profile = getattr(payment.invoice.customer, "billing_profile", None)
    if payment.card is None or profile is None or not profile.gateway_customer_id:
        return Declined("no_card", hard=True, message="The customer has no card")
    if payment.card.detached_at:
        return Declined("card_removed", hard=True, message="The customer removed this card")
    if time.monotonic() > deadline:
        return Throttled("not sent: the lease was running out")
    request = ChargeRequest(
        payment_key=payment.idempotency_key,
        customer_id=profile.gateway_customer_id,
        method_id=payment.card.gateway_id,
        money=payment.amount,
        on_session=payment.on_session,
        description=payment.invoice.number,
        metadata={"payment": payment.idempotency_key, "invoice": payment.invoice.number},
    )
    try:
        return adapter.charge(request)
    except GatewayMisconfigured:
        raise
    except Exception as problem:
        log.exception("The gateway adapter failed on payment %s", payment.pk)
        return Unknown(f"{type(problem).__name__}: {problem}")


def _deadline() -> float:
    """The machine's monotonic second after which nothing is sent any more under a lease taken now."""
    return time.monotonic() + LEASE.total_seconds() - 2 * settings.GATEWAY_TIMEOUT_SECONDS


def _check_attempt(invoice_id: int, *, card_id: int, on_session: bool, now: datetime) -> None:
    """Refuse before anything is closed at the gateway; the attempt itself is checked again under its lock."""
    invoice = Invoice.objects.select_related("customer").get(pk=invoice_id)
    card = Card.objects.of(invoice.customer_id).get(pk=card_id)
    if invoice.status == Invoice.Status.OPEN:
        attempts.check(invoice, card=card, on_session=on_session, now=now)


def _close_waiting(invoice_id: int, *, now: datetime) -> None:
    """Close a charge that waits for the customer, so that it cannot be paid beside the new one."""
    waiting = Payment.objects.filter(invoice=invoice_id, status=Payment.Status.NEEDS_ACTION).first()
    if waiting is None:
        return
    try:
        result = gateway.get().cancel_charge(waiting.gateway_id)
    except GatewayError as problem:
        raise PaymentInFlight(str(problem)) from problem
    match result:
        case Cancelled():
            with transaction.atomic():
                payment = Payment.objects.select_for_update().get(pk=waiting.pk)
                if payment.status == Payment.Status.NEEDS_ACTION:
                    lifecycle.withdraw(payment, reason="another card", now=now)
        case Succeeded():
            write_down(waiting.pk, result, now=now)
        case Unknown():
            raise PaymentInFlight(result.reason)


@transaction.atomic
def _new_attempt(invoice_id: int, *, card_id: int, on_session: bool, now: datetime) -> Payment:
    invoice = Invoice.objects.select_for_update().get(pk=invoice_id)
    if invoice.status != Invoice.Status.OPEN:
        raise NothingToPay(f"Invoice {invoice.number} is {invoice.status}")
    card = Card.objects.of(invoice.customer_id).get(pk=card_id)
    for payment in invoice.payments.open().select_for_update():
        if payment.status != Payment.Status.PENDING:
            raise PaymentInFlight(f"Payment {payment.pk} is {payment.status}")
        lifecycle.withdraw(payment, reason="another card", now=now)
    return attempts.new_attempt(invoice, card=card, on_session=on_session, now=now)
