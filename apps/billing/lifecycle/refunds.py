"""Refunds: pending -> processing -> succeeded | failed | unknown, and their postings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing import credit_notes, emails, ledger, rules
from apps.billing.gateway.port import Refunded, RefundFailed, RefundResult, Throttled, Unknown
from apps.billing.models import Account, CreditNote, Parked, Payment, Refund
from apps.core.money import Money

from .moves import move, move_many

LEASE = timedelta(seconds=120)
THROTTLE_WAIT = timedelta(seconds=60)
_STATUS = Refund.Status


def open_refund(
    payment: Payment,
    *,
    money: Money,
    key: str,
    reason: str,
    now: datetime,
    chosen: Mapping[int, int] | None = None,
) -> Refund:
    """A new refund, PENDING, of a payment that the caller has locked together with its invoice. `chosen` as for
    `credit_notes.issue`.

    Its credit note takes the sale back in the ledger at once. Surplus money was never sold for anything: it has no
    note."""
    note = None
    if not payment.surplus:
        to = CreditNote.Settlement.CARD
        note = credit_notes.issue(
            payment.invoice, amount=money, to=to, key=f"refund:{key}", reason=reason, now=now, chosen=chosen
        )
    return Refund.objects.create(
        payment=payment,
        credit_note=note,
        key=key,
        amount_minor=money.minor,
        tax_minor=note.tax_minor if note else 0,
        currency=money.currency,
        reason=reason,
        next_try_at=now,
        created_at=now,
    )


def reopen_refund(failed: Refund, *, now: datetime) -> Refund:
    """A new refund, PENDING, of the money and the credit note of one that FAILED. The caller holds the locks."""
    return Refund.objects.create(
        payment=failed.payment,
        credit_note_id=failed.credit_note_id,
        key=failed.next_key,
        amount_minor=failed.amount_minor,
        tax_minor=failed.tax_minor,
        currency=failed.currency,
        reason=failed.reason,
        next_try_at=now,
        created_at=now,
    )


def return_surplus(payment: Payment, *, customer_id: int, now: datetime) -> None:
    """Book money that nobody owed, and send it back."""
    entries = [(Account.CASH, payment.amount), (Account.REFUNDS_CLEARING, -payment.amount)]
    ledger.post(f"payment:{payment.pk}", entries, customer_id=customer_id, now=now)
    reason = _("Nothing was owed any more when this payment went through")
    open_refund(payment, money=payment.amount, key=f"{payment.key}:surplus", reason=reason, now=now)


@transaction.atomic
def claim_refunds(*, now: datetime, limit: int) -> list[Refund]:
    """PENDING | UNKNOWN -> PROCESSING for up to `limit` refunds that are due, with a lease. Refunds that succeeded
    and are to be asked about again stay so, and come along."""
    rows = list(Refund.objects.due(now).select_for_update(skip_locked=True)[:limit])
    settled = [row for row in rows if row.status == _STATUS.SUCCEEDED]
    to_send = [row for row in rows if row.status != _STATUS.SUCCEEDED]
    move_many(to_send, _STATUS.PROCESSING, now=now, lease_until=now + LEASE, sent_at=now, next_try_at=None)
    Refund.objects.filter(pk__any=[row.pk for row in settled]).update(next_try_at=None)
    return list(Refund.objects.select_related("payment").filter(pk__any=[row.pk for row in rows]).order_by("pk"))


@transaction.atomic
def settle_refund(refund_id: int, result: RefundResult, *, now: datetime) -> Refund:
    """Write down the gateway's answer about a refund. Safe to repeat."""
    refund = (
        Refund.objects.select_for_update(of=("self",))
        .select_related("payment__invoice__customer", "payment__card", "credit_note")
        .get(pk=refund_id)
    )
    match result:
        case Refunded() if refund.status == _STATUS.PROCESSING:
            move(
                refund,
                _STATUS.SUCCEEDED,
                now=now,
                gateway_id=result.refund_id,
                settled_at=now,
                lease_until=None,
                message="",
            )
            _post_cash(refund, now=now)
            emails.refund_sent(refund, now=now)
        case RefundFailed() if refund.status in {_STATUS.PROCESSING, _STATUS.SUCCEEDED}:
            _fail(refund, result, now=now)
        case Unknown() if refund.status == _STATUS.PROCESSING:
            again = rules.next_check(now, refund.created_at)
            move(refund, _STATUS.UNKNOWN, now=now, message=result.reason, lease_until=None, next_try_at=again)
        case Throttled() if refund.status == _STATUS.PROCESSING:
            move(refund, _STATUS.PENDING, now=now, lease_until=None, next_try_at=now + THROTTLE_WAIT)
    return refund


@transaction.atomic
def expire_refund_leases(*, now: datetime) -> int:
    """PROCESSING -> UNKNOWN where the lease is over; asking again with the same key is safe."""
    rows = list(Refund.objects.lease_expired(now).select_for_update(skip_locked=True))
    move_many(rows, _STATUS.UNKNOWN, now=now, reason="lease expired", lease_until=None, next_try_at=now)
    return len(rows)


def _fail(refund: Refund, result: RefundFailed, *, now: datetime) -> None:
    """The money stays with us and is still owed, as the credit note says: a person must find another way."""
    had_gone = refund.status == _STATUS.SUCCEEDED
    customer_id = refund.payment.invoice.customer_id
    message = f"{result.code}: {result.message}"
    move(
        refund,
        _STATUS.FAILED,
        now=now,
        reason=result.code,
        message=message,
        settled_at=now,
        lease_until=None,
        next_try_at=None,
    )
    if had_gone:
        entries = [(Account.CASH, refund.amount), (Account.REFUNDS_CLEARING, -refund.amount)]
        ledger.post(f"refund-bounced:{refund.pk}", entries, customer_id=customer_id, now=now)
    Parked.objects.put("refund", ref=str(refund.pk), reason=message, now=now)


def _post_cash(refund: Refund, *, now: datetime) -> None:
    entries = [(Account.REFUNDS_CLEARING, refund.amount), (Account.CASH, -refund.amount)]
    ledger.post(f"refund-sent:{refund.pk}", entries, customer_id=refund.payment.invoice.customer_id, now=now)
