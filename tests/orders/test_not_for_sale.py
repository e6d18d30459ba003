"""What cannot be put into a basket."""

import pytest

from apps.catalog.bundles import InvalidChoice
from apps.catalog.models import Kind
from apps.orders import baskets
from apps.orders.models import BasketLine
from tests.factories import catalog, orders

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("kind", "refusal"), [(Kind.ADD_ON, baskets.NotForSale), (Kind.BUNDLE, InvalidChoice)])
def test_what_is_not_sold_alone_and_what_is_empty_is_refused(kind, refusal, now):
    variant = catalog.product(kind=kind).variants.get()
    basket = orders.basket(now=now)
    with pytest.raises(refusal):
        baskets.add(basket, variant.pk, quantity=1, currency="EUR", now=now)
    assert not BasketLine.objects.exists()
