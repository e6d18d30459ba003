"""Recoveries: open -> recovered | exhausted | cancelled. The callers hold the lock on the invoice."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.billing import emails, rules
from apps.billing.models import DunningPolicy, Invoice, Payment, Recovery

from .moves import move

# A sign-up that is not paid never became a contract: there is nothing to recover.
NEVER_DUNNED = "signup"


def fall(invoice: Invoice, payment: Payment, *, now: datetime) -> None:
    """A payment of an open invoice failed. The first failure without the customer present opens the recovery; a mail
    goes then, and again when what the customer is asked to do has changed. With the customer present the page tells
    them."""
    if payment.on_session or invoice.reason == NEVER_DUNNED:
        return
    recovery = Recovery.objects.select_for_update().filter(invoice=invoice).first()
    if recovery is None:
        recovery = _open(invoice, now=now)
        emails.payment_failed(invoice, payment, recovery, now=now)
    elif recovery.status == Recovery.Status.OPEN and emails.ask_of(payment) != _former_ask(payment):
        emails.payment_failed(invoice, payment, recovery, now=now)


def recover(invoice: Invoice, *, now: datetime) -> None:
    """OPEN -> RECOVERED, when the invoice is paid. Without an open recovery nothing happens."""
    recovery = _lock_open(invoice)
    if recovery:
        move(recovery, Recovery.Status.RECOVERED, now=now, next_action_at=None, ended_at=now)
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
    policy = DunningPolicy.objects.default()
    steps = rules.schedule(policy.retry_days, policy.mail_days, policy.grace_days)
    return Recovery.objects.create(
        invoice=invoice, policy=policy, started_at=now, next_action_at=now + timedelta(days=steps[0].day)
    )


def _lock_open(invoice: Invoice) -> Recovery | None:
    return Recovery.objects.open().select_for_update().filter(invoice=invoice).first()


def _former_ask(payment: Payment) -> str | None:
    former = Payment.objects.filter(invoice=payment.invoice_id, attempt__lt=payment.attempt, settled_at__isnull=False)
    last = former.exclude(status=Payment.Status.CANCELLED).order_by("-attempt").first()
    return emails.ask_of(last) if last else None
