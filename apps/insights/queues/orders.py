"""Orders that are paid and wait to be packed."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.orders import fulfilling
from apps.orders.errors import OrderRefused
from apps.orders.models import Order as Purchase

from .model import Act, CannotAct, Order, Queue, Row


def _rows() -> QuerySet[Purchase]:
    return Purchase.objects.to_pack().select_related("customer")


def _show(rows: Sequence[Purchase]) -> list[Row]:
    return [
        Row(
            pk=purchase.pk,
            title=purchase.number,
            url=reverse("admin:orders_order_change", args=[purchase.pk]),
            since=purchase.paid_at or purchase.created_at,
            reason=_text("Paid, not packed yet."),
            advice=_text("Take it from the packing list, and say that it is packed."),
            money=purchase.total,
            customer=purchase.customer,
            acts=TO_PACK.fitting(purchase),
        )
        for purchase in rows
    ]


def _pack(order: Order) -> str:
    try:
        fulfilling.pack(order.row.pk, actor=order.actor, now=order.now)
    except OrderRefused as refusal:
        raise CannotAct(str(refusal)) from refusal
    return _text("Packed. It waits among the packed orders to be sent.")


TO_PACK = Queue(
    slug="orders-to-pack",
    label=_("Orders to pack"),
    explains=_("These are paid. Until they are packed, their customers can still cancel them."),
    permission="orders.view_order",
    rows=_rows,
    show=_show,
    acts=(
        Act(
            name="pack",
            label=_("Mark as packed"),
            explains=_("The customer sees it on the order's page, and cannot cancel it any more."),
            permission="orders.change_order",
            run=_pack,
        ),
    ),
    is_urgent=False,
)
