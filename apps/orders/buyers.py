"""Who has bought what: those who have may review it."""

from __future__ import annotations

from apps.accounts.models import User
from apps.catalog.models import Product

from .models import Order, OrderLine, OrderStatus

_BOUGHT = [OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED]


def has_bought(product: Product, customer: object) -> bool:
    """Whether the product has come to the customer, and not all of it went back; orders as a guest count too."""
    if not isinstance(customer, User):
        return False
    theirs = Order.objects.of(customer).filter(status__in=_BOUGHT).order_by()
    lines = OrderLine.objects.filter(order__in=theirs, variant__product=product)
    return any(line.left for line in lines)
