"""All that a page shows of the next box, and what can be done about it, with the refusals in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from apps.catalog import bundles
from apps.core import periods
from apps.core.money import Money
from apps.memberships import quotes, services
from apps.memberships.errors import CannotPause, Refused
from apps.memberships.models import Subscription
from apps.memberships.services import advancing, pausing
from apps.orders.models import Box, BoxDelivery, BoxRecipient, DeliveryStatus, Order, OrderStatus

from . import filling, schedule


@dataclass(frozen=True, slots=True)
class Can:
    """Whether something can be done; `refusal` says why not, and is empty where it can."""

    refusal: str = ""

    def __bool__(self) -> bool:
        return not self.refusal


@dataclass(frozen=True, slots=True)
class CanMove(Can):
    """Whether the next box can come on a later day, from `earliest` to `latest` where the customer lives."""

    earliest: date | None = None
    latest: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """The next box. It is charged at `charge_at` (None where it is paid for, being given) and sent at `sends_at`; until
    `closes_at` it can be changed. `quantity` boxes with the `contents` each, for `total` with tax.

    `extras` are the orders that come with it, `held` the parcels that are owed and wait for a person. `is_put_off`: it
    comes later than it would, skipped or moved.
    """

    subscription: Subscription
    box: Box
    recipient: BoxRecipient
    quantity: int
    charge_at: datetime | None
    sends_at: datetime
    closes_at: datetime
    is_open: bool
    is_put_off: bool
    contents: Sequence[filling.Content]
    total: Money | None
    extras: Sequence[Order]
    held: Sequence[BoxDelivery]
    can_change: Can
    can_skip: Can
    can_unskip: Can
    can_move: CanMove
    can_order_now: Can


def upcoming(subscription: Subscription, *, now: datetime) -> Upcoming | None:
    """The next box of a subscription as it stands at `now`; None where there is none: it ends before, or its plan sends
    nothing. `subscription` as `Subscription.objects.current_of` returns it. A fixed number of queries."""
    following = schedule.next_of(subscription)
    if following is None:
        return None
    mine = {"customer": subscription.customer_id, "plan_group": subscription.plan_group}
    recipient = BoxRecipient.objects.filter(**mine).first() or BoxRecipient(
        customer=subscription.customer, plan_group=subscription.plan_group
    )
    offered = bundles.slots(following.box.product_id)
    extras = Order.objects.filter(goes_with=subscription, packed_with=None, status=OrderStatus.PAID)
    held = BoxDelivery.objects.filter(subscription=subscription, status=DeliveryStatus.HELD)
    is_open = following.is_open(now)
    can_change = Can("" if is_open else following.closed)
    return Upcoming(
        subscription=subscription,
        box=following.box,
        recipient=recipient,
        quantity=following.quantity,
        charge_at=following.charge_at,
        sends_at=following.sends_at,
        closes_at=following.closes_at,
        is_open=is_open,
        is_put_off=subscription.pause_at is not None or subscription.is_paused,
        contents=filling.fill(offered, recipient.picked_next, boxes=following.quantity),
        total=quotes.next_total(subscription, now=now) if following.charge_at else None,
        extras=list(extras.prefetch_related("lines").order_by("placed_at", "pk")),
        held=list(held.order_by("number")),
        can_change=can_change,
        can_skip=can_change and _asked(lambda: _check_skip(subscription, now=now)),
        can_unskip=_unskip(subscription, now=now),
        can_move=_move(subscription, can_change, now=now),
        can_order_now=can_change and _asked(lambda: advancing.check_early(subscription, now=now)),
    )


def _asked(check: Callable[[], object]) -> Can:
    """What a check says, in words."""
    try:
        check()
    except Refused as refusal:
        return Can(str(refusal))
    return Can()


def _check_skip(subscription: Subscription, *, now: datetime) -> None:
    if services.pause_choice(subscription, now=now).skip is None:
        raise CannotPause(_("So long a period cannot be skipped."))


def _unskip(subscription: Subscription, *, now: datetime) -> Can:
    if subscription.pause_at is None:
        return Can(_("Nothing is skipped or moved."))
    own = schedule.next_of(subscription, put_off=False)
    return Can() if own is not None and own.is_open(now) else Can(_("The day on which it would have come has passed."))


def _move(subscription: Subscription, can_change: Can, *, now: datetime) -> CanMove:
    latest = pausing.latest_pause_end(subscription)
    if not can_change or latest is None or subscription.current_end is None:
        return CanMove(can_change.refusal or _("This box cannot be moved."))
    earliest = periods.days_after(subscription.current_end, 1, subscription.zone)
    asked = _asked(lambda: pausing.check_until(subscription, until=earliest, now=now))
    if not asked:
        return CanMove(asked.refusal)
    first = schedule.local_day(subscription, subscription.current_end) + timedelta(days=1)
    return CanMove("", first, schedule.local_day(subscription, latest))
