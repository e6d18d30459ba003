"""The letters of an order. A guest's links carry the token of the order, since guests have no account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.accounts import addresses, letters

from . import naming
from .models import Order, OrderRefund, Shipment

OWN = "/account/orders/{number}/"
GUEST = "/orders/{token}/"
WITHDRAWAL = "/legal/withdrawal/"


def confirmed(order: Order, *, now: datetime) -> None:
    """Paid: what was ordered, what it cost, where it goes, and the right to withdraw. The durable confirmation."""
    _put("order-confirmed", order, key=f"order-confirmed:{order.pk}", context=lambda: _agreed(order), now=now)


def shipped(shipment: Shipment, *, beside: Sequence[Shipment] = (), now: datetime) -> None:
    """A parcel has left: what is in it, with the orders `beside`, and how to follow it."""

    def context() -> dict[str, Any]:
        return {
            "lines": [line for sent in (shipment, *beside) for line in _sent(sent)],
            "carrier": shipment.carrier,
            "tracking_number": shipment.tracking_number,
            "tracking_url": shipment.tracking_url,
        }

    _put("order-shipped", shipment.order, key=f"order-shipped:{shipment.pk}", context=context, now=now)


def cancelled(order: Order, *, now: datetime) -> None:
    """Called off after it was paid: the money goes back."""
    _put("order-cancelled", order, key=f"order-cancelled:{order.pk}", context=lambda: {"amount": order.total}, now=now)


def refunded(refund: OrderRefund, *, lines: Sequence[str], now: datetime) -> None:
    """Money goes back for a part of the order."""
    context = {"lines": list(lines), "amount": refund.amount, "shipping": refund.shipping, "reason": refund.reason}
    _put("order-refunded", refund.order, key=f"order-refunded:{refund.pk}", context=lambda: context, now=now)


def _agreed(order: Order) -> dict[str, Any]:
    """What was ordered, with what is in each line, and on which terms."""
    lines = order.lines.prefetch_related("pieces")
    return {
        "lines": [{"description": str(line), "within": line.within, "amount": line.amount} for line in lines],
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


def _sent(shipment: Shipment) -> list[str]:
    """What is in the parcel."""
    told = []
    for sent in shipment.lines.select_related("line").prefetch_related("line__pieces"):
        inside = naming.within([str(piece) for piece in sent.line.pieces.all()], quantity=sent.quantity)
        told.append(" · ".join(filter(None, [naming.piece(sent.quantity, sent.line.description), inside])))
    return told


def _put(kind: str, order: Order, *, key: str, context: Callable[[], dict[str, Any]], now: datetime) -> None:
    customer = order.customer
    page = GUEST.format(token=order.token) if customer.is_guest else OWN.format(number=order.number)
    letters.put(
        kind,
        letters.Reader.of(customer)._replace(address=order.email),
        key=key,
        context=lambda: {
            "greeting_name": customer.short_name,
            "number": order.number,
            "address": addresses.lines(order.address) if order.address else [],
            "order_url": settings.SITE_URL + page,
            **context(),
        },
        now=now,
    )
