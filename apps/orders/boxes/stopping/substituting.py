"""One variant is replaced by another wherever it was chosen and has not been packed.

The substitute is offered first, and what ran out withdrawn last: in between each recipient who had it, by choice or
because nothing was chosen, gets the substitute by name, and is found done the next time.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import override

from apps.catalog import stock
from apps.catalog.models import BundleChoice, BundleSlot
from apps.memberships.models import Subscription
from apps.memberships.models.subscription_sets import SubscriptionQuerySet
from apps.orders.boxes import emails, joining, lifecycle, schedule
from apps.orders.models import (
    BoxDelivery,
    BoxStop,
    DeliveryStatus,
    Order,
    OrderLine,
    OrderPiece,
    OrderQuerySet,
    OrderStatus,
)

from . import touched


@transaction.atomic
def offer(stop: BoxStop) -> None:
    """Let the substitute fill each slot that what ran out can fill, in its place."""
    gone = BundleChoice.objects.filter(slot__product=stop.box.product_id, variant=stop.variant_id)
    for choice in gone.select_for_update(of=("self",)).order_by("pk"):
        facts = {"slot_id": choice.slot_id, "variant_id": stop.substitute_id}
        BundleChoice.objects.get_or_create(**facts, defaults={"position": choice.position})


def withdraw(stop: BoxStop) -> None:
    """What ran out is not offered any more."""
    BundleChoice.objects.filter(slot__product=stop.box.product_id, variant=stop.variant_id).delete()


def contracts(stop: BoxStop) -> SubscriptionQuerySet:
    return touched.subscriptions(stop.box)


def held(stop: BoxStop):
    return touched.held(stop.box)


def orders(stop: BoxStop) -> OrderQuerySet:
    return touched.orders(stop.box, _variants(stop)[0])


def left(stop: BoxStop) -> int:
    """How many customers get what ran out in spite of it: there was not enough of the substitute."""
    return orders(stop).order_by().values("customer").distinct().count()


def swap(stop: BoxStop, subscription_id: int, *, now: datetime) -> None:
    """Give a customer who would get what ran out the substitute, in every box and in the next one."""
    rows = Subscription.objects.select_related("customer", "plan", "price", "pending_price")
    subscription = rows.get(pk=subscription_id)
    if schedule.next_of(subscription) is None:
        return
    recipient = joining.recipient_of(subscription)
    every, touched_slots = _swapped(stop, recipient.choices)
    following, also = (None, []) if recipient.next_choices is None else _swapped(stop, recipient.next_choices)
    told = {slot.pk: slot for slot in (*touched_slots, *also)}
    if told:
        recipient.choices, recipient.next_choices = every, following
        recipient.save(update_fields=["choices", "next_choices"])
        emails.substituted(stop, subscription, told.values(), now=now)


def release(delivery_id: int) -> None:
    """Try a parcel again that waits for a person."""
    rows = BoxDelivery.objects.select_for_update(of=("self",))
    delivery = rows.filter(pk=delivery_id, status=DeliveryStatus.HELD).first()
    if delivery is not None:
        lifecycle.release(delivery)


def exchange(stop: BoxStop, order_id: int, *, now: datetime) -> None:
    """Put the substitute into an order that is not packed yet. Raises stock's OutOfStock; nothing is changed then.

    One of which staff gave money back for single pieces stays as it is: they looked at it already.
    """
    rows = Order.objects.select_for_update(of=("self",)).select_related("delivery__subscription__customer")
    order = rows.filter(pk=order_id, status=OrderStatus.PAID).first()
    pieces = OrderPiece.objects.filter(line__order=order_id, variant=stop.variant_id).select_related("line")
    if order is None or not pieces or OrderPiece.objects.filter(line__order=order, refunded_quantity__gt=0).exists():
        return
    if count := sum(piece.quantity * piece.line.left for piece in pieces):
        gone, by = _variants(stop)
        key = f"box-stop:{stop.pk}:{order.pk}"
        stock.take({by: count}, key=key, now=now)
        stock.give_back({gone: count}, key=key, now=now, actor=stop.actor)
    with override(order.delivery.subscription.customer.locale):
        for piece in pieces:
            _replace(piece, piece.line, stop)
    emails.exchanged(stop, order, now=now)


def _replace(piece: OrderPiece, line: OrderLine, stop: BoxStop) -> None:
    _gone, by = _variants(stop)
    other = OrderPiece.objects.filter(line=line, variant=by).first()
    if other is not None:
        other.quantity += piece.quantity
        other.save(update_fields=["quantity"])
        piece.delete()
        return
    piece.variant_id, piece.description = by, str(stop.substitute)[:210]
    piece.save(update_fields=["variant", "description"])


def _swapped(stop: BoxStop, choices: dict[str, int]) -> tuple[dict[str, int], list[BundleSlot]]:
    """The choices with the substitute in place of what ran out, and the slots that this changes: those for which it was
    chosen, and those without a choice that it would have filled."""
    gone, by = _variants(stop)
    changed = []
    for slot in BundleSlot.objects.filter(product=stop.box.product_id).with_choices():
        first = next((choice.variant_id for choice in slot.choices_shown), None)
        if choices.get(str(slot.pk), first) == gone:
            changed.append(slot)
    return choices | {str(slot.pk): by for slot in changed}, changed


def _variants(stop: BoxStop) -> tuple[int, int]:
    """What ran out, and what goes in."""
    assert stop.variant_id is not None, "a check constraint says so"
    assert stop.substitute_id is not None, "a check constraint says so"
    return stop.variant_id, stop.substitute_id
