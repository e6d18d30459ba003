"""Packing, sending and arriving: what staff do with a paid order. Each is safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from . import emails, lifecycle
from .errors import OrderRefused, TooMuch
from .models import Order, OrderLine, OrderStatus, Shipment, ShipmentLine


@transaction.atomic
def pack(order_id: int, *, actor: str, now: datetime) -> Order:
    """PAID -> PACKED. Packed already: nothing. Raises OrderRefused for any other."""
    order = _lock(order_id)
    if order.status == OrderStatus.PACKED:
        return order
    if order.status != OrderStatus.PAID:
        raise OrderRefused(_("Only a paid order can be packed."))
    lifecycle.pack(order, actor=actor, now=now)
    return order


@transaction.atomic
def ship(
    order_id: int,
    *,
    carrier: str,
    tracking_number: str = "",
    tracking_url: str = "",
    pieces: Mapping[int, int] | None = None,
    actor: str,
    now: datetime,
) -> Shipment:
    """A parcel leaves: with `pieces` (by line), or with all that has not left yet. The customer is told where to follow
    it; with the last piece the order is SHIPPED.

    Raises OrderRefused for an order that is not packed, and TooMuch for pieces that are not there to be sent.
    """
    order = _lock(order_id)
    if order.status != OrderStatus.PACKED:
        raise OrderRefused(_("Only a packed order can be sent."))
    waiting = to_send(order)
    sent = {pk: count for pk, count in (waiting if pieces is None else pieces).items() if count}
    if not sent or any(count < 0 or count > waiting.get(pk, 0) for pk, count in sent.items()):
        raise TooMuch(_("There is not so much left to send."))
    shipment = Shipment.objects.create(
        order=order,
        carrier=carrier,
        tracking_number=tracking_number,
        tracking_url=tracking_url,
        shipped_at=now,
        actor=actor,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line_id=pk, quantity=count) for pk, count in sent.items()
    )
    if sent == waiting:
        lifecycle.ship(order, actor=actor, now=now)
    emails.shipped(shipment, now=now)
    return shipment


@transaction.atomic
def deliver(order_id: int, *, actor: str, now: datetime) -> Order:
    """SHIPPED -> DELIVERED. Arrived already: nothing. Raises OrderRefused for any other."""
    order = _lock(order_id)
    if order.status == OrderStatus.DELIVERED:
        return order
    if order.status != OrderStatus.SHIPPED:
        raise OrderRefused(_("Only an order that was sent can arrive."))
    lifecycle.deliver(order, actor=actor, now=now)
    return order


def to_send(order: Order) -> dict[int, int]:
    """How many pieces of each line have still to leave: what was ordered, without what was given back or has left."""
    lines = OrderLine.objects.filter(order=order, is_shipped=True).annotate(gone=Sum("shipped__quantity"))
    waiting = {line.pk: line.left - (line.gone or 0) for line in lines}
    return {pk: count for pk, count in waiting.items() if count > 0}


def _lock(order_id: int) -> Order:
    return Order.objects.select_for_update(of=("self",)).select_related("customer").get(pk=order_id)
