"""The letters of an order. A guest's links carry the token of the order, since guests have no account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import override

from apps.accounts import addresses
from apps.mail import outbox

from . import naming
from .models import Order, OrderRefund, Shipment

OWN = "/account/orders/{number}/"
GUEST = "/orders/{token}/"
WITHDRAWAL = "/legal/withdrawal/"


def confirmed(order: Order, *, now: datetime) -> None:
    """Paid: what was ordered, what it cost, where it goes, and the right to withdraw. The durable confirmation."""
    context = {
        "lines": _ordered(order),
        "discount": order.discount,
        "shipping": order.shipping,
        "shipping_name": order.shipping_name,
        "relieved": order.relieved if order.relieved.minor > 0 else None,
        "total": order.total,
        "tax": order.tax,
        "invoice_number": order.invoice.number if order.invoice else "",
        "terms": order.consent.text if order.consent else "",
        "withdrawal_url": settings.SITE_URL + WITHDRAWAL,
    }
    _put("order-confirmed", order, key=f"order-confirmed:{order.pk}", context=context, now=now)


def shipped(shipment: Shipment, *, beside: Sequence[Shipment] = (), now: datetime) -> None:
    """A parcel has left: what is in it, with the orders `beside`, and how to follow it."""
    context = {
        "lines": [line for sent in (shipment, *beside) for line in _sent(sent)],
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "tracking_url": shipment.tracking_url,
    }
    _put("order-shipped", shipment.order, key=f"order-shipped:{shipment.pk}", context=context, now=now)


def cancelled(order: Order, *, now: datetime) -> None:
    """Called off after it was paid: the money goes back."""
    context = {"amount": order.total}
    _put("order-cancelled", order, key=f"order-cancelled:{order.pk}", context=context, now=now)


def refunded(refund: OrderRefund, *, lines: Sequence[str], now: datetime) -> None:
    """Money goes back for a part of the order."""
    context = {"lines": list(lines), "amount": refund.amount, "shipping": refund.shipping, "reason": refund.reason}
    _put("order-refunded", refund.order, key=f"order-refunded:{refund.pk}", context=context, now=now)


def _ordered(order: Order) -> list[dict[str, Any]]:
    """The lines with what is in them, in the customer's language."""
    lines = order.lines.prefetch_related("pieces")
    with override(order.customer.locale):
        return [{"description": str(line), "within": line.within, "amount": line.amount} for line in lines]


def _sent(shipment: Shipment) -> list[str]:
    """What is in the parcel, in the customer's language."""
    told = []
    with override(shipment.order.customer.locale):
        for sent in shipment.lines.select_related("line").prefetch_related("line__pieces"):
            inside = naming.within([str(piece) for piece in sent.line.pieces.all()], quantity=sent.quantity)
            told.append(" · ".join(filter(None, [naming.piece(sent.quantity, sent.line.description), inside])))
    return told


def _put(kind: str, order: Order, *, key: str, context: dict[str, Any], now: datetime) -> None:
    customer = order.customer
    page = GUEST.format(token=order.token) if customer.is_guest else OWN.format(number=order.number)
    with override(customer.locale):
        address = addresses.lines(order.address) if order.address else []
    outbox.put(
        kind,
        key=key,
        to=order.email,
        user_id=customer.pk,
        locale=customer.locale,
        zone=customer.time_zone,
        context={
            "greeting_name": customer.short_name,
            "number": order.number,
            "address": address,
            "order_url": settings.SITE_URL + page,
            **context,
        },
        now=now,
    )
