"""OPEN -> ACCEPTED | DECLINED | EXPIRED: the only place that assigns an offer's status."""

from datetime import datetime

from .models import Arm, Offer, Status

ARROWS = {
    Status.OPEN: {Status.ACCEPTED, Status.DECLINED, Status.EXPIRED},
    Status.ACCEPTED: set(),
    Status.DECLINED: set(),
    Status.EXPIRED: set(),
}


class IllegalMove(Exception):
    """The offer cannot go from its status to that one."""


def accept(offer: Offer, *, now: datetime) -> Offer:
    """OPEN -> ACCEPTED, when the customer took the step. The caller holds the row's lock. Safe to repeat."""
    return _move(offer, Status.ACCEPTED, now=now)


def decline(offer: Offer, *, now: datetime) -> Offer:
    """OPEN -> DECLINED, by the customer. The caller holds the row's lock. Safe to repeat."""
    return _move(offer, Status.DECLINED, now=now)


def expire(offer: Offer, *, now: datetime) -> Offer:
    """OPEN -> EXPIRED: its end has come or it fits no more. The caller holds the row's lock. Safe to repeat."""
    return _move(offer, Status.EXPIRED, now=now)


def convert(offer: Offer, *, now: datetime) -> Offer:
    """OPEN -> ACCEPTED, or EXPIRED in the control arm: the customer did what the offer is about, offer or not.

    `converted_at` is stamped in both arms: this is what the effect of an offer is measured by.
    """
    if offer.status == Status.OPEN:
        offer.converted_at = now
    return _move(offer, Status.ACCEPTED if offer.arm == Arm.TREATMENT else Status.EXPIRED, now=now)


def _move(offer: Offer, status: Status, *, now: datetime) -> Offer:
    if offer.status == status:
        return offer
    if status not in ARROWS[Status(offer.status)]:
        raise IllegalMove(f"{offer.status} -> {status}")
    offer.status = status
    offer.decided_at = now
    offer.save(update_fields=["status", "decided_at", "converted_at"])
    return offer
