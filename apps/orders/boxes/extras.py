"""What was bought to come with the next box: it waits for the box's order, and is packed and sent with it."""

from __future__ import annotations

from apps.memberships.models import Subscription
from apps.orders.models import Order, OrderStatus


def pack_with(order: Order, *, subscription: Subscription) -> None:
    """The paid orders that waited for this subscription's next box go with its order."""
    waiting = Order.objects.filter(goes_with=subscription, packed_with=None, status=OrderStatus.PAID)
    waiting.update(packed_with=order)
