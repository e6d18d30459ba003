"""A few days before the next box closes its customer is told what is in it, what it costs, and how to change it: once
for each box."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q
from django.db.models.functions import Coalesce

from apps.core.outages import is_outage
from apps.memberships.models import Origin, Status, Subscription
from apps.orders.models import Box, BoxDelivery, BoxRecipient, DeliveryStatus

from . import emails, joining
from .upcoming import upcoming

log = logging.getLogger(__name__)

BATCH = 200
# How long before the cut-off.
AHEAD = timedelta(days=3)


def tell_due(*, now: datetime) -> int:
    """Write the letters that are due; returns how many. One that cannot be written does not hold up the others, and is
    tried again until the cut-off."""
    told = 0
    for box in Box.objects.order_by("pk"):
        until = now + timedelta(days=box.cutoff_days)
        last = 0
        while batch := _waiting(box).filter(sends_at__gt=until, sends_at__lte=until + AHEAD, pk__gt=last)[:BATCH]:
            told += sum(_tell(subscription.pk, subscription.sends_at, now=now) for subscription in batch)
            last = max(subscription.pk for subscription in batch)
    return told


def next_due(*, now: datetime) -> datetime | None:
    """When the next letter is due, or None; may lie in the past, as long as the box has not closed."""
    dues = []
    for box in Box.objects.order_by("pk"):
        closed = timedelta(days=box.cutoff_days)
        first = _waiting(box).order_by().filter(sends_at__gt=now + closed).aggregate(at=Min("sends_at"))["at"]
        if first is not None:
            dues.append(first - closed - AHEAD)
    return min(dues, default=None)


def _waiting(box: Box):
    """The contracts whose next box is this one, with the day on which it is sent, of which nobody was told yet."""
    parcels = BoxDelivery.objects.filter(subscription=OuterRef("pk"), status=DeliveryStatus.DUE)
    first_parcel = parcels.order_by("number").values("due_at")[:1]
    goes_on = Q(ends_at=None) | Q(term_ends_at__isnull=False, ends_at__gt=F("sends_at")) | ~Q(origin=Origin.PURCHASE)
    told = BoxRecipient.objects.filter(
        customer=OuterRef("customer"), plan_group=OuterRef("plan_group"), told_for=OuterRef("sends_at")
    )
    return (
        Subscription.objects.filter(status__in=[Status.ACTIVE, Status.PAUSED], parked_at=None, changing_since=None)
        .filter(Q(pending_price=None, plan=box.plan_id) | Q(pending_price__plan=box.plan_id))
        .annotate(sends_at=Coalesce("resumes_at", "next_bill_at", first_parcel))
        .filter(goes_on, ~Exists(told))
        .order_by("pk")
    )


def _tell(subscription_id: int, sends_at: datetime, *, now: datetime) -> bool:
    """Tell one customer, unless another worker is at it or has done so."""
    try:
        with transaction.atomic():
            rows = Subscription.objects.select_for_update(skip_locked=True, of=("self",))
            related = ("customer", "plan", "price__plan", "pending_price__plan", "promotion")
            subscription = rows.select_related(*related).filter(pk=subscription_id).first()
            following = upcoming(subscription, now=now) if subscription is not None else None
            if following is None or following.sends_at != sends_at:
                return False
            recipient = joining.recipient_of(following.subscription)
            if recipient.told_for == sends_at:
                return False
            recipient.told_for = sends_at
            recipient.save(update_fields=["told_for"])
            emails.closing(following, now=now)
            return True
    except Exception as problem:
        if is_outage(problem):
            raise
        log.exception("Subscription %s could not be told that its box closes", subscription_id)
        return False
