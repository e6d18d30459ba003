"""The letters of boxes. Each has a key, so that it is written once for its occasion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.mail import outbox
from apps.orders.models import BoxDelivery, Order

from .filling import Content

BOX = "/account/boxes/{group}/"
ORDER = "/account/orders/{number}/"


def ask_for_address(delivery: BoxDelivery, *, now: datetime) -> None:
    """A box is paid for and nobody knows where to send it."""
    subscription = delivery.subscription
    _put(
        "box-held-address",
        subscription.customer,
        group=subscription.plan_group,
        key=f"box-held-address:{delivery.pk}",
        context={"plan": subscription.plan.name},
        now=now,
    )


def filled_otherwise(order: Order, replaced: Sequence[Content], *, now: datetime) -> None:
    """What the customer had picked was gone when the box was made: what is in it instead."""
    subscription = order.delivery.subscription
    names = Variant.objects.select_related("product").in_bulk([content.instead_of for content in replaced])
    swapped = [
        {"slot": content.slot.name, "old": str(names.get(content.instead_of, "")), "new": str(content.variant)}
        for content in replaced
    ]
    _put(
        "box-substituted",
        subscription.customer,
        group=subscription.plan_group,
        key=f"box-substituted:order:{order.pk}",
        context={
            "plan": subscription.plan.name,
            "swapped": swapped,
            "order_url": settings.SITE_URL + ORDER.format(number=order.number),
        },
        now=now,
    )


def _put(kind: str, customer: User, *, group: str, key: str, context: dict[str, Any], now: datetime) -> None:
    outbox.put(
        kind,
        key=key,
        to=customer.mail_address,
        user_id=customer.pk,
        locale=customer.locale,
        zone=customer.time_zone,
        context={
            "greeting_name": customer.short_name,
            "box_url": settings.SITE_URL + BOX.format(group=group),
            **context,
        },
        now=now,
    )


def described(contents: Iterable[Content]) -> list[str]:
    """What is in one box, line by line."""
    return [f"{content.pieces} × {content.variant}" for content in contents]
