"""What becomes of boxes when their contract ends. What was paid for is still sent, unless its money went back."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from apps.billing import corrections
from apps.memberships.models import EndReason
from apps.memberships.services import points
from apps.orders import refunding, rewards
from apps.orders.models import BoxDelivery, DeliveryStatus, Order, OrderStatus, Shipment

from . import lifecycle, worth

# What has not left is not sent; what has may be with the customer.
_HERE = (OrderStatus.PAID, OrderStatus.PACKED)


def ended(subscription_id: int, *, reason: str, now: datetime) -> None:
    """A contract is over. Where the customer withdrew from it, nothing that has not left is sent, and what was paid for
    that goes back as far as it has not; otherwise all that is owed comes. Safe to repeat."""
    if reason != EndReason.WITHDRAWN:
        return
    owed = BoxDelivery.objects.filter(
        subscription=subscription_id, status__in=[DeliveryStatus.DUE, DeliveryStatus.HELD]
    )
    for delivery in owed.select_for_update(of=("self",)).select_related("invoice").order_by("pk"):
        lifecycle.cancel(delivery)
        _give_back(delivery, now=now)
    here = Order.objects.filter(delivery__subscription=subscription_id, status__in=_HERE, shipments=None)
    for order_id in list(here.order_by("pk").values_list("pk", flat=True)):
        refunding.cancel(order_id, reason=_("Withdrawal within 14 days"), actor="", now=now)


def has_parcel(subscription_id: int) -> bool:
    """Whether a box of the contract is with the customer or on its way: its money goes back when it is here again
    (Directive 2011/83/EU, Art. 13 (3))."""
    sent = Shipment.objects.filter(order__delivery__subscription=subscription_id)
    return sent.exclude(order__status__in=[OrderStatus.CANCELLED, OrderStatus.RETURNED]).exists()


def _give_back(delivery: BoxDelivery, *, now: datetime) -> None:
    """The share of a parcel that is never sent, as far as it did not go back with the rest, and the points that it
    brought."""
    left = corrections.left_of_lines(delivery.invoice)
    mine = worth.amounts_of(delivery, list(delivery.invoice.lines.all()))
    chosen = {pk: worth.nearer(minor, left[pk]) for pk, minor in mine.items()}
    if sum(chosen.values()) > 0:
        brought = rewards.share(delivery.invoice, chosen)
        back = {pk: minor for pk, minor in chosen.items() if minor}
        told = {"key": f"box-not-sent:{delivery.pk}", "reason": _("Withdrawal within 14 days")}
        corrections.lines(delivery.invoice_id, chosen=back, **told, now=now)
        points.take_back(delivery.invoice.customer_id, brought, **told, now=now)
