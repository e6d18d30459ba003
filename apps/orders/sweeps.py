"""What the workers do for orders."""

from datetime import datetime

from django.db.models import Min

from apps.core import sweeps

from . import baskets, settling
from .boxes import closing, extras, making, stopping
from .models import Basket, BoxDelivery, BoxStop, DeliveryStatus, Order


def _next_left(*, now: datetime) -> datetime | None:
    begun = Order.objects.unfinished().aggregate(at=Min("created_at"))["at"]
    return begun and begun + settling.LASTS


def _next_basket(*, now: datetime) -> datetime | None:
    touched = Basket.objects.aggregate(at=Min("updated_at"))["at"]
    return touched and touched + baskets.LASTS


@sweeps.register(name="orders.abandon", order=120, next_due=_next_left)
def abandon(*, now: datetime) -> int:
    """Close the orders that nobody paid for, and put their pieces back on the shelf."""
    return settling.abandon_due(now=now)


def _next_box(*, now: datetime) -> datetime | None:
    if extras.stranded().exists():
        return now
    return BoxDelivery.objects.filter(status=DeliveryStatus.DUE).aggregate(at=Min("due_at"))["at"]


@sweeps.register(name="orders.boxes", order=255, next_due=_next_box)
def make_boxes(*, now: datetime) -> int:
    """Turn the boxes whose day has come into orders to pack; what waits for a box that does not come is sent alone."""
    return making.make_due(now=now) + extras.release_stranded()


def _next_stop(*, now: datetime) -> datetime | None:
    return BoxStop.objects.filter(done_at=None).aggregate(at=Min("created_at"))["at"]


# Before the bills: who is put off is not charged in the same pass.
@sweeps.register(name="orders.box_stops", order=80, next_due=_next_stop, wakes=("mail.deliver",))
def carry_out_stops(*, now: datetime) -> int:
    """Carry out what staff decided about boxes when something ran out."""
    return stopping.carry_out(now=now)


@sweeps.register(name="orders.box_closing", order=256, next_due=closing.next_due)
def tell_of_closing(*, now: datetime) -> int:
    """Tell customers what their next box holds, a few days before it cannot be changed any more."""
    return closing.tell_due(now=now)


@sweeps.register(name="orders.forget_cards", order=250, next_due=sweeps.no_event)
def forget_cards(*, now: datetime) -> int:
    """Forget the cards of guests whose orders wait for nothing."""
    return settling.forget_cards(now=now)


@sweeps.register(name="orders.forget_baskets", order=286, next_due=_next_basket)
def forget_baskets(*, now: datetime) -> int:
    """Forget the baskets that nobody has touched for a season."""
    return baskets.forget_old(now=now)
