"""Money for one piece inside a bundle: its share of the bundle's price, by what each piece costs by itself."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.billing import corrections
from apps.billing.models import CreditNote
from apps.catalog.models import ProductPrice, Stock
from apps.core import sweeps
from apps.mail.models import Message
from apps.orders import fulfilling, refunding, rules
from apps.orders.boxes import stopping
from apps.orders.errors import TooMuch
from apps.orders.models import OrderPiece, OrderRefund, OrderRefundPiece, OrderStatus
from tests.factories import accounts, boxes, kits, orders
from tests.storefront.pages import nothing_changes, said

pytestmark = pytest.mark.django_db
WHO = {"actor": "boss@example.com"}
# Two bags of soil at 9.00 and a pot at 20.00 for 30.40: four fifths of what they cost by themselves.
SOIL, POT = 720, 1600
NAMES = {"soil": "Soil", "pot": "Small pot"}


@pytest.fixture
def kit(db):
    return kits.make(price=3040)


def back(order, *, now, key, lines=0, restock=False, **pieces):
    inside = {order.lines.get().pieces.get(description=NAMES[name]).pk: count for name, count in pieces.items()}
    return refunding.give_back(
        order.pk,
        pieces={order.lines.get().pk: lines},
        inside=inside,
        shipping=False,
        restock=restock,
        reason="Broken",
        key=key,
        now=now,
        **WHO,
    )


@pytest.fixture
def order(gateway, kit, now):
    return kits.paid(gateway, kit, kit.small, quantity=2, now=now)


def test_a_piece_is_its_share_of_the_price(order, kit, now):
    assert back(order, pot=1, key="a", now=now).amount_minor == POT
    assert back(order, soil=3, key="b", now=now, restock=True).amount_minor == 3 * SOIL
    assert kit.left() == (19, 3, 5)
    assert [(row.piece.description, row.quantity, row.amount_minor) for row in OrderRefundPiece.objects.all()] == [
        ("Small pot", 1, POT),
        ("Soil", 3, 3 * SOIL),
    ]
    text = Message.objects.filter(kind="order-refunded").latest("pk").text
    assert "3 × Soil, out of Kit" in text
    assert "€21.60" in text
    # Both kits are open by now: neither goes back as a whole, but all that is left of them does.
    with pytest.raises(TooMuch), nothing_changes():
        back(order, lines=1, key="c", now=now)
    assert back(order, soil=1, pot=1, key="d", now=now).amount_minor == SOIL + POT
    assert sum(OrderRefund.objects.values_list("amount_minor", flat=True)) == order.goods_minor
    assert sum(corrections.left_of_lines(order.invoice).values()) == order.shipping_minor


@pytest.mark.parametrize(
    "pieces", [{"soil": 5}, {"pot": 3}, {"pot": -1}, {"lines": 2, "pot": 1}, {"lines": 1, "soil": 3}]
)
def test_never_more_pieces_than_there_are(order, now, pieces):
    with pytest.raises(TooMuch), nothing_changes():
        back(order, key="a", now=now, **pieces)


def test_a_whole_bundle_and_pieces_of_the_other(order, kit, now):
    assert back(order, lines=1, soil=2, key="a", now=now, restock=True).amount_minor == 3040 + 2 * SOIL
    assert kit.left() == (20, 4, 5)
    line = order.lines.get()
    assert (line.left, line.kept, line.still_out()) == (0, 1, {kit.soil.pk: 0, kit.small.pk: 1})
    again = back(order, lines=1, soil=2, key="a", now=now, restock=True)
    assert (again.pk, OrderRefund.objects.count(), kit.left()) == (OrderRefund.objects.get().pk, 1, (20, 4, 5))


def test_what_is_left_of_an_open_bundle_is_packed_sent_and_comes_back(order, kit, now):
    back(order, pot=1, key="a", now=now)
    fulfilling.pack(order.pk, now=now, **WHO)
    fulfilling.ship(order.pk, carrier="GLS", now=now, **WHO)
    assert [sent.quantity for sent in order.shipments.get().lines.all()] == [2]
    back(order, lines=1, key="b", now=now, restock=True)
    order.refresh_from_db()
    assert order.status == OrderStatus.SHIPPED
    back(order, soil=2, key="c", now=now, restock=True)
    order.refresh_from_db()
    # The pot for which money was given back first never came back.
    assert (order.status, kit.left()) == (OrderStatus.SHIPPED, (20, 4, 5))


def test_all_pieces_one_by_one_make_the_order_returned(order, kit, now):
    fulfilling.pack(order.pk, now=now, **WHO)
    fulfilling.ship(order.pk, carrier="GLS", now=now, **WHO)
    for key, piece in enumerate(["soil", "pot", "soil", "soil", "pot"]):
        back(order, key=f"a{key}", now=now, restock=True, **{piece: 1})
    order.refresh_from_db()
    assert order.status == OrderStatus.SHIPPED
    back(order, key="b", now=now, restock=True, soil=1)
    order.refresh_from_db()
    assert (order.status, kit.left()) == (OrderStatus.RETURNED, (20, 5, 5))


def test_an_emptied_bundle_is_not_sent(order, kit, now):
    back(order, soil=2, pot=1, key="a", now=now, restock=True)
    assert fulfilling.to_send(order) == {order.lines.get().pk: 1}


def test_cancelling_gives_the_rest_back(order, kit, now):
    back(order, pot=1, key="a", now=now, restock=True)
    refunding.cancel(order.pk, reason="Lost", now=now, **WHO)
    assert sum(OrderRefund.objects.values_list("amount_minor", flat=True)) == order.total_minor
    assert kit.left() == (20, 5, 5)
    line = order.lines.get()
    assert (line.left, line.kept, line.came_back) == (0, 0, True)


def test_prices_of_later_change_nothing(order, kit, now):
    ProductPrice.objects.filter(variant=kit.soil).update(amount_minor=90000)
    assert back(order, soil=1, key="a", now=now).amount_minor == SOIL


def test_orders_from_before_go_by_the_prices_of_the_first_time(order, kit, now):
    OrderPiece.objects.update(weight=None)
    assert back(order, soil=1, key="a", now=now).amount_minor == SOIL
    ProductPrice.objects.filter(variant=kit.soil).update(amount_minor=90000)
    assert back(order, soil=3, key="b", now=now).amount_minor == 3 * SOIL


def test_without_a_price_all_pieces_are_the_same(order, kit, now):
    OrderPiece.objects.update(weight=None)
    ProductPrice.objects.filter(variant=kit.small).delete()
    assert back(order, pot=1, key="a", now=now).amount_minor == 1013
    assert back(order, soil=2, key="b", now=now).amount_minor == 2027


def test_a_piece_out_of_a_box_is_a_share_of_the_period(gateway, now):
    made = boxes.box()
    order = boxes.sent(gateway, made, now=now)
    fruit, _jars = order.lines.get().pieces.order_by("quantity")
    # All three cost the same by themselves: a third of 29.00, and the cent that is left over.
    refund = refunding.give_back(
        order.pk, pieces={}, inside={fruit.pk: 1}, shipping=False, restock=True, reason="Rot", key="a", now=now, **WHO
    )
    assert (refund.amount_minor, CreditNote.objects.get().total_minor) == (967, 967)
    refunding.cancel(order.pk, reason="Lost", now=now, **WHO)
    assert sum(CreditNote.objects.values_list("total_minor", flat=True)) == 2900
    assert set(Stock.objects.values_list("available", flat=True)) == {100}


def test_a_box_that_staff_looked_at_is_not_exchanged(gateway, now):
    made = boxes.box()
    order = boxes.sent(gateway, made, now=now)
    jars = order.lines.get().pieces.get(variant=made.jam)
    refunding.give_back(
        order.pk, pieces={}, inside={jars.pk: 1}, shipping=False, restock=False, reason="x", key="a", now=now, **WHO
    )
    stop = stopping.decide(made.box, kind="substitute", variant=made.jam, substitute=made.oranges, now=now, **WHO)
    sweeps.run("orders.box_stops", now=now)
    stop.refresh_from_db()
    assert stop.passed_over == 1
    assert order.lines.get().pieces.filter(variant=made.jam).exists()


def test_staff_choose_pieces_on_the_page(client, order, kit, now):
    staff = accounts.customer(email="boss@example.com")
    staff.is_staff = staff.is_superuser = True
    staff.save()
    client.force_login(staff)
    address = reverse("admin:orders_order_give_back", args=[order.pk])
    page = client.get(address)
    html = " ".join(page.content.decode().split())
    assert "4 × Soil, out of Kit" in html
    assert "One is €16.00 of the price of its bundle." in html
    pot = order.lines.get().pieces.get(description="Small pot")
    facts = {"once": str(page.context["form"]["once"].initial), "reason": "Broken", f"piece-{pot.pk}": "1"}
    facts[f"line-{order.lines.get().pk}"] = "0"
    assert said(client.post(address, facts, follow=True)) == ["€16.00 goes back, and the customer has been written to."]
    packing = " ".join(client.get(reverse("admin:orders_order_packing_list")).content.decode().split())
    assert f"<td>1</td><td>{kit.small.sku}</td>" in packing.replace(' class="pl-4"', "")


def test_a_discount_and_a_line_of_its_own_are_shared_too(gateway, kit, now):
    user = accounts.customer()
    basket = orders.basket((kit.large, 1), now=now, customer=user)
    kits.put(basket, kit, kit.small, quantity=3, now=now)
    order = orders.pay(gateway, orders.begin(basket, customer=user, now=now), now=now)
    line = order.lines.get(description="Kit")
    paid = 0
    for key, piece in enumerate(line.pieces.all()):
        facts = {"shipping": False, "restock": False, "reason": "x", "key": str(key), "now": now}
        paid += refunding.give_back(order.pk, pieces={}, inside={piece.pk: piece.left}, **facts, **WHO).amount_minor
    assert paid == 3 * 3040


@given(
    st.integers(-(10**6), 10**6),
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9999)), min_size=1, max_size=4),
    st.data(),
)
def test_all_parts_sum_to_the_price_whatever_goes_back_how(amount, bundles, kinds, data):
    pieces, weights = zip(*kinds, strict=True)
    whole = data.draw(st.integers(0, bundles))
    paid = rules.share_of(amount, quantity=bundles, given_back=0, pieces=whole)
    for which, in_one in enumerate(pieces):
        left, before = (bundles - whole) * in_one, 0
        while left:
            count = data.draw(st.integers(1, left))
            part = rules.piece_share(
                amount, bundles=bundles, pieces=pieces, weights=weights, which=which, given_back=before, count=count
            )
            assert part * amount >= 0
            paid, before, left = paid + part, before + count, left - count
    assert paid == amount
    with pytest.raises(ValueError, match="not left"):
        rules.piece_share(
            amount,
            bundles=bundles,
            pieces=pieces,
            weights=weights,
            which=0,
            given_back=0,
            count=bundles * pieces[0] + 1,
        )
