"""The states of an order, and the only place that assigns them. The callers hold the row's lock."""

from __future__ import annotations

from datetime import datetime

from apps.orders.errors import IllegalMove
from apps.orders.models import Order, OrderHistory, OrderStatus

ARROWS = {
    OrderStatus.PENDING: {OrderStatus.PAID, OrderStatus.CANCELLED},
    OrderStatus.PAID: {OrderStatus.PACKED, OrderStatus.COMPLETED, OrderStatus.CANCELLED},
    OrderStatus.PACKED: {OrderStatus.SHIPPED, OrderStatus.CANCELLED},
    OrderStatus.SHIPPED: {OrderStatus.DELIVERED, OrderStatus.RETURNED},
    OrderStatus.DELIVERED: {OrderStatus.RETURNED},
    OrderStatus.COMPLETED: set(),
    OrderStatus.RETURNED: set(),
    OrderStatus.CANCELLED: set(),
}


def pay(order: Order, *, now: datetime) -> None:
    """PENDING -> PAID, when its invoice is paid. What needs no parcel is COMPLETED at once."""
    order.paid_at = now
    _move(order, OrderStatus.PAID, now=now)
    if not order.is_shipped:
        _move(order, OrderStatus.COMPLETED, reason="nothing to send", now=now)


def pack(order: Order, *, actor: str, now: datetime) -> None:
    """PAID -> PACKED, by staff."""
    _move(order, OrderStatus.PACKED, actor=actor, now=now)


def ship(order: Order, *, actor: str, now: datetime) -> None:
    """PACKED -> SHIPPED, when the last piece has left."""
    _move(order, OrderStatus.SHIPPED, actor=actor, now=now)


def deliver(order: Order, *, actor: str, now: datetime) -> None:
    """SHIPPED -> DELIVERED, when it has arrived."""
    _move(order, OrderStatus.DELIVERED, actor=actor, now=now)


def take_back(order: Order, *, reason: str, actor: str, now: datetime) -> None:
    """SHIPPED | DELIVERED -> RETURNED, when every piece came back."""
    _move(order, OrderStatus.RETURNED, reason=reason, actor=actor, now=now)


def cancel(order: Order, *, reason: str, actor: str = "", problem: str = "", now: datetime) -> None:
    """PENDING | PAID | PACKED -> CANCELLED. `problem` is for the customer, when the payment came to nothing."""
    order.closed_at = now
    order.problem = problem
    _move(order, OrderStatus.CANCELLED, reason=reason, actor=actor, now=now)


def begin(order: Order, *, now: datetime) -> None:
    """The first row of an order's history."""
    OrderHistory.objects.create(order=order, old="", new=OrderStatus.PENDING, at=now)


def _move(order: Order, new: OrderStatus, *, reason: str = "", actor: str = "", now: datetime) -> None:
    old = OrderStatus(order.status)
    if new not in ARROWS[old]:
        raise IllegalMove(f"Order {order.number}: {old} -> {new}")
    order.status = new
    order.save()
    OrderHistory.objects.create(order=order, old=old, new=new, reason=reason[:300], actor=actor, at=now)
