"""Recoveries: open -> recovered | exhausted | cancelled. The callers hold the lock on the invoice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.billing import emails, rules
from apps.billing.models import DunningPolicy, Invoice, Payment, Recovery

from .moves import move

# A sign-up that is not paid never became a contract: there is nothing to recover.
NEVER_DUNNED = "signup"


def fall(invoice: Invoice, payment: Payment, *, now: datetime) -> None:
    """An attempt on an open invoice came to nothing: the first time opens the recovery.

    A mail goes then, and again when what the customer is asked to do has changed; but not when the customer was
    present and the page told them. What was bought on a page (its first attempt was made there) is not recovered at
    all: whoever sold it decides what becomes of it."""
    if invoice.reason == NEVER_DUNNED or _was_bought_on_a_page(invoice):
        return
    recovery = Recovery.objects.select_for_update().filter(invoice=invoice).first()
    is_news = recovery is None or (
        recovery.status == Recovery.Status.OPEN and emails.ask_of(payment) != _former_ask(payment)
    )
    recovery = recovery or _open(invoice, now=now)
    if is_news and not payment.on_session:
        emails.payment_failed(invoice, payment, recovery, now=now)


def recover(invoices: Sequence[Invoice], *, now: datetime) -> None:
    """OPEN -> RECOVERED for those of the paid invoices that were being recovered; a mail goes to those who were told
    that something was wrong."""
    for recovery in Recovery.objects.open().select_for_update().filter(invoice__in=invoices).order_by("pk"):
        invoice = next(invoice for invoice in invoices if invoice.pk == recovery.invoice_id)
        move(recovery, Recovery.Status.RECOVERED, now=now, next_action_at=None, ended_at=now)
        failed = Payment.objects.filter(invoice=invoice, on_session=False).exclude(decline_code="")
        if recovery.step or failed.exists():
            emails.payment_recovered(invoice, now=now)


def stop(invoice: Invoice, *, reason: str, now: datetime) -> None:
    """OPEN -> CANCELLED, when the invoice is no longer to be collected. Without an open recovery nothing happens."""
    recovery = _lock_open(invoice)
    if recovery:
        move(recovery, Recovery.Status.CANCELLED, now=now, reason=reason, next_action_at=None, ended_at=now)


def exhaust(invoice: Invoice, *, now: datetime) -> None:
    """OPEN -> EXHAUSTED, after the last step. Without an open recovery nothing happens."""
    recovery = _lock_open(invoice)
    if recovery:
        move(recovery, Recovery.Status.EXHAUSTED, now=now, next_action_at=None, ended_at=now)


def _open(invoice: Invoice, *, now: datetime) -> Recovery:
    policy = DunningPolicy.objects.best_for(invoice)
    steps = rules.schedule(policy.retry_days, policy.mail_days, policy.grace_days)
    return Recovery.objects.create(
        invoice=invoice, policy=policy, started_at=now, next_action_at=now + timedelta(days=steps[0].day)
    )


def _lock_open(invoice: Invoice) -> Recovery | None:
    return Recovery.objects.open().select_for_update().filter(invoice=invoice).first()


def _was_bought_on_a_page(invoice: Invoice) -> bool:
    return Payment.objects.filter(invoice=invoice, attempt=1, on_session=True).exists()


def _former_ask(payment: Payment) -> str | None:
    former = Payment.objects.filter(invoice=payment.invoice_id, attempt__lt=payment.attempt, settled_at__isnull=False)
    last = former.exclude(status=Payment.Status.CANCELLED).order_by("-attempt").first()
    return emails.ask_of(last) if last else None
