"""Many workers and few pieces: one order for each parcel, and nothing sent that is not there."""

from collections import Counter
from datetime import UTC, datetime

from apps.billing import gateway as gateways
from apps.catalog.models import Stock
from apps.memberships.models import Period
from apps.orders import buying
from apps.orders.boxes import making, owing
from apps.orders.models import BoxDelivery, Order
from tests.factories import billing, boxes, catalog, orders
from tests.memberships.together import together

NOW = datetime(2026, 4, 30, 10, 0, tzinfo=UTC)


def test_many_workers_make_each_parcel_once(own_database, gateway):
    made = boxes.box()
    for _each in range(6):
        boxes.subscriber(gateway, made, now=NOW)
    assert together(*[lambda: making.make_due(now=NOW)] * 4) == []
    assert Counter(BoxDelivery.objects.values_list("status", flat=True)) == {"ordered": 6}
    assert Order.objects.count() == 6
    assert (Stock.objects.get(variant=made.lemons).available, Stock.objects.get(variant=made.jam).available) == (94, 88)


def test_a_period_announced_by_many_owes_one_parcel(own_database, gateway):
    made = boxes.box()
    for _each in range(3):
        boxes.subscriber(gateway, made, now=NOW)
    BoxDelivery.objects.all().delete()
    periods = list(Period.objects.values_list("pk", flat=True))
    assert together(*[lambda: owing.owe(periods, now=NOW)] * 5) == []
    assert list(BoxDelivery.objects.values_list("number", flat=True)) == [0, 0, 0]


def test_a_box_and_shoppers_for_the_last_piece(own_database, gateway):
    made = boxes.box(left=2)
    catalog.shelves.correct(made.oranges, available=0, key="none", now=NOW)
    catalog.shelves.correct(made.lemons, available=1, key="one", now=NOW)
    boxes.subscriber(gateway, made, now=NOW)
    begun = []
    for _each in range(3):
        user = billing.payer(gateway, now=NOW)
        basket = orders.basket((made.lemons, 1), now=NOW, customer=user)
        begun.append((orders.begin(basket, customer=user, now=NOW), user, user.billing_profile.cards.get().pk))

    def pay(order, user, card):
        def act():
            with gateways.using(gateway):
                buying.complete_with_card(order.token, user=user, card_id=card, now=NOW)

        return act

    assert together(lambda: making.make_due(now=NOW), *[pay(*one) for one in begun]) == []
    assert Stock.objects.get(variant=made.lemons).available == 0
    sold = Order.objects.filter(kind="shop", status="paid").count()
    delivery = BoxDelivery.objects.get()
    assert (sold, delivery.status) in {(1, "held"), (0, "ordered")}
    assert Stock.objects.get(variant=made.jam).available == (2 if delivery.status == "held" else 0)
