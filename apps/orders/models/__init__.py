"""Baskets, orders, and how orders reach people and come back."""

from .baskets import MOST_OF_ONE, Basket, BasketLine, Goods
from .boxes import Box, BoxDelivery, BoxRecipient, BoxStop, BoxStopKind, DeliveryStatus
from .orders import Order, OrderLine, OrderPiece, OrderQuerySet
from .records import OrderHistory
from .returns import OrderRefund, OrderRefundLine
from .shipments import Shipment, ShipmentLine
from .shipping import ShippingRate
from .statuses import OrderStatus

__all__ = [
    "MOST_OF_ONE",
    "Basket",
    "BasketLine",
    "Box",
    "BoxDelivery",
    "BoxRecipient",
    "BoxStop",
    "BoxStopKind",
    "DeliveryStatus",
    "Goods",
    "Order",
    "OrderHistory",
    "OrderLine",
    "OrderPiece",
    "OrderQuerySet",
    "OrderRefund",
    "OrderRefundLine",
    "OrderStatus",
    "Shipment",
    "ShipmentLine",
    "ShippingRate",
]
