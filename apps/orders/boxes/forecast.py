"""What the coming days need: how many parcels of a box, and how many pieces of each variant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from apps.catalog import bundles
from apps.catalog.models import Variant
from apps.memberships.models import Origin, Status, Subscription
from apps.orders.models import Box, BoxDelivery, BoxRecipient, DeliveryStatus

from . import filling

AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Need:
    """So many pieces of a variant; `variant.left` are there."""

    variant: Variant
    pieces: int

    @property
    def is_short(self) -> bool:
        return self.variant.left is not None and self.variant.left < self.pieces


@dataclass(frozen=True, slots=True)
class Coming:
    """The parcels of a box that are to be made within AHEAD, those that are late or held among them, and what they
    need."""

    subscribers: int
    parcels: int
    needs: Sequence[Need]


def coming(box: Box, *, now: datetime) -> Coming:
    """What is to come, as things stand: who is charged or owed a parcel by then, with what they picked. A fixed number
    of queries."""
    until = now + AHEAD
    parcels = [*_charged(box, until=until), *_owed(box, until=until)]
    group = box.plan.group
    customers = {customer for customer, _boxes in parcels}
    recipients = {row.customer_id: row for row in BoxRecipient.objects.filter(plan_group=group, customer__in=customers)}
    offered = bundles.slots(box.product_id)
    pieces: Counter[int] = Counter()
    for customer, boxes in parcels:
        recipient = recipients.get(customer)
        for variant, count in filling.wanted(offered, recipient.picked_next if recipient else {}).items():
            pieces[variant] += count * boxes
    variants = Variant.objects.select_related("product", "stock").in_bulk(list(pieces))
    needs = [Need(variants[pk], count) for pk, count in sorted(pieces.items())]
    subscribers = Subscription.objects.held().filter(plan=box.plan_id).count()
    return Coming(subscribers, len(parcels), needs)


def _charged(box: Box, *, until: datetime) -> list[tuple[int, int]]:
    """Who is charged for a box by then, and how many they get."""
    goes_on = Q(ends_at=None) | Q(term_ends_at__isnull=False, ends_at__gt=F("charge_at"))
    rows = Subscription.objects.filter(status__in=[Status.ACTIVE, Status.PAUSED], origin=Origin.PURCHASE)
    rows = rows.filter(Q(pending_price=None, plan=box.plan_id) | Q(pending_price__plan=box.plan_id))
    rows = rows.annotate(charge_at=Coalesce("resumes_at", "next_bill_at")).filter(goes_on, charge_at__lt=until)
    return list(rows.values_list("customer", Coalesce("pending_quantity", "quantity")))


def _owed(box: Box, *, until: datetime) -> list[tuple[int, int]]:
    """Whose parcel is paid for and to be made by then."""
    waiting = [DeliveryStatus.DUE, DeliveryStatus.HELD]
    rows = BoxDelivery.objects.filter(subscription__plan=box.plan_id, status__in=waiting, due_at__lt=until)
    return list(rows.values_list("subscription__customer", "quantity"))
