"""What orders holds of a person. Orders stay for the books; where they went and by whom does not."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Variant
from apps.core import privacy
from apps.core.privacy import Person, Row, rows

from .models import (
    Basket,
    BasketLine,
    BoxDelivery,
    BoxRecipient,
    DeliveryStatus,
    Order,
    OrderHistory,
    OrderLine,
    OrderPiece,
    OrderRefund,
    OrderStatus,
    Shipment,
)

_CONTRACT = _("To carry out the contract.")
_UNDER_WAY = [OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.SHIPPED]


@privacy.exports("orders", title=_("Orders"), why=_CONTRACT)
def orders(person: Person) -> list[Row]:
    amounts = ["currency", "goods_minor", "discount_minor", "shipping_minor", "total_minor", "tax_minor"]
    where = ["email", "address", "shipping_name", "invoice__number", "created_at", "placed_at", "paid_at"]
    return rows(Order.objects.filter(customer=person.id), "number", "status", *amounts, *where)


@privacy.exports("order-lines", title=_("Lines of orders"), why=_CONTRACT)
def order_lines(person: Person) -> list[Row]:
    fields = ["order__number", "description", "sku", "quantity", "unit_minor", "amount_minor", "discount_minor"]
    return rows(OrderLine.objects.filter(order__customer=person.id), *fields, "refunded_quantity", "returned_quantity")


@privacy.exports("order-pieces", title=_("What was in your bundles"), why=_CONTRACT)
def order_pieces(person: Person) -> list[Row]:
    mine = OrderPiece.objects.filter(line__order__customer=person.id)
    fields = ["line__order__number", "line__description", "line__quantity", "description", "quantity"]
    return rows(mine, *fields, "refunded_quantity", "returned_quantity")


@privacy.exports("parcels", title=_("Parcels"), why=_CONTRACT)
def parcels(person: Person) -> list[Row]:
    return rows(Shipment.objects.filter(order__customer=person.id), "order__number", "carrier", "tracking_number")


@privacy.exports("basket", title=_("Basket"), why=_("To keep it for you."))
def basket(person: Person) -> list[Row]:
    lines = list(BasketLine.objects.filter(basket__customer=person.id).select_related("variant"))
    picked = {pk for line in lines for pk in line.picked.values()}
    skus = dict(Variant.objects.filter(pk__in=picked).values_list("pk", "sku"))
    return [
        {
            "variant__sku": line.variant.sku,
            "quantity": line.quantity,
            "picked": ", ".join(skus[pk] for pk in line.picked.values() if pk in skus),
        }
        for line in lines
    ]


@privacy.exports("boxes", title=_("Where your boxes go and what is in them"), why=_CONTRACT)
def boxes(person: Person) -> list[Row]:
    fields = ["plan_group", "address", "choices", "next_choices", "told_for"]
    return rows(BoxRecipient.objects.filter(customer=person.id), *fields)


@privacy.exports("box-deliveries", title=_("Boxes that are owed or sent"), why=_CONTRACT)
def box_deliveries(person: Person) -> list[Row]:
    mine = BoxDelivery.objects.filter(subscription__customer=person.id)
    return rows(mine, "subscription__plan__name", "number", "quantity", "due_at", "status", "order__number")


@privacy.obstacle
def boxes_owed(person: Person) -> list[str]:
    owed = BoxDelivery.objects.filter(status__in=[DeliveryStatus.DUE, DeliveryStatus.HELD])
    if owed.filter(subscription__customer=person.id).exists():
        return [_text("A box is paid for and has not been sent yet. Wait until it has arrived, or write to us.")]
    return []


@privacy.obstacle
def orders_under_way(person: Person) -> list[str]:
    if Order.objects.placed().filter(customer=person.id, status__in=_UNDER_WAY).exists():
        return [_text("An order is on its way to you. Wait until it has arrived, or cancel it.")]
    return []


@privacy.erases
def forget(person: Person, *, now: datetime) -> None:
    """What was bought, and the tax on it, stays."""
    mine = Order.objects.filter(customer=person.id)
    by_them = {"order__in": mine, "actor__in": person.emails}
    OrderHistory.objects.filter(**by_them).update(actor=person.alias)
    Shipment.objects.filter(order__in=mine).update(tracking_number="", tracking_url="")
    OrderRefund.objects.filter(**by_them).update(actor=person.alias)
    mine.update(email=person.alias, address={})
    BoxRecipient.objects.filter(customer=person.id).delete()
    Basket.objects.filter(customer=person.id).delete()
