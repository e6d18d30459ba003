"""The letters of boxes. Each has a key, so that it is written once for its occasion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings

from apps.accounts import addresses, letters
from apps.accounts.models import User
from apps.catalog.models import BundleSlot, Variant
from apps.memberships.models import Subscription
from apps.orders.models import BoxDelivery, BoxStop, Order

from .filling import Content

if TYPE_CHECKING:
    from .upcoming import Upcoming

BOX = "/account/boxes/{group}/"
ORDER = "/account/orders/{number}/"

type Context = Callable[[], dict[str, Any]]


def ask_for_address(delivery: BoxDelivery, *, now: datetime) -> None:
    """A box is paid for and nobody knows where to send it."""
    subscription = delivery.subscription
    _put(
        "box-held-address",
        subscription.customer,
        group=subscription.plan_group,
        key=f"box-held-address:{delivery.pk}",
        context=lambda: {"plan": subscription.plan.name_i18n},
        now=now,
    )


def filled_otherwise(order: Order, replaced: Sequence[Content], *, now: datetime) -> None:
    """What the customer had picked was gone when the box was made: what is in it instead."""
    subscription = order.delivery.subscription
    names = Variant.objects.select_related("product").in_bulk([content.instead_of for content in replaced])

    def swapped() -> list[dict[str, str]]:
        return [
            _swap(content.slot.name_i18n, names.get(content.instead_of, ""), content.variant) for content in replaced
        ]

    _put(
        "box-substituted",
        subscription.customer,
        group=subscription.plan_group,
        key=f"box-substituted:order:{order.pk}",
        context=lambda: {
            "plan": subscription.plan.name_i18n,
            "swapped": swapped(),
            "order_url": settings.SITE_URL + ORDER.format(number=order.number),
        },
        now=now,
    )


def of_stop(stop: BoxStop) -> str:
    """How the keys of the letters about one decision begin: one for each customer."""
    return f"box-stop:{stop.pk}:"


def substituted(stop: BoxStop, subscription: Subscription, slots: Iterable[BundleSlot], *, now: datetime) -> None:
    """Staff put something else in for what ran out: in the next boxes."""

    def context() -> dict[str, Any]:
        return {"swapped": [_swap(slot.name_i18n, stop.variant, stop.substitute) for slot in slots], "order_url": ""}

    _about_stop("box-substituted", stop, subscription, context, now=now)


def exchanged(stop: BoxStop, order: Order, *, now: datetime) -> None:
    """Staff put something else in for what ran out: into a box that is being made ready."""
    line = order.lines.get()
    link = settings.SITE_URL + ORDER.format(number=order.number)

    def context() -> dict[str, Any]:
        return {"swapped": [_swap(line.description, stop.variant, stop.substitute)], "order_url": link}

    _about_stop("box-substituted", stop, order.delivery.subscription, context, now=now)


def paused(stop: BoxStop, subscription: Subscription, *, now: datetime) -> None:
    """The shop sends no box until a day, and charges none."""
    context = {"until": stop.until, "is_given": not subscription.is_bought}
    _about_stop("box-paused-by-shop", stop, subscription, lambda: context, now=now)


def closing(following: Upcoming, *, now: datetime) -> None:
    """In a few days the next box cannot be changed any more: what is in it, what it costs and when, and where to change
    it."""
    subscription, address = following.subscription, following.recipient.address
    _put(
        "box-closing",
        subscription.customer,
        group=subscription.plan_group,
        key=f"box-closing:{subscription.pk}:{following.sends_at.isoformat()}",
        context=lambda: {
            "plan": following.box.plan.name_i18n,
            "quantity": following.quantity,
            "contents": described(following.contents),
            "sends_at": following.sends_at,
            "charge_at": following.charge_at,
            "closes_at": following.closes_at,
            "total": following.total,
            "address": addresses.lines(address) if address else [],
            "extras": [str(line) for extra in following.extras for line in extra.lines.all()],
        },
        now=now,
    )


def _swap(where: str, old: Variant | str | None, new: Variant | None) -> dict[str, str]:
    return {"slot": where, "old": str(old), "new": str(new)}


def _about_stop(kind: str, stop: BoxStop, subscription: Subscription, context: Context, *, now: datetime) -> None:
    customer = subscription.customer
    _put(
        kind,
        customer,
        group=subscription.plan_group,
        key=f"{of_stop(stop)}{customer.pk}",
        context=lambda: {"plan": subscription.plan.name_i18n, **context()},
        now=now,
    )


def _put(kind: str, customer: User, *, group: str, key: str, context: Context, now: datetime) -> None:
    box_url = settings.SITE_URL + BOX.format(group=group)
    letters.put(
        kind,
        customer,
        key=key,
        context=lambda: {"greeting_name": customer.short_name, "box_url": box_url, **context()},
        now=now,
    )


def described(contents: Iterable[Content]) -> list[str]:
    """What is in one box, line by line."""
    return [f"{content.pieces} × {content.variant}" for content in contents]
