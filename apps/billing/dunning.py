"""Recovering unpaid invoices by policy, one step at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.core.money import Money

from . import emails, lifecycle, rules
from .attempts import RetryRefused, new_attempt
from .models import DunningPolicy, Invoice, Payment, Recovery
from .rules import Act

BATCH = 200


class BadPolicy(ValueError):
    """A policy whose days make no sense; `fields` names them."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(f"Wrong: {', '.join(fields)}")
        self.fields = fields


def advance_due(*, now: datetime) -> int:
    """Take the next step of every recovery whose time has come; returns how many steps were taken.

    A retry makes a payment, which the collection sweep sends; the recovery waits until its outcome is known. An invoice
    with a charge in flight or of unknown outcome is left alone.
    """
    handled = 0
    while True:
        due = Recovery.objects.due(now).values_list("pk", "invoice_id")[:BATCH]
        taken = sum(_advance(pk, invoice_id, now=now) for pk, invoice_id in due)
        if not taken:
            return handled
        handled += taken


@transaction.atomic
def stop(invoice_id: int, *, reason: str = "", now: datetime) -> None:
    """Stop recovering an invoice: its recovery is CANCELLED and its pending retry withdrawn. The invoice stays open.

    Safe to repeat, and without effect when there is no open recovery.
    """
    invoice = Invoice.objects.select_for_update().get(pk=invoice_id)
    if not Recovery.objects.open().filter(invoice=invoice).exists():
        return
    for payment in invoice.payments.select_for_update().filter(status=Payment.Status.PENDING):
        lifecycle.withdraw(payment, reason=reason, now=now)
    lifecycle.stop(invoice, reason=reason, now=now)


@transaction.atomic
def new_policy_version(
    name: str,
    *,
    retry_days: list[int],
    mail_days: list[int],
    grace_days: int,
    is_current: bool,
    now: datetime,
    final_action: str = DunningPolicy.FinalAction.END,
    max_tries: int = rules.MAX_TRIES,
    tries_within_days: int = rules.TRIES_WITHIN_DAYS,
    scope: str = "",
    minimum: Money | None = None,
    currency: str = "",
) -> DunningPolicy:
    """The next version of a policy; recoveries that are under way keep theirs. Raises BadPolicy.

    Days count from the first failure, each from 1 to 60, rising; reminders come before the last retry. It is for
    invoices with this `scope`, in this `currency` and of at least `minimum`, each where given. A policy in force with
    the same conditions gives way to it; one without conditions must always remain.
    """
    wrong = rules.check_policy(retry_days, mail_days, grace_days, max_tries=max_tries, within_days=tries_within_days)
    if wrong:
        raise BadPolicy(wrong)
    conditions = {
        "scope": scope,
        "currency": minimum.currency if minimum else currency,
        "minimum_minor": minimum.minor if minimum else 0,
    }
    # In the order of their keys, so that two who save at once wait for each other.
    in_force = list(DunningPolicy.objects.in_force().order_by("pk").select_for_update())
    replaced = [one.pk for one in in_force if one.name == name or (is_current and _has(one, conditions))]
    DunningPolicy.objects.filter(pk__in=replaced).update(is_current=False)
    last = DunningPolicy.objects.filter(name=name).aggregate(last=Max("version"))["last"] or 0
    made = DunningPolicy.objects.create(
        name=name,
        version=last + 1,
        is_current=is_current,
        retry_days=retry_days,
        mail_days=mail_days,
        grace_days=grace_days,
        final_action=final_action,
        max_tries=max_tries,
        tries_within_days=tries_within_days,
        created_at=now,
        **conditions,
    )
    if not DunningPolicy.objects.in_force().filter(scope="", currency="", minimum_minor=0).exists():
        raise BadPolicy(["is_current" if not is_current else "scope"])
    return made


def _has(policy: DunningPolicy, conditions: dict[str, Any]) -> bool:
    return all(getattr(policy, name) == value for name, value in conditions.items())


@transaction.atomic
def _advance(recovery_id: int, invoice_id: int, *, now: datetime) -> int:
    """Take one step; 0 when another worker has the invoice, or the step is no longer due."""
    locked = Invoice.objects.select_for_update(of=("self",), skip_locked=True).select_related("customer")
    invoice = locked.filter(pk=invoice_id).first()
    if invoice is None:
        return 0
    due = Recovery.objects.due(now).select_for_update(of=("self",)).select_related("policy")
    recovery = due.filter(pk=recovery_id).first()
    if recovery is None:
        return 0
    policy = recovery.policy
    steps = rules.schedule(policy.retry_days, policy.mail_days, policy.grace_days)
    last = invoice.payments.select_related("card").order_by("-attempt")[0]
    following = steps[recovery.step + 1] if recovery.step + 1 < len(steps) else None
    match steps[recovery.step].act:
        case Act.RETRY:
            is_tried = _retry(invoice, last, now=now)
            if not is_tried and following and following.day > steps[recovery.step].day:
                emails.payment_reminder(invoice, last, recovery, now=now)
        case Act.REMINDER:
            emails.payment_reminder(invoice, last, recovery, now=now)
        case Act.FINAL_NOTICE:
            emails.final_notice(invoice, last, recovery, ends_at=_ends_at(recovery, now=now), now=now)
        case Act.END:
            lifecycle.give_up(invoice, action=policy.final_action, now=now)
            return 1
    assert following is not None, "the end is the last step"
    # A worker that comes late must not shorten the grace that the final notice promises.
    after_notice = steps[recovery.step].act == Act.FINAL_NOTICE
    planned = recovery.started_at + timedelta(days=following.day)
    recovery.next_action_at = _ends_at(recovery, now=now) if after_notice else planned
    recovery.step += 1
    recovery.save(update_fields=["step", "next_action_at"])
    return 1


def _ends_at(recovery: Recovery, *, now: datetime) -> datetime:
    """When the recovery ends: by its calendar, but never sooner than the grace after the final notice."""
    policy = recovery.policy
    planned = recovery.started_at + timedelta(days=max(policy.retry_days) + policy.grace_days)
    return max(planned, now + timedelta(days=policy.grace_days))


def _retry(invoice: Invoice, last: Payment, *, now: datetime) -> bool:
    """Make the next attempt; False where trying again is pointless or forbidden: a charge waits for the customer, the
    bank does not want this card, or all tries are used up."""
    if last.status == Payment.Status.NEEDS_ACTION:
        return False
    try:
        new_attempt(invoice, card=None, on_session=False, now=now)
    except RetryRefused:
        return False
    return True
