"""Bundles from the checkout to the parcel and back: what is in them leaves the stock, and comes back."""

import pytest

from apps.billing import papers
from apps.billing.gateway.behaviours import decline
from apps.billing.models import Invoice
from apps.catalog import bundles, stock
from apps.catalog.models import BundleSlot, Product
from apps.mail.models import Message
from apps.orders import baskets, buyers, buying, drafting, fulfilling, refunding
from apps.orders.errors import BasketChanged, NothingToBuy
from apps.orders.models import Order, OrderStatus
from tests.factories import accounts, catalog, kits, orders
from tests.storefront.pages import nothing_changes

pytestmark = pytest.mark.django_db
WHO = {"actor": "boss@example.com"}


@pytest.fixture
def kit(db):
    return kits.make()


def back(order, line, count, *, key, now, restock=True):
    return refunding.give_back(
        order.pk, pieces={line.pk: count}, shipping=False, restock=restock, reason="Frost", key=key, now=now, **WHO
    )


def test_what_is_in_it_leaves_the_stock_and_is_written_down(gateway, kit, now):
    order = kits.paid(gateway, kit, kit.large, quantity=2, now=now)
    assert (order.status, order.goods_minor, kit.left()) == (OrderStatus.PAID, 12000, (16, 5, 3))
    line = order.lines.get()
    assert [(piece.variant, piece.quantity) for piece in line.pieces.all()] == [(kit.soil, 2), (kit.large, 1)]
    assert line.choices == {str(kit.pot): kit.large.pk}
    assert drafting.quantities(order) == {kit.soil.pk: 4, kit.large.pk: 2}
    invoiced = order.invoice.lines.get(kind="goods")
    assert (invoiced.description, invoiced.quantity, invoiced.amount_minor) == ("Kit", 2, 12000)
    paper = papers.of_invoice(Invoice.objects.with_lines().get())
    assert paper.lines[0].within == "In each: 2 × Soil; 1 × Large pot"
    assert "In each: 2 × Soil; 1 × Large pot" in Message.objects.get(kind="order-confirmed").text


def test_a_variant_in_two_slots_is_one_piece(gateway, now):
    feed = catalog.product(name="Feed", left=9).variants.get()
    bundle = catalog.bundle(("Spring", 1, [feed]), ("Autumn", 2, [feed]))
    order = orders.paid(gateway, (bundle, 2), now=now)
    assert [(piece.variant, piece.quantity) for piece in order.lines.get().pieces.all()] == [(feed, 3)]
    assert stock.is_there({feed.pk: 3})
    assert not stock.is_there({feed.pk: 4})


def test_other_pieces_than_those_shown_are_never_sent(kit, now):
    basket = orders.basket(now=now)
    kits.put(basket, kit, kit.small, now=now)
    shown = orders.quote(basket, customer=None, now=now)
    BundleSlot.objects.filter(name="Soil").update(quantity=1)
    with pytest.raises(BasketChanged), nothing_changes():
        orders.begin(basket, now=now, digest=shown.digest)


def test_what_cannot_be_packed_cannot_be_ordered(kit, now):
    basket = orders.basket(now=now)
    kits.put(basket, kit, kit.small, now=now)
    kit.small.is_active = False
    kit.small.save()
    with pytest.raises(NothingToBuy), nothing_changes():
        orders.begin(basket, now=now, digest="", address=orders.HOME)


def test_lines_that_need_the_same_must_suffice_together(now):
    kit = kits.make(small=1)
    basket = orders.basket((kit.small, 1), now=now)
    kits.put(basket, kit, kit.small, now=now)
    with pytest.raises(NothingToBuy), nothing_changes():
        orders.begin(basket, now=now)


def test_a_declined_card_puts_everything_back_as_it_was_picked(gateway, kit, now):
    user = accounts.customer()
    basket = orders.basket((kit.soil, 1), now=now, customer=user)
    kits.put(basket, kit, kit.small, quantity=2, now=now)
    kits.put(basket, kit, kit.large, now=now)
    before = {line.goods: line.quantity for line in basket.lines.all()}
    begun = orders.begin(basket, customer=user, now=now)
    done = orders.pay(gateway, begun, now=now, script=(decline("insufficient_funds"),))
    assert (done.status, kit.left()) == (OrderStatus.CANCELLED, (20, 5, 5))
    assert {line.goods: line.quantity for line in user.basket.lines.all()} == before


