"""The work queues of the back office.

A queue is a `model.Queue`, written beside those of its own kind; whoever has something for a person adds it to ALL, and
it has a page, and a line on the first page of the back office.
"""

from __future__ import annotations

from . import boxes, breaks, declarations, erasures, memberships, orders, parked, payments, recoveries
from .model import Act, CannotAct, Order, Queue, Row

__all__ = ["ALL", "Act", "CannotAct", "Order", "Queue", "Row", "get"]

ALL: tuple[Queue, ...] = (
    payments.UNKNOWN,
    memberships.PARKED,
    declarations.PENDING,
    erasures.STUCK,
    parked.PARKED,
    boxes.HELD,
    orders.TO_PACK,
    breaks.OPEN,
    recoveries.LEFT_OPEN,
    recoveries.UNDER_WAY,
)


def get(slug: str) -> Queue | None:
    """The queue of that name, or None."""
    return next((queue for queue in ALL if queue.slug == slug), None)
