"""The next box: what will be in it, when it is charged and sent, and what the customer can still do about it.

Until the cut-off, so many days before, it can be changed, skipped, moved or ordered at once. From then on it is being
made ready, and everything here raises CutOffPassed. Locks are taken in one order: subscription, recipient.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.money import Money
from apps.memberships import services
from apps.memberships.errors import CannotPause
from apps.memberships.models import Subscription
from apps.memberships.services import advancing, finding, pausing
from apps.orders.errors import BoxChanged, CutOffPassed, OrderRefused
from apps.orders.models import BoxDelivery, BoxRecipient, DeliveryStatus

from . import extras, joining, lifecycle, making, schedule
from .upcoming import Can, CanMove, Upcoming, upcoming

__all__ = [
    "Can",
    "CanMove",
    "Upcoming",
    "move",
    "order_now",
    "pause",
    "set_address",
    "skip",
    "swap",
    "unmove",
    "unskip",
    "upcoming",
]


def swap(
    subscription_id: int, *, customer: User, choices: Mapping[int, int], for_all: bool, now: datetime
) -> BoxRecipient:
    """Put something else into the next box, variant by slot, or into every box from now on (`for_all`).

    A box whose day has come, and which no worker has made yet, is made first, of what was chosen until now. Raises
    memberships' NotOpen, CutOffPassed, and catalog's InvalidChoice for what the bundle does not offer; nothing is
    changed then.
    """
    for delivery_id in _coming_today(subscription_id, customer=customer, now=now):
        making.make(delivery_id, now=now)
    return _swap(subscription_id, customer=customer, choices=choices, for_all=for_all, now=now)


def _coming_today(subscription_id: int, *, customer: User, now: datetime) -> list[int]:
    mine = BoxDelivery.objects.due(now).filter(subscription=subscription_id, subscription__customer=customer)
    return list(mine.values_list("pk", flat=True))


@transaction.atomic
def _swap(
    subscription_id: int, *, customer: User, choices: Mapping[int, int], for_all: bool, now: datetime
) -> BoxRecipient:
    subscription, following = _open(subscription_id, customer=customer, now=now)
    kept = joining.checked(following.box, choices)
    recipient = joining.recipient_of(subscription)
    if for_all:
        recipient.choices, recipient.next_choices = kept, None
    else:
        recipient.next_choices = kept
    recipient.save(update_fields=["choices", "next_choices"])
    return recipient


@transaction.atomic
def skip(
    subscription_id: int, *, customer: User, now: datetime, charge_at: datetime | None = None, actor: str = ""
) -> Subscription:
    """Leave the next box out; it is not charged, and the one after it comes on its day.

    `charge_at` is the day of charge that the customer was shown: BoxChanged if it is another one by now. Raises
    CutOffPassed and what `memberships.services.request_pause` raises; nothing is changed then.
    """
    _open(subscription_id, customer=customer, charge_at=charge_at, now=now)
    return services.request_pause(subscription_id, months=0, customer=customer, actor=actor, now=now)


@transaction.atomic
def pause(
    subscription_id: int,
    *,
    months: int,
    customer: User,
    now: datetime,
    begins_at: datetime | None = None,
    actor: str = "",
) -> Subscription:
    """Send and charge nothing for so many months from the end of the paid period, or leave the next box out where it is
    0. `begins_at` is the beginning that the customer was shown.

    Raises CutOffPassed and what `memberships.services.request_pause` raises; nothing is changed then.
    """
    _open(subscription_id, customer=customer, now=now)
    return services.request_pause(
        subscription_id, months=months, begins_at=begins_at, customer=customer, actor=actor, now=now
    )


@transaction.atomic
def unskip(subscription_id: int, *, customer: User, now: datetime, actor: str = "") -> Subscription:
    """Take back that a box is left out, or comes later: it comes on its own day again, as long as that is not closed.

    Raises CutOffPassed and what `memberships.services.undo_pause` raises; nothing is changed then.
    """
    subscription = finding.open_subscription(subscription_id, customer=customer)
    if subscription.pause_at is not None:
        _check_open(schedule.next_of(subscription, put_off=False), now=now)
    return services.undo_pause(subscription_id, customer=customer, actor=actor, now=now)


@transaction.atomic
def move(
    subscription_id: int,
    *,
    customer: User,
    day: date,
    now: datetime,
    charge_at: datetime | None = None,
    actor: str = "",
) -> Subscription:
    """Let the next box be charged and come on a later day, where the customer lives, and the following ones count from
    it. `charge_at` as in `skip`.

    Raises CutOffPassed, CannotPause for a day that is not later or too late, and what
    `memberships.services.pausing.request_pause_until` raises; nothing is changed then.
    """
    subscription, _following = _open(subscription_id, customer=customer, charge_at=charge_at, now=now)
    until = schedule.on_day(subscription, day)
    if until is None:
        raise CannotPause(_("There is no next box to move."))
    return pausing.request_pause_until(subscription_id, until=until, customer=customer, actor=actor, now=now)


# A box that was moved is one that was put off, as a skipped one is.
unmove = unskip


@transaction.atomic
def order_now(
    subscription_id: int,
    *,
    customer: User,
    now: datetime,
    charge_at: datetime | None = None,
    shown: Money | None = None,
    actor: str = "",
) -> Subscription:
    """Charge and send the next box at once; the one after it comes on its day. `charge_at` as in `skip`; `shown` is
    what the customer was told it costs.

    The payment is pending then: the page has it collected. Raises CutOffPassed and what
    `memberships.services.advancing.renew_early` raises; nothing is changed then.
    """
    _open(subscription_id, customer=customer, charge_at=charge_at, now=now)
    return advancing.renew_early(subscription_id, customer=customer, actor=actor, shown=shown, now=now)


@transaction.atomic
def set_address(subscription_id: int, *, customer: User, address: Mapping[str, str], now: datetime) -> BoxRecipient:
    """Send the next boxes there, with what waits for them; those that are held are tried again. `address` is as
    `accounts.addresses.normalise` returns it.

    Raises memberships' NotOpen, NotSentThere, and CutOffPassed, unless the next box could not be sent without it;
    nothing is changed then.
    """
    subscription = finding.open_subscription(subscription_id, customer=customer)
    recipient = joining.recipient_of(subscription)
    waiting = BoxDelivery.objects.filter(subscription=subscription, status=DeliveryStatus.HELD)
    held = list(waiting.select_for_update().order_by("pk"))
    if recipient.address and not held:
        _check_open(schedule.next_of(subscription), now=now)
    joining.check_country(address, currency=subscription.price.currency, now=now)
    recipient.address = dict(address)
    recipient.save(update_fields=["address"])
    for delivery in held:
        lifecycle.release(delivery)
    extras.follow(subscription, address=address)
    return recipient


def _open(
    subscription_id: int, *, customer: User, now: datetime, charge_at: datetime | None = None
) -> tuple[Subscription, schedule.Next]:
    """The subscription, locked, and its next box, which can still be changed."""
    subscription = finding.open_subscription(subscription_id, customer=customer)
    following = schedule.next_of(subscription)
    _check_open(following, now=now)
    assert following is not None, "it is open"
    if charge_at is not None and charge_at != following.charge_at:
        raise BoxChanged(_("Your next box comes on another day than you saw. Please look at it again."))
    return subscription, following


def _check_open(following: schedule.Next | None, *, now: datetime) -> None:
    if following is None:
        raise OrderRefused(_("There is no next box."))
    if not following.is_open(now):
        raise CutOffPassed(following.closed)
