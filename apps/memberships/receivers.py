"""What memberships does when billing and loyalty announce something."""

from __future__ import annotations

from datetime import datetime

from django.dispatch import receiver

from apps.billing import signals as billing
from apps.loyalty import signals as loyalty

from .services import points, settling


@receiver(billing.invoice_paid, dispatch_uid="memberships.paid")
def invoice_paid(*, invoice_id: int, now: datetime, **kwargs) -> None:
    settling.paid(invoice_id, now=now)


@receiver(billing.payment_failed, dispatch_uid="memberships.failed")
def payment_failed(*, invoice_id: int, payment_id: int, now: datetime, **kwargs) -> None:
    settling.failed(invoice_id, payment_id, now=now)


@receiver(billing.dunning_exhausted, dispatch_uid="memberships.exhausted")
def dunning_exhausted(*, invoice_id: int, action: str, now: datetime, **kwargs) -> None:
    settling.exhausted(invoice_id, action=action, now=now)


@receiver(billing.invoice_voided, dispatch_uid="memberships.voided")
def invoice_voided(*, invoice_id: int, now: datetime, **kwargs) -> None:
    settling.voided(invoice_id, now=now)


@receiver(loyalty.points_changed, dispatch_uid="memberships.points")
def points_changed(*, entries: list, now: datetime, **kwargs) -> None:
    points.post_changes(entries, now=now)
