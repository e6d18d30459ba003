"""What billing does on schedule."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from apps.core.sweeps import no_event, register

from . import (
    billing_details,
    collection,
    disputes,
    dunning,
    janitor,
    number_tries,
    recognition,
    reconciliation,
    refunds,
    webhooks,
)
from .lifecycle.payments import STRANDED_AFTER
from .models import Dispute, Payment, Recovery, Refund, RevenueSchedule

_STATUS = Payment.Status


def _next_collection(*, now: datetime) -> datetime | None:
    pending = Payment.objects.filter(status=_STATUS.PENDING, on_session=False)
    return pending.aggregate(at=Min("due_at"))["at"]


def _next_check(*, now: datetime) -> datetime | None:
    leased = Payment.objects.filter(status=_STATUS.PROCESSING).aggregate(at=Min("lease_until"))["at"]
    asked = Payment.objects.exclude(status=_STATUS.PROCESSING).aggregate(at=Min("check_at"))["at"]
    left = Payment.objects.filter(status=_STATUS.PENDING, on_session=True).aggregate(at=Min("created_at"))["at"]
    return _earliest(leased, asked, left and left + STRANDED_AFTER)


def _next_refund(*, now: datetime) -> datetime | None:
    times = Refund.objects.aggregate(due=Min("next_try_at"), leased=Min("lease_until"))
    return _earliest(times["due"], times["leased"])


def _next_dispute(*, now: datetime) -> datetime | None:
    return Dispute.objects.aggregate(at=Min("check_at"))["at"]


def _next_month_end(*, now: datetime) -> datetime | None:
    return RevenueSchedule.objects.aggregate(at=Min("next_at"))["at"]


def _next_step(*, now: datetime) -> datetime | None:
    return Recovery.objects.actionable().aggregate(at=Min("next_action_at"))["at"]


@register(name="billing.tax_numbers", order=90, next_due=billing_details.next_check)
def check_tax_numbers(*, now: datetime) -> int:
    """Ask about VAT numbers, before the renewals that depend on them."""
    return billing_details.check_due(now=now)


@register(name="billing.collect", order=200, next_due=_next_collection)
def collect(*, now: datetime) -> int:
    """Charge what is due."""
    return collection.collect_due(now=now)


@register(name="billing.janitor", order=250, next_due=_next_check)
def check(*, now: datetime) -> int:
    """Find out what became of payments of unknown outcome."""
    return janitor.check_due(now=now)


@register(name="billing.refund", order=260, next_due=_next_refund)
def refund(*, now: datetime) -> int:
    """Give money back."""
    return refunds.carry_out_due(now=now)


@register(name="billing.disputes", order=270, next_due=_next_dispute)
def ask_about_disputes(*, now: datetime) -> int:
    """Find out what became of disputes."""
    return disputes.ask_due(now=now)


@register(name="billing.recognise", order=275, next_due=_next_month_end)
def recognise(*, now: datetime) -> int:
    """Turn deferred revenue of months that are over into revenue."""
    return recognition.recognise_due(now=now)


@register(name="billing.dunning", order=300, next_due=_next_step)
def dun(*, now: datetime) -> int:
    """Take the next steps of recoveries."""
    return dunning.advance_due(now=now)


@register(name="billing.reconcile", order=290, next_due=no_event)
def reconcile(*, now: datetime) -> int:
    """Compare the books with the gateway's, once a night."""
    return reconciliation.run_due(now=now)


@register(name="billing.prune", order=280, next_due=no_event)
def prune(*, now: datetime) -> int:
    """Forget old webhook events, and which VAT numbers were typed."""
    return webhooks.prune(now=now) + number_tries.forget(now=now)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)
