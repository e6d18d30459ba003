"""Who has bought what: those who have may review it."""

from __future__ import annotations

from django.db.models import Q

from apps.accounts.models import User
from apps.catalog.models import Product

from .models import Order, OrderLine, OrderStatus

_BOUGHT = [OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED]


def has_bought(product: Product, customer: object) -> bool:
    """Whether the product has come to the customer, by itself or in a bundle, and not all of it went back; orders as a
    guest count too."""
    if not isinstance(customer, User):
        return False
    theirs = Order.objects.of(customer).filter(status__in=_BOUGHT).order_by()
    itself, inside = Q(variant__product=product), Q(pieces__variant__product=product)
    lines = OrderLine.objects.filter(itself | inside, order__in=theirs)
    return any(line.left for line in lines)
