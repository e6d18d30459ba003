"""The states of a delivery, and the only place that assigns them. The callers hold the row's lock."""

from __future__ import annotations

from apps.orders.errors import IllegalMove
from apps.orders.models import BoxDelivery, DeliveryStatus, Order

ARROWS = {
    DeliveryStatus.DUE: {DeliveryStatus.HELD, DeliveryStatus.ORDERED, DeliveryStatus.CANCELLED},
    DeliveryStatus.HELD: {DeliveryStatus.DUE, DeliveryStatus.CANCELLED},
    DeliveryStatus.ORDERED: set(),
    DeliveryStatus.CANCELLED: set(),
}


def order(delivery: BoxDelivery, order: Order) -> None:
    """DUE -> ORDERED, when its order is made."""
    delivery.order = order
    _move(delivery, DeliveryStatus.ORDERED)


def hold(delivery: BoxDelivery, *, reason: str) -> None:
    """DUE -> HELD, when the workers cannot make its order; `reason` is for staff."""
    delivery.held_for = reason[:300]
    _move(delivery, DeliveryStatus.HELD)


def release(delivery: BoxDelivery) -> None:
    """HELD -> DUE, to be tried again."""
    delivery.held_for = ""
    _move(delivery, DeliveryStatus.DUE)


def cancel(delivery: BoxDelivery) -> None:
    """DUE | HELD -> CANCELLED, when its money went back."""
    delivery.held_for = ""
    _move(delivery, DeliveryStatus.CANCELLED)


def _move(delivery: BoxDelivery, new: DeliveryStatus) -> None:
    old = DeliveryStatus(delivery.status)
    if new not in ARROWS[old]:
        raise IllegalMove(f"Delivery {delivery}: {old} -> {new}")
    delivery.status = new
    delivery.save(update_fields=["status", "held_for", "order"])
