"""What the demo's customer orders is ordered, sent and received through the real services."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from apps.orders.models import Order
from apps.storefront.demo import shopping
from tests.factories import memberships

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_the_orders_of_the_demos_customer(stocked, gateway, now):
    member = memberships.member(gateway, "grove", now=now)
    person = SimpleNamespace(email=member.customer.email)
    for before, deed in shopping.DEEDS:
        deed(person, SimpleNamespace(moment=now + (50 - before) * DAY))
    orders = Order.objects.order_by("pk")
    assert [order.status for order in orders] == ["delivered", "shipped", "paid"]
    assert len({order.lines.get().variant for order in orders}) == 3
    assert all(order.lines.get().is_member_price for order in orders[:1])
    assert [order.shipments.count() for order in orders] == [1, 1, 0]
