"""Refunds: pending -> processing -> succeeded | failed | unknown, and their postings."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.billing import emails, ledger, recognition, rules
from apps.billing.gateway.port import Refunded, RefundFailed, RefundResult, Throttled, Unknown
from apps.billing.models import Account, LedgerEntry, Parked, Payment, Refund
from apps.core.money import Money

from .moves import move, move_many

LEASE = timedelta(seconds=120)
THROTTLE_WAIT = timedelta(seconds=60)
_STATUS = Refund.Status


def open_refund(payment: Payment, *, money: Money, key: str, reason: str, customer_id: int, now: datetime) -> Refund:
    """A new refund, PENDING, of a payment that the caller has locked. What was sold is taken back in the ledger at
    once, tax included, in the proportions of the invoice, and of a service first what is not earned yet; surplus money
    was never sold for anything."""
    shares = None if payment.surplus else _shares(payment, money)
    refund = Refund.objects.create(
        payment=payment,
        key=key,
        amount_minor=money.minor,
        tax_minor=shares[0] if shares else 0,
        currency=money.currency,
        reason=reason,
        next_try_at=now,
        created_at=now,
    )
    if shares:
        accounts = [Account.TAX_PAYABLE, Account.REVENUE_DEFERRED, Account.REVENUE]
        entries = [(account, Money(minor, money.currency)) for account, minor in zip(accounts, shares, strict=True)]
        entries.append((Account.REFUNDS_CLEARING, -money))
        ledger.post(f"refund:{refund.pk}", entries, customer_id=customer_id, now=now)
    return refund


def return_surplus(payment: Payment, *, customer_id: int, now: datetime) -> None:
    """Book money that nobody owed, and send it back."""
    entries = [(Account.CASH, payment.amount), (Account.REFUNDS_CLEARING, -payment.amount)]
    ledger.post(f"payment:{payment.pk}", entries, customer_id=customer_id, now=now)
    open_refund(
        payment,
        money=payment.amount,
        key=f"{payment.key}:surplus",
        reason=_("Nothing was owed any more when this payment went through"),
        customer_id=customer_id,
        now=now,
    )


@transaction.atomic
def claim_refunds(*, now: datetime, limit: int) -> list[Refund]:
    """PENDING | UNKNOWN -> PROCESSING for up to `limit` refunds that are due, with a lease. Refunds that succeeded
    and are to be asked about again stay so, and come along."""
    rows = list(Refund.objects.due(now).select_for_update(skip_locked=True)[:limit])
    settled = [row for row in rows if row.status == _STATUS.SUCCEEDED]
    to_send = [row for row in rows if row.status != _STATUS.SUCCEEDED]
    move_many(to_send, _STATUS.PROCESSING, now=now, lease_until=now + LEASE, sent_at=now, next_try_at=None)
    Refund.objects.filter(pk__in=[row.pk for row in settled]).update(next_try_at=None)
    return list(Refund.objects.select_related("payment").filter(pk__in=[row.pk for row in rows]).order_by("pk"))


@transaction.atomic
def settle_refund(refund_id: int, result: RefundResult, *, now: datetime) -> Refund:
    """Write down the gateway's answer about a refund. Safe to repeat."""
    refund = (
        Refund.objects.select_for_update(of=("self",))
        .select_related("payment__invoice__customer", "payment__card")
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
    """The money stays: what was booked is booked back, and a person must find another way."""
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
    ledger.reverse(f"refund:{refund.pk}", as_key=f"refund-failed:{refund.pk}", now=now)
    recognition.put_back(refund.payment.invoice_id, minor=_taken_from_deferred(refund), now=now)
    Parked.objects.put("refund", ref=str(refund.pk), reason=message, now=now)


def _post_cash(refund: Refund, *, now: datetime) -> None:
    entries = [(Account.REFUNDS_CLEARING, refund.amount), (Account.CASH, -refund.amount)]
    ledger.post(f"refund-sent:{refund.pk}", entries, customer_id=refund.payment.invoice.customer_id, now=now)


def _shares(payment: Payment, money: Money) -> tuple[int, int, int]:
    """Of the refund: (tax, deferred revenue, revenue). The schedules of the invoice give up what is deferred."""
    postings = LedgerEntry.objects.of_document(f"invoice:{payment.invoice_id}").values_list("account", "amount_minor")
    sold = {account: -minor for account, minor in postings}
    tax, service, revenue = rules.refund_shares(
        money.minor,
        tax_minor=sold.get(Account.TAX_PAYABLE, 0),
        deferred_minor=sold.get(Account.REVENUE_DEFERRED, 0),
        revenue_minor=sold.get(Account.REVENUE, 0),
    )
    deferred = recognition.take(payment.invoice_id, minor=service)
    return tax, deferred, revenue + service - deferred


def _taken_from_deferred(refund: Refund) -> int:
    """What the refund took out of deferred revenue when it was opened."""
    entries = LedgerEntry.objects.of_document(f"refund:{refund.pk}")
    return entries.filter(account=Account.REVENUE_DEFERRED).aggregate(taken=Sum("amount_minor"))["taken"] or 0
