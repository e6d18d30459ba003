"""Many workers and few pieces: one order for each parcel, and nothing sent that is not there."""

from collections import Counter
from datetime import UTC, datetime

from apps.billing import gateway as gateways
from apps.billing.models import CreditNote
from apps.catalog.models import Stock
from apps.mail.models import Message
from apps.memberships import services
from apps.memberships.models import Period, Subscription
from apps.orders import buying
from apps.orders.boxes import making, owing, stopping
from apps.orders.models import BoxDelivery, Order, OrderPiece
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


def test_withdrawing_while_the_box_is_made(own_database, gateway):
    """Either there is an order, which is called off, or none is made; nobody waits for another in a circle."""
    made = boxes.box()
    for _each in range(4):
        boxes.subscriber(gateway, made, now=NOW)
    acts = []
    for subscription in Subscription.objects.select_related("customer"):

        def withdraw(subscription=subscription):
            services.withdraw(subscription.pk, customer=subscription.customer, declared_at=NOW, now=NOW)

        acts += [withdraw, lambda: making.make_due(now=NOW)]
    assert together(*acts) == []
    assert set(Subscription.objects.values_list("status", flat=True)) == {"ended"}
    assert set(BoxDelivery.objects.values_list("status", flat=True)) <= {"ordered", "cancelled"}
    assert set(Order.objects.values_list("status", flat=True)) <= {"cancelled"}
    assert CreditNote.objects.count() == 4


def test_a_stop_is_carried_out_by_many_while_boxes_are_made(own_database, gateway):
    made = boxes.box()
    limes = catalog.product(name="Limes", left=50).variants.get()
    for _each in range(5):
        boxes.subscriber(gateway, made, now=NOW)
    making.make_due(now=NOW)
    stop = stopping.decide(made.box, kind="substitute", variant=made.jam, substitute=limes, actor="staff", now=NOW)
    assert together(*[lambda: stopping.carry_out(now=NOW)] * 3, lambda: making.make_due(now=NOW)) == []
    stop.refresh_from_db()
    assert (stop.handled, stop.passed_over) == (5, 0)
    assert set(OrderPiece.objects.filter(quantity=2).values_list("variant", flat=True)) == {limes.pk}
    assert Message.objects.filter(kind="box-substituted").count() == 5
    assert (Stock.objects.get(variant=limes).available, Stock.objects.get(variant=made.jam).available) == (40, 100)
