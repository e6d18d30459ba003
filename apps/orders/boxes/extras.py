"""What is bought to come with the next box: it waits for the box's order, and is packed and sent with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.memberships.models import Origin, Pause, Status, Subscription
from apps.orders.errors import OrderRefused
from apps.orders.models import BoxDelivery, BoxRecipient, DeliveryStatus, Order, OrderQuerySet, OrderStatus

from . import schedule

# Stands for the next box where a checkout says by the number of a rate how it is sent.
NEXT_BOX = 0


@dataclass(frozen=True, slots=True)
class Ride:
    """The next box of a subscription, with which something can be sent to the same address."""

    subscription: Subscription
    address: dict[str, str]
    day: date

    @property
    def name(self) -> str:
        """The way of sending, in the active language."""
        return _("With your next box on %(day)s") % {"day": date_format(self.day, "DATE_FORMAT")}

    @property
    def detail(self) -> str:
        """Where to, in the active language."""
        return _("to %(where)s") % {"where": f"{self.address['line1']}, {self.address['city']}"}


def ride(customer: User, *, country: str, now: datetime) -> Ride | None:
    """The customer's first box in that country which can still take something with it; None where there is none. One
    query for who has no box."""
    rides = []
    rows = Subscription.objects.filter(customer=customer, status=Status.ACTIVE, plan__sends_goods=True)
    for subscription in rows.select_related("plan", "price", "pending_price"):
        following = schedule.next_of(subscription)
        recipient = BoxRecipient.objects.filter(customer=customer, plan_group=subscription.plan_group).first()
        if following is None or recipient is None or not following.is_open(now) or is_stranded(subscription):
            continue
        if recipient.address.get("country") == country:
            day = schedule.local_day(subscription, following.sends_at)
            rides.append(Ride(subscription, recipient.address, day))
    return min(rides, key=lambda ride: ride.day, default=None)


def pack_with(order: Order, *, subscription: Subscription) -> None:
    """The paid orders that waited for this subscription's next box go with its order."""
    waiting().filter(goes_with=subscription).update(packed_with=order)


def waiting() -> OrderQuerySet:
    """The paid orders that wait for a box to be made."""
    return Order.objects.filter(goes_with__isnull=False, packed_with=None, status=OrderStatus.PAID)


def is_stranded(subscription: Subscription) -> bool:
    """Whether no box of it comes for which something could wait. One query."""
    return Subscription.objects.filter(_no_box(""), pk=subscription.pk).exists()


def stranded() -> OrderQuerySet:
    """Orders that wait for a box which does not come, or which came while they were being paid for."""
    made = Order.objects.filter(delivery__subscription=OuterRef("goes_with"), created_at__gt=OuterRef("created_at"))
    return waiting().filter(_no_box("goes_with__") | Q(Exists(made)))


def release_stranded() -> int:
    """Let the orders whose box does not come, because it ended, was refused, is held or was put off by the shop, be
    sent by themselves; returns how many."""
    return stranded().update(goes_with=None)


def follow(subscription: Subscription, *, address: Mapping[str, str]) -> None:
    """The boxes go to another address: what waits for the next one goes there too, or in another country, where it
    would be taxed in another way, by itself to where it was bought for."""
    mine = waiting().filter(goes_with=subscription)
    mine.exclude(country=address["country"]).update(goes_with=None)
    mine.filter(country=address["country"]).update(address=dict(address))


def release_from(order: Order) -> None:
    """The order of a box came to nothing: what was to be sent with it is sent by itself."""
    Order.objects.filter(packed_with=order).update(goes_with=None, packed_with=None)


@transaction.atomic
def send_alone(order_id: int, *, actor: str, now: datetime) -> Order:
    """Staff do not wait for the box: the order is sent by itself. Raises OrderRefused for one that waits for none, or
    has left."""
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
    if order.goes_with_id is None or order.status not in (OrderStatus.PAID, OrderStatus.PACKED):
        raise OrderRefused(_("This order does not wait for a box."))
    order.goes_with = order.packed_with = None
    order.save(update_fields=["goes_with", "packed_with"])
    return order


def _no_box(prefix: str) -> Q:
    """Of a subscription, reached through `prefix`: it is over, overdue, ends before another box, has one that is held,
    or the shop has put it off. A parcel that is paid for and due comes whatever happened since."""
    subscription = OuterRef(f"{prefix}pk")
    owed = BoxDelivery.objects.filter(subscription=subscription)
    is_due = Exists(owed.filter(status=DeliveryStatus.DUE))
    is_held = Exists(owed.filter(status=DeliveryStatus.HELD))
    is_put_off = Exists(Pause.objects.open().filter(subscription=subscription, by_shop=True))
    is_given = ~Q(**{f"{prefix}origin": Origin.PURCHASE})
    is_over = Q(**{f"{prefix}status__in": [Status.ENDED, Status.PAST_DUE]})
    is_ending = Q(**{f"{prefix}ends_at__isnull": False, f"{prefix}term_ends_at": None})
    return Q(is_held) | Q(is_put_off) | (~Q(is_due) & (is_over | is_given | is_ending))
