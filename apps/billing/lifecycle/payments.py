"""Payments: pending -> processing -> succeeded | declined | needs_action | unknown, and what each does to the
invoice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.billing import rules, signals
from apps.billing.gateway.port import ChargeResult, Declined, NeedsAction, Succeeded, Throttled, Unknown
from apps.billing.models import Card, Invoice, Payment

from . import recoveries, successes
from .moves import cancel, move, move_many

LEASE = timedelta(seconds=120)  # longer than any call to the gateway: see settings.GATEWAY_TIMEOUT_SECONDS
THROTTLE_WAIT = timedelta(seconds=60)
# After this a page that made an on-session payment and never charged it is taken for closed.
STRANDED_AFTER = timedelta(minutes=30)
_STATUS = Payment.Status
_DEFAULT_CARD = Subquery(
    Card.objects.usable()
    .filter(profile__default_card=F("pk"), profile__user__invoices=OuterRef("invoice"))
    .values("pk")[:1]
)


@transaction.atomic
def claim(*, now: datetime, limit: int, started: datetime | None = None) -> list[Payment]:
    """PENDING -> PROCESSING for up to `limit` payments due at `now`, with a lease; other workers' rows are passed over.

    `started` is the instant from which the lease runs, when the sweep for `now` has been running for a while.
    """
    return _claim(Payment.objects.collectable(now), now=now, since=started or now, limit=limit)


@transaction.atomic
def claim_one(payment_id: int, *, now: datetime) -> Payment | None:
    """PENDING -> PROCESSING for one payment, due or not. None when it is not pending or another worker holds it."""
    pending = Payment.objects.filter(pk=payment_id, status=_STATUS.PENDING)
    return next(iter(_claim(pending, now=now, since=now, limit=1)), None)


def _claim(pending: QuerySet[Payment], *, now: datetime, since: datetime, limit: int) -> list[Payment]:
    rows = list(pending.select_for_update(skip_locked=True)[:limit])
    claimed = [row.pk for row in rows]
    # The card is fixed by the first sending: the same key with another card would be refused by the gateway. All in one
    # update: PostgreSQL checks the foreign keys of a row changed twice, and for that would lock the invoice, which
    # whoever makes a new attempt locks before the payment.
    card = Coalesce(F("card"), _DEFAULT_CARD, output_field=BigIntegerField())
    move_many(rows, _STATUS.PROCESSING, now=now, lease_until=since + LEASE, sent_at=since, card=card)
    return list(Payment.objects.for_gateway().filter(pk__any=claimed).order_by("pk"))


@transaction.atomic
def settle(payment_id: int, result: ChargeResult, *, now: datetime) -> Payment:
    """Write down the gateway's answer about a payment. Safe to repeat, and safe when the answer comes late.

    Money that was taken is always booked: on an open invoice it pays it, on any other it is surplus and goes back.
    """
    payment = lock_payment(payment_id)
    invoice = payment.invoice
    match result:
        case Succeeded():
            successes.succeed([(payment, result)], now=now)
        case Declined() if payment.is_open:
            _decline(payment, invoice, result, now=now)
        case NeedsAction() if payment.is_open:
            _ask(payment, invoice, result, now=now)
        case Unknown() if payment.status in {_STATUS.PENDING, _STATUS.PROCESSING}:
            _doubt(payment, result.reason, intent_id=result.intent_id, now=now)
        case Throttled() if payment.status == _STATUS.PROCESSING:
            due = now + THROTTLE_WAIT
            move(payment, _STATUS.PENDING, now=now, reason=result.reason, lease_until=None, check_at=None, due_at=due)
    return payment


@transaction.atomic
def settle_successes(results: Mapping[int, Succeeded], *, now: datetime) -> None:
    """`settle` for many payments that went through, in a number of statements that does not depend on how many.

    All or none: whoever calls it settles them one by one if it raises.
    """
    successes.succeed([(payment, results[payment.pk]) for payment in _lock_all(results)], now=now)


@transaction.atomic
def doubt(payment_id: int, *, reason: str, now: datetime) -> None:
    """PENDING | PROCESSING -> UNKNOWN, when its answer could not be written down. Any other status stays."""
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    if payment.status in {_STATUS.PENDING, _STATUS.PROCESSING}:
        _doubt(payment, reason, now=now)


@transaction.atomic
def expire_leases(*, now: datetime) -> int:
    """PROCESSING -> UNKNOWN where the lease is over: the worker may have charged before it was lost. To be asked at
    once."""
    rows = list(Payment.objects.lease_expired(now).select_for_update(skip_locked=True))
    move_many(rows, _STATUS.UNKNOWN, now=now, reason="lease expired", lease_until=None, check_at=now)
    return len(rows)


def drop_stranded(*, now: datetime) -> int:
    """PENDING -> CANCELLED for on-session payments whose page never came to charge them; returns how many. What is
    collected without the customer otherwise is recovered from then on."""
    stranded = Payment.objects.stranded(now - STRANDED_AFTER).values_list("pk", flat=True)
    return sum(_drop(payment_id, now=now) for payment_id in stranded)


@transaction.atomic
def _drop(payment_id: int, *, now: datetime) -> int:
    payment = lock_payment(payment_id)
    invoice = payment.invoice
    if payment.status != _STATUS.PENDING:
        return 0
    cancel(payment, reason="the page was left", now=now)
    recoveries.fall(invoice, payment, now=now)
    return 1


def lock_payment(payment_id: int) -> Payment:
    """Lock the invoice, then its payment, which comes with it and its card."""
    [payment] = _lock_all([payment_id])
    return payment


def _lock_all(payment_ids: Collection[int]) -> list[Payment]:
    """Payments with their cards and invoices, all locked, the invoices first."""
    invoice_ids = Payment.objects.filter(pk__any=payment_ids).values("invoice_id")
    locked = Invoice.objects.filter(pk__in=invoice_ids).order_by("pk").select_for_update(of=("self",))
    invoices = {invoice.pk: invoice for invoice in locked.select_related("customer")}
    payments = Payment.objects.filter(pk__any=payment_ids).order_by("pk").select_for_update(of=("self",))
    found = list(payments.select_related("card"))
    for payment in found:
        payment.invoice = invoices[payment.invoice_id]
    return found


@transaction.atomic
def release(payment_id: int, *, now: datetime) -> None:
    """UNKNOWN -> PENDING with the same key, when the gateway surely has no such charge; -> CANCELLED when the invoice
    no longer wants one. Any other status stays."""
    payment = lock_payment(payment_id)
    invoice = payment.invoice
    if payment.status != _STATUS.UNKNOWN:
        return
    if invoice.status == Invoice.Status.OPEN:
        move(payment, _STATUS.PENDING, now=now, reason="not found at the gateway", check_at=None, due_at=now)
    else:
        cancel(payment, reason="not found at the gateway", now=now)


def withdraw(payment: Payment, *, reason: str, now: datetime) -> None:
    """PENDING | NEEDS_ACTION | UNKNOWN -> CANCELLED. The caller holds the locks and knows that it takes no money any
    more.

    Cancelled already: nothing. Raises IllegalMove from any other status.
    """
    if payment.status != _STATUS.CANCELLED:
        cancel(payment, reason=reason, now=now)


def _decline(payment: Payment, invoice: Invoice, result: Declined, *, now: datetime) -> None:
    # A page may still hold the secret of an intent that waited for the customer: the janitor closes it at the gateway.
    secret_was_out = payment.status == _STATUS.NEEDS_ACTION or payment.on_session
    intent_id = result.intent_id or payment.gateway_id
    move(
        payment,
        _STATUS.DECLINED,
        now=now,
        reason=result.code,
        decline_code=result.code,
        decline_hard=result.hard,
        message=result.message,
        gateway_id=intent_id,
        settled_at=now,
        lease_until=None,
        check_at=now if secret_was_out and intent_id else None,
    )
    _announce_failure(payment, invoice, now=now)


def _ask(payment: Payment, invoice: Invoice, result: NeedsAction, *, now: datetime) -> None:
    wanted = invoice.status == Invoice.Status.OPEN
    check_at = rules.next_check(now, payment.created_at) if wanted else now
    if payment.status == _STATUS.NEEDS_ACTION:
        Payment.objects.filter(pk=payment.pk).update(check_at=check_at)
        return
    move(
        payment,
        _STATUS.NEEDS_ACTION,
        now=now,
        decline_code="authentication_required",
        gateway_id=result.intent_id,
        lease_until=None,
        check_at=check_at,
    )
    _announce_failure(payment, invoice, now=now)


def _announce_failure(payment: Payment, invoice: Invoice, *, now: datetime) -> None:
    """Whoever is present and asked to confirm has not failed: that attempt is only watched. What the rooms above
    withdraw when they hear of it (the customer has left) is not recovered."""
    if invoice.status != Invoice.Status.OPEN:
        return
    if payment.status == _STATUS.DECLINED or not payment.on_session:
        signals.payment_failed.send(sender=Payment, invoice_id=invoice.pk, payment_id=payment.pk, now=now)
    if Invoice.objects.open().filter(pk=invoice.pk).exists():
        recoveries.fall(invoice, payment, now=now)


def _doubt(payment: Payment, reason: str, *, now: datetime, intent_id: str = "") -> None:
    move(
        payment,
        _STATUS.UNKNOWN,
        now=now,
        reason=reason,
        message=reason,
        gateway_id=intent_id or payment.gateway_id,
        lease_until=None,
        check_at=now + rules.FIRST_CHECK,
    )
