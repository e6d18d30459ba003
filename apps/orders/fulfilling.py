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
    """PAID -> PACKED, with what goes with it. Packed already: nothing. Raises OrderRefused for any other."""
    order = _lock(order_id)
    if order.status == OrderStatus.PACKED:
        return order
    _refuse_extra(order)
    if order.status != OrderStatus.PAID:
        raise OrderRefused(_("Only a paid order can be packed."))
    lifecycle.pack(order, actor=actor, now=now)
    for extra in _with_it(order, OrderStatus.PAID):
        lifecycle.pack(extra, actor=actor, now=now)
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
    it; with the last piece the order is SHIPPED, and so is what goes with it.

    Raises OrderRefused for an order that is not packed, and TooMuch for pieces that are not there to be sent.
    """
    order = _lock(order_id)
    _refuse_extra(order)
    if order.status != OrderStatus.PACKED:
        raise OrderRefused(_("Only a packed order can be sent."))
    waiting = to_send(order)
    sent = {pk: count for pk, count in (waiting if pieces is None else pieces).items() if count}
    if not sent or any(count < 0 or count > waiting.get(pk, 0) for pk, count in sent.items()):
        raise TooMuch(_("There is not so much left to send."))
    facts = {"carrier": carrier, "tracking_number": tracking_number, "tracking_url": tracking_url, "actor": actor}
    shipment, beside = _parcel(order, sent, facts, now=now), []
    if sent == waiting:
        lifecycle.ship(order, actor=actor, now=now)
        for extra in _with_it(order, OrderStatus.PACKED):
            if rest := to_send(extra):
                beside.append(_parcel(extra, rest, facts, now=now))
                lifecycle.ship(extra, actor=actor, now=now)
    emails.shipped(shipment, beside=beside, now=now)
    return shipment


@transaction.atomic
def deliver(order_id: int, *, actor: str, now: datetime) -> Order:
    """SHIPPED -> DELIVERED, with what went with it. Arrived already: nothing. Raises OrderRefused for any other."""
    order = _lock(order_id)
    if order.status == OrderStatus.DELIVERED:
        return order
    if order.status != OrderStatus.SHIPPED:
        raise OrderRefused(_("Only an order that was sent can arrive."))
    lifecycle.deliver(order, actor=actor, now=now)
    for extra in _with_it(order, OrderStatus.SHIPPED):
        lifecycle.deliver(extra, actor=actor, now=now)
    return order


def to_send(order: Order) -> dict[int, int]:
    """How many pieces of each line have still to leave: what was ordered, without what was given back or has left."""
    lines = OrderLine.objects.filter(order=order, is_shipped=True).annotate(gone=Sum("shipped__quantity"))
    waiting = {line.pk: line.kept - (line.gone or 0) for line in lines.prefetch_related("pieces")}
    return {pk: count for pk, count in waiting.items() if count > 0}


def _parcel(order: Order, sent: Mapping[int, int], facts: Mapping[str, str], *, now: datetime) -> Shipment:
    shipment = Shipment.objects.create(order=order, shipped_at=now, **facts)
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line_id=pk, quantity=count) for pk, count in sent.items()
    )
    return shipment


def _with_it(order: Order, status: OrderStatus) -> list[Order]:
    """The orders that go with a box and are as far as this, locked."""
    rows = Order.objects.select_for_update(of=("self",)).select_related("customer").order_by("pk")
    return list(rows.filter(packed_with=order, status=status))


def _refuse_extra(order: Order) -> None:
    if order.goes_with_id is not None and order.status in (OrderStatus.PAID, OrderStatus.PACKED):
        raise OrderRefused(_("This order is packed and sent with a box. Choose the box’s order instead."))


def _lock(order_id: int) -> Order:
    return Order.objects.select_for_update(of=("self",)).select_related("customer").get(pk=order_id)
