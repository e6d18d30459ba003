"""What memberships does when billing and loyalty announce something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.dispatch import receiver

from apps.billing import signals as billing
from apps.loyalty import signals as loyalty

from .gifts import settling as gifts
from .services import points, settling


@receiver(billing.invoices_paid, dispatch_uid="memberships.paid")
def invoices_paid(*, invoice_ids: Sequence[int], now: datetime, **kwargs) -> None:
    settling.paid(invoice_ids, now=now)
    gifts.paid(invoice_ids, now=now)


@receiver(billing.payment_failed, dispatch_uid="memberships.failed")
def payment_failed(*, invoice_id: int, payment_id: int, now: datetime, **kwargs) -> None:
    settling.failed(invoice_id, payment_id, now=now)
    gifts.failed(invoice_id, payment_id, now=now)


@receiver(billing.dunning_exhausted, dispatch_uid="memberships.exhausted")
def dunning_exhausted(*, invoice_id: int, action: str, now: datetime, **kwargs) -> None:
    settling.exhausted(invoice_id, action=action, now=now)


@receiver(billing.invoice_voided, dispatch_uid="memberships.voided")
def invoice_voided(*, invoice_id: int, now: datetime, **kwargs) -> None:
    settling.voided(invoice_id, now=now)
    gifts.voided(invoice_id, now=now)


@receiver(loyalty.points_changed, dispatch_uid="memberships.points")
def points_changed(*, entries: list, now: datetime, **kwargs) -> None:
    points.post_changes(entries, now=now)
