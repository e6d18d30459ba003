"""When the next box of a subscription comes, and until when it can be changed. Instants are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core import periods
from apps.memberships.models import Subscription
from apps.orders.models import Box, BoxDelivery, DeliveryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The next box. `charge_at` is None for a given one, which is paid for; `zone` is where the customer lives."""

    box: Box
    quantity: int
    sends_at: datetime
    charge_at: datetime | None
    zone: str

    @property
    def closes_at(self) -> datetime:
        return self.box.closes_at(self.sends_at)

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be changed."""
        return now < self.closes_at

    @property
    def closed(self) -> str:
        """Since when it cannot be changed, in the active language."""
        there = self.closes_at.astimezone(ZoneInfo(self.zone))
        return _("Your next box could be changed until %(day)s. It is being made ready now.") % {
            "day": date_format(there, "DATETIME_FORMAT")
        }


def next_of(subscription: Subscription, *, put_off: bool = True) -> Next | None:
    """The next box that is not owed yet, or of a gift the next that is owed; None where there is none. One that is
    skipped or moved counts for the day on which it comes instead, or without `put_off` for its own."""
    price = subscription.pending_price or subscription.price
    box = Box.objects.select_related("product", "plan").filter(plan=price.plan_id).first()
    if box is None:
        return None
    quantity = subscription.quantity_next
    charge_at = subscription.next_charge_at if put_off else subscription.next_bill_at
    sends_at = charge_at
    if not subscription.is_bought:
        waiting = BoxDelivery.objects.filter(subscription=subscription, status=DeliveryStatus.DUE).order_by("number")
        quantity, sends_at = waiting.values_list("quantity", "due_at").first() or (0, None)
        charge_at = None
    if sends_at is None:
        return None
    return Next(box=box, quantity=quantity, sends_at=sends_at, charge_at=charge_at, zone=subscription.zone)


def on_day(subscription: Subscription, day: date) -> datetime | None:
    """The instant on a day, where the customer lives, at which the next period begins if it is put off to it: at the
    time of day at which it would have begun. None where there is no next period."""
    begins_at = subscription.current_end
    if begins_at is None:
        return None
    return periods.days_after(begins_at, (day - local_day(subscription, begins_at)).days, subscription.zone)


def local_day(subscription: Subscription, moment: datetime) -> date:
    """The day of an instant where the customer lives."""
    return moment.astimezone(ZoneInfo(subscription.zone)).date()
