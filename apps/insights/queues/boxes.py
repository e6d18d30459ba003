"""Boxes that are paid for and cannot be made ready."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.orders.boxes import making
from apps.orders.errors import OrderRefused
from apps.orders.models import BoxDelivery

from .model import Act, CannotAct, Order, Queue, Row


def _rows() -> QuerySet[BoxDelivery]:
    return BoxDelivery.objects.held().select_related("subscription__customer", "subscription__plan", "invoice")


def _show(rows: Sequence[BoxDelivery]) -> list[Row]:
    return [
        Row(
            pk=delivery.pk,
            title=_text("%(plan)s, box %(number)s")
            % {"plan": delivery.subscription.plan, "number": delivery.number + 1},
            url=reverse("admin:orders_boxdelivery_change", args=[delivery.pk]),
            since=delivery.due_at,
            reason=delivery.held_for,
            advice=_text("Put right what the reason says, then let the workers try again."),
            money=delivery.invoice.total,
            customer=delivery.subscription.customer,
            acts=HELD.fitting(delivery),
        )
        for delivery in rows
    ]


def _try_again(order: Order) -> str:
    try:
        making.try_again(order.row.pk)
    except OrderRefused as refusal:
        raise CannotAct(str(refusal)) from refusal
    return _text("The workers try again within a minute; it comes back here if it fails again.")


HELD = Queue(
    slug="held-boxes",
    label=_("Boxes that wait"),
    explains=_("These are paid for, and cannot be made ready: something is sold out, or has no address."),
    permission="orders.view_boxdelivery",
    rows=_rows,
    show=_show,
    acts=(
        Act(
            name="try-again",
            label=_("Try again"),
            explains=_("The box becomes an order as soon as everything is there."),
            permission="orders.change_boxdelivery",
            run=_try_again,
        ),
    ),
)
