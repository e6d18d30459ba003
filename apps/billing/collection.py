"""Collecting money: claim, charge outside any transaction, settle.

The payment, its key and its lease are committed before the gateway is called. Threads only speak with the gateway;
everything is written by the thread that runs the sweep: successes many at a time, other answers one by one.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from . import attempts, charging, gateway, lifecycle
from .gateway.port import Cancelled, ChargeResult, GatewayError, Succeeded, Unknown
from .models import Card, Invoice, Parked, Payment

log = logging.getLogger(__name__)

# Payments claimed ahead for each thread: few enough that the last is sent well within the lease.
ROUNDS = 5


class NothingToPay(Exception):
    """The invoice is paid, withdrawn or written off."""


class PaymentInFlight(Exception):
    """A charge for this invoice is on its way or of unknown outcome: nobody may charge again before it is known."""


def collect_due(*, now: datetime, limit: int | None = None) -> int:
    """Collect the off-session payments due at `now`, at most `limit`; returns how many were sent or refused.

    The threads are kept busy while results are written down: more is claimed before the last answers are in. Raises
    GatewayMisconfigured after writing everything down when the gateway refuses the shop's own key.
    """
    handled = 0
    began = time.monotonic()
    left = sys.maxsize if limit is None else limit
    with charging.Sender(threads=settings.COLLECTION_THREADS) as sender:
        while True:
            room = min(settings.COLLECTION_THREADS * ROUNDS - len(sender), left)
            if room >= min(settings.COLLECTION_THREADS, left) > 0 and not sender.refused:
                started = now + timedelta(seconds=int(time.monotonic() - began))
                payments = lifecycle.claim(now=now, limit=room, started=started)
                left = left - len(payments) if len(payments) == room else 0
                sender.send(payments)
            results = sender.results()
            if not results:
                break
            write_down_all(results, now=now)
            handled += len(results)
        _report_refusal(sender, now=now)
    return handled


def collect_now(payment_id: int, *, now: datetime) -> Payment:
    """Charge one pending payment at once and return it as settled.

    For pages: the customer is waiting. When it is not pending (paid already, in another worker's hands) it is
    returned as it is. NEEDS_ACTION leaves an intent that `gateway.get().confirm_details(payment.gateway_id)` lets the
    browser go on with; then `janitor.check` reads the outcome. Never call it inside a transaction."""
    payment = lifecycle.claim_one(payment_id, now=now)
    if payment:
        with charging.Sender(threads=1) as sender:
            sender.send([payment])
            write_down_all(sender.results(), now=now)
            _report_refusal(sender, now=now)
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


def write_down_all(results: Sequence[tuple[Payment, ChargeResult]], *, now: datetime) -> None:
    """Settle many payments: those that went through together, the others each in a transaction of its own."""
    successes = {payment.pk: result for payment, result in results if isinstance(result, Succeeded)}
    together = len(successes) > 1 and _settle_together(successes, now=now)
    for payment, result in results:
        if not (together and payment.pk in successes):
            write_down(payment.pk, result, now=now)


def _settle_together(successes: Mapping[int, Succeeded], *, now: datetime) -> bool:
    """Whether they could be settled in one transaction; if not, nothing is written, and each is tried alone so that
    only the culprit is in doubt."""
    try:
        lifecycle.settle_successes(successes, now=now)
    except Exception:
        log.exception("%s payments could not be settled together; settling one by one", len(successes))
        return False
    return True


def _report_refusal(sender: charging.Sender, *, now: datetime) -> None:
    if sender.refused:
        Parked.objects.put("gateway", ref="key", reason=str(sender.refused), now=now)
        raise sender.refused


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
