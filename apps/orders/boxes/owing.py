"""What is owed: a parcel for each paid period, or several for a gift that lasts longer than one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from apps.core import periods as calendar
from apps.memberships.models import Period, Subscription
from apps.orders.models import BoxDelivery, DeliveryStatus


def owe(period_ids: Sequence[int], *, now: datetime) -> int:
    """Write down the parcels that the paid periods among these owe; returns how many are new.

    A period that was bought owes one, at its start, or now where it was paid before; a gift owes one at the start of
    each of its intervals. A period announced again owes nothing more: its invoice tells. One statement where none of
    the periods is of a plan that sends goods, else a fixed number.
    """
    paid = list(
        Period.objects.filter(pk__any=list(period_ids), price__plan__sends_goods=True, invoice__isnull=False)
        .select_related("price", "subscription")
        .prefetch_related("invoice__lines")
        .order_by("subscription_id", "start")
    )
    return _write(paid, now=now) if paid else 0


@transaction.atomic
def _write(paid: Sequence[Period], *, now: datetime) -> int:
    subscriptions = sorted({period.subscription_id for period in paid})
    # Two payments of one subscription count its parcels one after the other.
    locked = Subscription.objects.filter(pk__any=subscriptions).select_for_update(no_key=True).order_by("pk")
    list(locked.values_list("pk", flat=True))
    known = set(
        BoxDelivery.objects.filter(invoice__in=[p.invoice_id for p in paid]).values_list("invoice_id", flat=True)
    )
    last = BoxDelivery.objects.filter(subscription__any=subscriptions).order_by().values_list("subscription")
    numbers = Counter({pk: number + 1 for pk, number in last.annotate(Max("number"))})
    rows = []
    for period in paid:
        if period.invoice_id in known:
            continue
        assert period.invoice_id is not None, "only those with an invoice were read"
        for boxes, due_at in _parcels(period, now=now):
            rows.append(
                BoxDelivery(
                    subscription_id=period.subscription_id,
                    number=numbers[period.subscription_id],
                    invoice_id=period.invoice_id,
                    quantity=boxes,
                    due_at=due_at,
                    status=DeliveryStatus.DUE,
                )
            )
            numbers[period.subscription_id] += 1
    return len(BoxDelivery.objects.bulk_create(rows))


def _parcels(period: Period, *, now: datetime) -> Iterator[tuple[int, datetime]]:
    """How many boxes are in each parcel of a period, and when it is due."""
    assert period.invoice is not None, "it is paid"
    line = next((line for line in period.invoice.lines.all() if line.kind == "plan"), None)
    if line is not None and "gift" in line.inputs:
        for number in range(line.quantity):
            yield 1, calendar.boundary(period.start, number, period.price.interval, period.subscription.zone)
    else:
        yield (line.quantity if line is not None else period.subscription.quantity), min(period.start, now)