def test_only_what_was_ordered_leaves_the_basket(gateway, kit, now):
    user = accounts.customer()
    basket = orders.basket(now=now, customer=user)
    kits.put(basket, kit, kit.small, now=now)
    begun = orders.begin(basket, customer=user, now=now)
    kits.put(basket, kit, kit.large, now=now)
    orders.pay(gateway, begun, now=now)
    assert [line.picked for line in basket.lines.all()] == [kit.with_pot(kit.large)]


def test_cancelling_puts_the_pieces_back(gateway, kit, now):
    order = kits.paid(gateway, kit, kit.small, quantity=3, now=now)
    back(order, order.lines.get(), 1, key="one", now=now)
    assert kit.left() == (16, 3, 5)
    refunding.cancel(order.pk, reason="Lost", now=now, **WHO)
    assert kit.left() == (20, 5, 5)


def test_money_without_the_pieces_leaves_the_stock_alone(gateway, kit, now):
    order = kits.paid(gateway, kit, kit.small, quantity=3, now=now)
    assert back(order, order.lines.get(), 2, key="one", now=now, restock=False).amount_minor == 12000
    assert kit.left() == (14, 2, 5)


def test_lines_of_the_same_variant_go_back_by_themselves(gateway, kit, now):
    basket = orders.basket(now=now)
    kits.put(basket, kit, kit.small, quantity=2, now=now)
    kits.put(basket, kit, kit.large, now=now)
    order = orders.pay(gateway, orders.begin(basket, now=now), now=now)
    first, second = order.lines.all()
    assert back(order, second, 1, key="one", now=now).amount_minor == 6000
    assert back(order, first, 2, key="two", now=now).amount_minor == 12000
    credited = [line.line_id for note in order.invoice.credit_notes.order_by("pk") for line in note.lines.all()]
    invoiced = dict(order.invoice.lines.filter(kind="goods").values_list("position", "pk"))
    assert credited == [invoiced[2], invoiced[1]]
    assert kit.left() == (20, 5, 5)


def test_invoices_from_before_name_the_variant_alone(gateway, now, kit):
    order = orders.paid(gateway, (kit.small, 1), (kit.large, 2), now=now)
    for line in order.agreed["lines"]:
        line["inputs"].pop("position", None)
    begun = orders.begin(orders.basket((kit.small, 1), (kit.large, 2), now=now), now=now)
    Order.objects.filter(pk=begun.pk).update(agreed=order.agreed)
    old = orders.pay(gateway, begun, now=now)
    assert not old.invoice.lines.filter(inputs__has_key="position").exists()
    pots = old.lines.get(description="Large pot")
    assert back(old, pots, 1, key="one", now=now).amount_minor == 3000


def test_the_parcel_says_what_is_in_it(gateway, kit, now):
    order = kits.paid(gateway, kit, kit.small, quantity=2, now=now)
    fulfilling.pack(order.pk, now=now, **WHO)
    fulfilling.ship(order.pk, carrier="GLS", pieces={order.lines.get().pk: 1}, now=now, **WHO)
    assert "1 × Kit · In it: 2 × Soil; 1 × Small pot" in Message.objects.get(kind="order-shipped").text


def test_who_bought_the_bundle_may_review_what_was_in_it(gateway, kit, now):
    user = accounts.customer()
    order = kits.paid(gateway, kit, kit.small, now=now, customer=user)
    assert not buyers.has_bought(kit.small.product, user)
    fulfilling.pack(order.pk, now=now, **WHO)
    fulfilling.ship(order.pk, carrier="GLS", now=now, **WHO)
    assert [buyers.has_bought(v.product, user) for v in (kit.small, kit.large, kit.variant)] == [True, False, True]


def test_the_demo_sells_its_bundles(gateway, stocked, now):
    user = accounts.customer()
    for slug in ("first-tree-bundle", "winter-bundle"):
        variant = Product.objects.get(slug=slug).variants.get()
        picks = {slot.pk: slot.choices_shown[0].variant_id for slot in bundles.slots(variant.product_id)}
        basket = orders.basket(now=now, customer=user)
        baskets.add(basket, variant.pk, quantity=1, currency="EUR", choices=picks, now=now)
        order = orders.pay(gateway, orders.begin(basket, customer=user, now=now), now=now)
        assert (order.status, order.lines.get().pieces.count()) == (OrderStatus.PAID, 4)
    assert buying.payment_of(order).status == "succeeded"
