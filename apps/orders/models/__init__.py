"""Baskets, orders, and how orders reach people and come back."""

from .baskets import MOST_OF_ONE, Basket, BasketLine, Goods
from .boxes import Box, BoxDelivery, BoxRecipient, BoxStop, BoxStopKind, DeliveryStatus
from .lines import OrderLine, OrderPiece
from .orders import Order, OrderQuerySet
from .records import OrderHistory
from .returns import OrderRefund, OrderRefundLine, OrderRefundPiece
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
    "OrderRefundPiece",
    "OrderStatus",
    "Shipment",
    "ShipmentLine",
    "ShippingRate",
]
