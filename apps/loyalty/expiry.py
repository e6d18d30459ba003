"""Points past their date lapse, in batches."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from .models import Kind, PointsAccount, PointsEntry, PointsLot
from .signals import points_changed

BATCH = 200


def expire_due(*, now: datetime) -> int:
    """Let every lot past its expiry lapse; returns how many lots did. Several workers may run at once."""
    handled = 0
    while batch := _expire_batch(now):
        handled += batch
    return handled


@transaction.atomic
def _expire_batch(now: datetime) -> int:
    # Accounts before lots, as in `services`, so that a redemption at this instant and this sweep never deadlock. An
    # account in other hands is skipped; the next sweep finds its lots.
    owners = PointsLot.objects.expired(now).values_list("customer", flat=True)[:BATCH]
    accounts = {
        account.customer_id: account
        for account in PointsAccount.objects.filter(customer__in=set(owners)).select_for_update(skip_locked=True)
    }
    lots = list(PointsLot.objects.expired(now).filter(customer__in=accounts).select_for_update()[:BATCH])
    entries = [
        PointsEntry(
            customer_id=lot.customer_id,
            kind=Kind.EXPIRE,
            points=-lot.remaining,
            currency=lot.currency,
            key=f"expire:{lot.pk}",
            reason=_("Points expired"),
            at=now,
            lot_id=lot.pk,
        )
        for lot in lots
    ]
    lapsed: Counter[int] = Counter()
    for lot in lots:
        lapsed[lot.customer_id] += lot.remaining
        lot.remaining = 0
    for customer_id, points in lapsed.items():
        accounts[customer_id].balance -= points
    PointsLot.objects.bulk_update(lots, ["remaining"])
    PointsAccount.objects.bulk_update([accounts[customer_id] for customer_id in lapsed], ["balance"])
    if entries:
        points_changed.send(PointsEntry, entries=PointsEntry.objects.bulk_create(entries), now=now)
    return len(lots)
