"""Parcels whose day has come become orders: paid already, with their pieces out of stock, to be packed.

Each in a transaction of its own, shared by any number of workers; one that cannot be made is held for a person, with
the reason, and the others go on. Locks are taken in one order: invoice, delivery, recipient, stock.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.billing import corrections
from apps.billing.models import Invoice, InvoiceLine
from apps.catalog import bundles, stock
from apps.catalog.models import Variant
from apps.core.outages import is_outage
from apps.memberships.models import Period
from apps.orders import lifecycle as orders
from apps.orders import parts
from apps.orders.errors import OrderRefused
from apps.orders.models import Box, BoxDelivery, BoxRecipient, DeliveryStatus, Order, OrderLine, OrderPiece

from . import emails, extras, filling, joining, lifecycle, worth

log = logging.getLogger(__name__)

BATCH = 200
# Somebody else may take the last piece between looking and taking: then look again, a few times.
TRIES = 3
# The order of a delivery has an id that follows from it, so that the database refuses a second one.
_ONCE = UUID("5f0c1d8e-2f0b-4a53-9a0c-7d5c3c1b6b1e")


class Held(Exception):
    """The order cannot be made without a person; the text is for staff."""


class NoAddress(Held):
    """Nobody knows where to send it: the customer is asked."""


def make_due(*, now: datetime) -> int:
    """Make the orders that are due; returns how many deliveries were handled, the held ones too."""
    handled, last = 0, 0
    while batch := list(_due(now).filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        handled += sum(make(delivery_id, now=now) for delivery_id in batch)
        last = batch[-1]
    return handled


def make(delivery_id: int, *, now: datetime) -> bool:
    """Make the order of one delivery if it is due; returns whether it was, and no other worker was at it."""
    try:
        with transaction.atomic():
            delivery = _claim(delivery_id, now=now)
            return delivery is not None and _settle(delivery, now=now)
    except Exception as problem:
        if is_outage(problem):
            raise
        log.exception("Delivery %s could not be made", delivery_id)
        return _hold_failed(delivery_id, f"{type(problem).__name__}: {problem}", now=now)


@transaction.atomic
def try_again(delivery_id: int) -> None:
    """Staff have put right what a parcel was held for: the workers make it. Raises OrderRefused for one that is not
    held."""
    delivery = BoxDelivery.objects.select_for_update(of=("self",)).get(pk=delivery_id)
    if delivery.status != DeliveryStatus.HELD:
        raise OrderRefused(_("This box does not wait for a person."))
    lifecycle.release(delivery)


def _due(now: datetime):
    # By their keys, so that one that another worker holds is passed over, and not asked for again and again.
    return BoxDelivery.objects.due(now).order_by("pk")


def _claim(delivery_id: int, *, now: datetime) -> BoxDelivery | None:
    """The delivery, locked after its invoice; None where it is not due any more, or somebody else is at either."""
    invoices = Invoice.objects.filter(pk__in=BoxDelivery.objects.filter(pk=delivery_id).values("invoice"))
    if not list(invoices.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)):
        return None
    rows = _due(now).select_for_update(skip_locked=True, of=("self",))
    return rows.select_related("subscription__customer", "subscription__plan", "invoice").filter(pk=delivery_id).first()


def _hold_failed(delivery_id: int, reason: str, *, now: datetime) -> bool:
    with transaction.atomic():
        delivery = _claim(delivery_id, now=now)
        if delivery is not None:
            lifecycle.hold(delivery, reason=reason)
    return delivery is not None


def _settle(delivery: BoxDelivery, *, now: datetime) -> bool:
    if delivery.invoice.total_minor and not any(corrections.left_of_lines(delivery.invoice).values()):
        # All that was paid for it went back meanwhile.
        lifecycle.cancel(delivery)
        return True
    try:
        with transaction.atomic():
            _order(delivery, now=now)
    except Held as why:
        lifecycle.hold(delivery, reason=str(why))
        if isinstance(why, NoAddress):
            emails.ask_for_address(delivery, now=now)
    return True


def _order(delivery: BoxDelivery, *, now: datetime) -> None:
    # The plan that was paid for: by now the subscription may be at another one.
    period = Period.objects.select_related("price__plan").get(
        subscription=delivery.subscription_id, invoice=delivery.invoice_id
    )
    box = Box.objects.select_related("product").filter(plan=period.price.plan).first()
    if box is None:
        raise Held(_("Nobody has said what is in the box of this plan."))
    recipient = joining.recipient_of(delivery.subscription)
    if not recipient.address:
        raise NoAddress(_("The customer has not said where to send it."))
    contents = _take(box, delivery, recipient, now=now)
    order = _write(box, delivery, recipient, contents, tax_basis_points=period.tax_basis_points, now=now)
    lifecycle.order(delivery, order)
    if recipient.next_choices is not None:
        recipient.next_choices = None
        recipient.save(update_fields=["next_choices"])
    extras.pack_with(order, subscription=delivery.subscription)
    if replaced := [content for content in contents if content.instead_of is not None]:
        emails.filled_otherwise(order, replaced, now=now)


def _take(box: Box, delivery: BoxDelivery, recipient: BoxRecipient, *, now: datetime) -> Sequence[filling.Content]:
    """Take what goes into the boxes out of stock."""
    for _try in range(TRIES):
        contents = filling.fill(bundles.slots(box.product_id), recipient.picked_next, boxes=delivery.quantity)
        if not contents:
            raise Held(_("Nobody has said what is in the box of this plan."))
        missing = next((content for content in contents if not content.is_there), None)
        if missing is not None:
            raise Held(_("Nothing is left for “%(slot)s”.") % {"slot": missing.slot.name})
        wanted = {pk: count * delivery.quantity for pk, count in filling.pieces(contents).items()}
        try:
            stock.take(wanted, key=f"box:{delivery.pk}", now=now)
        except stock.OutOfStock:
            continue
        return contents
    raise Held(_("It was sold to others while it was being made ready."))


def _write(
    box: Box,
    delivery: BoxDelivery,
    recipient: BoxRecipient,
    contents: Sequence[filling.Content],
    *,
    tax_basis_points: int,
    now: datetime,
) -> Order:
    """The order with its line and pieces. Its line is the boxes at their share of what was charged; where that cannot
    be divided by the number of boxes, or a promotion was taken off, the rest is its discount."""
    lines = list(delivery.invoice.lines.all())
    amounts = worth.amounts_of(delivery, lines)
    total = sum(amounts.values())
    unit = _unit(lines, amounts, boxes=delivery.quantity)
    goods = unit * delivery.quantity
    customer = delivery.subscription.customer
    order = Order.objects.create(
        once=uuid5(_ONCE, str(delivery.pk)),
        kind=Order.Kind.BOX,
        customer=customer,
        email=customer.mail_address,
        address=dict(recipient.address),
        country=recipient.address["country"],
        currency=delivery.invoice.currency,
        goods_minor=goods,
        discount_minor=goods - total,
        total_minor=total,
        tax_minor=worth.tax_of(delivery, lines),
        tax_basis_points=tax_basis_points,
        # A gift's invoice pays for several parcels.
        invoice=None if worth.is_given(lines) else delivery.invoice,
        created_at=now,
        placed_at=now,
    )
    variant = _variant(box)
    with override(customer.locale):
        name, names = str(variant), {content.variant.pk: str(content.variant) for content in contents}
    line = OrderLine.objects.create(
        order=order,
        position=1,
        variant=variant,
        description=name,
        sku=variant.sku,
        quantity=delivery.quantity,
        unit_minor=unit,
        amount_minor=goods,
        discount_minor=goods - total,
        is_shipped=True,
    )
    prices = parts.prices_of(names, currency=order.currency)
    OrderPiece.objects.bulk_create(
        OrderPiece(line=line, variant_id=pk, description=names[pk], quantity=count, weight=prices.get(pk))
        for pk, count in filling.pieces(contents).items()
    )
    orders.begin(order, now=now)
    orders.pay(order, now=now)
    return order


def _unit(lines: Sequence[InvoiceLine], amounts, *, boxes: int) -> int:
    """The price of one box with tax, before discounts, rounded up so that all of them come to no less than the
    charge."""
    full = sum(amounts[line.pk] for line in lines if line.amount_minor > 0)
    return max(1, -(-full // boxes))


def _variant(box: Box) -> Variant:
    variant = (
        Variant.objects.select_related("product").filter(product=box.product_id).order_by("position", "pk").first()
    )
    if variant is None:
        raise Held(_("The bundle of this box has no variant."))
    return variant
