"""Baskets, orders, and how orders reach people and come back."""

from .baskets import MOST_OF_ONE, Basket, BasketLine
from .orders import Order, OrderLine, OrderQuerySet
from .records import OrderHistory
from .returns import OrderRefund, OrderRefundLine
from .shipments import Shipment, ShipmentLine
from .shipping import ShippingRate
from .statuses import OrderStatus

__all__ = [
    "MOST_OF_ONE",
    "Basket",
    "BasketLine",
    "Order",
    "OrderHistory",
    "OrderLine",
    "OrderQuerySet",
    "OrderRefund",
    "OrderRefundLine",
    "OrderStatus",
    "Shipment",
    "ShipmentLine",
    "ShippingRate",
]
