"""Parcels, and money that goes back for parts of an order."""

import pytest

from apps.billing import credit
from apps.billing.models import Account, CreditNoteLine, LedgerEntry
from apps.catalog.models import Stock
from apps.core.money import Money
from apps.mail.models import Message
from apps.orders import fulfilling, refunding
from apps.orders.errors import OrderRefused, TooMuch
from apps.orders.models import OrderRefund, OrderStatus
from tests.factories import accounts, catalog, orders
from tests.storefront.pages import nothing_changes

pytestmark = pytest.mark.django_db
WHO = {"actor": "boss@example.com"}


@pytest.fixture
def tree():
    return catalog.product(price=5000, left=10, name="Lemon tree").variants.get()


@pytest.fixture
def pot():
    return catalog.product(price=999, left=10, name="Pot").variants.get()


@pytest.fixture
def order(gateway, now, tree, pot):
    return orders.paid(gateway, (tree, 1), (pot, 3), now=now, address=orders.BERLIN)


def give_back(order, pieces, *, now, shipping=False, restock=False, key="one"):
    wanted = {order.lines.get(description=name).pk: count for name, count in pieces.items()}
    return refunding.give_back(
        order.pk, pieces=wanted, shipping=shipping, restock=restock, reason="Broken", key=key, now=now, **WHO
    )


def left(variant) -> int:
    return Stock.objects.get(variant=variant).available


def test_an_order_is_packed_sent_in_two_parcels_and_arrives(order, now):
    tree, pot = order.lines.all()
    with pytest.raises(OrderRefused), nothing_changes():
        fulfilling.ship(order.pk, carrier="DHL", now=now, **WHO)
    fulfilling.pack(order.pk, now=now, **WHO)
    fulfilling.pack(order.pk, now=now, **WHO)
    fulfilling.ship(order.pk, carrier="DHL", tracking_number="1", pieces={pot.pk: 2}, now=now, **WHO)
    order.refresh_from_db()
    assert order.status == OrderStatus.PACKED
    with pytest.raises(TooMuch), nothing_changes():
        fulfilling.ship(order.pk, carrier="DHL", pieces={pot.pk: 2}, now=now, **WHO)
    url = "https://parcels.example/2"
    last = fulfilling.ship(order.pk, carrier="GLS", tracking_number="2", tracking_url=url, now=now, **WHO)
    assert {piece.line_id: piece.quantity for piece in last.lines.all()} == {tree.pk: 1, pot.pk: 1}
    fulfilling.deliver(order.pk, now=now, **WHO)
    order.refresh_from_db()
    assert [row.new for row in order.history.all()] == ["pending", "paid", "packed", "shipped", "delivered"]
    letters = Message.objects.filter(kind="order-shipped").order_by("pk")
    assert [url in letter.text for letter in letters] == [False, True]


def test_one_component_goes_back_with_its_own_tax(order, now, pot):
    # 50.00 + 3 x 9.99 + 11.90 to Germany, 19 % in it.
    assert (order.total_minor, order.invoice.tax_minor) == (9187, 798 + 479 + 190)
    refund = give_back(order, {"Pot": 2}, now=now, restock=True)
    assert (refund.amount_minor, left(pot)) == (1998, 9)
    lines = CreditNoteLine.objects.all()
    assert [(line.description, line.amount_minor, line.tax_minor) for line in lines] == [("Pot", 1998, 319)]
    again = give_back(order, {"Pot": 2}, now=now, restock=True)
    assert (again, left(pot)) == (refund, 9)
    last = give_back(order, {"Pot": 1, "Lemon tree": 1}, now=now, shipping=True, key="two")
    assert last.amount_minor == 999 + 5000 + 1190
    assert LedgerEntry.objects.balances()[Account.TAX_PAYABLE, "EUR"] == 0
    assert LedgerEntry.objects.balances()[Account.REVENUE, "EUR"] == 0
    assert "€71.89" in Message.objects.filter(kind="order-refunded").latest("pk").text


@pytest.mark.parametrize("pieces", [{"Pot": 4}, {"Pot": -1}, {}])
def test_never_more_than_was_paid(order, now, pieces):
    with pytest.raises(TooMuch), nothing_changes():
        give_back(order, pieces, now=now)
    give_back(order, {"Pot": 3}, now=now, key="all")
    with pytest.raises(TooMuch), nothing_changes():
        give_back(order, {"Pot": 1}, now=now, key="more")


def test_when_everything_came_back_it_is_returned(order, now):
    fulfilling.pack(order.pk, now=now, **WHO)
    fulfilling.ship(order.pk, carrier="DHL", now=now, **WHO)
    give_back(order, {"Pot": 3}, now=now, restock=True)
    order.refresh_from_db()
    assert order.status == OrderStatus.SHIPPED
    give_back(order, {"Lemon tree": 1}, now=now, restock=True, key="two")
    order.refresh_from_db()
    assert order.status == OrderStatus.RETURNED


def test_what_is_on_its_way_cannot_be_cancelled(order, now):
    fulfilling.pack(order.pk, now=now, **WHO)
    with pytest.raises(OrderRefused), nothing_changes():
        refunding.cancel(order.pk, reason="", until_packed=True, now=now, **WHO)
    fulfilling.ship(order.pk, carrier="DHL", now=now, **WHO)
    with pytest.raises(OrderRefused), nothing_changes():
        refunding.cancel(order.pk, reason="", now=now, **WHO)


def test_cancelling_gives_the_rest_back(order, now, tree, pot):
    give_back(order, {"Pot": 1}, now=now, restock=True)
    refunding.cancel(order.pk, reason="Lost", now=now, **WHO)
    refunding.cancel(order.pk, reason="Lost", now=now, **WHO)
    assert sum(OrderRefund.objects.values_list("amount_minor", flat=True)) == order.total_minor
    assert (left(tree), left(pot)) == (10, 10)
    assert Message.objects.filter(kind="order-cancelled").count() == 1


def test_what_credit_paid_becomes_credit_again(gateway, now, tree):
    user = accounts.customer()
    credit.grant(user, money=Money(2000, "EUR"), key="gift", reason="Sorry", now=now, source_account=Account.REVENUE)
    order = orders.paid(gateway, (tree, 1), now=now, customer=user)
    assert (order.total_minor, order.invoice.due_minor) == (5590, 3590)
    refund = give_back(order, {"Lemon tree": 1}, now=now)
    assert refund.amount_minor == 5000
    assert order.invoice.payments.get().refunds.get().amount_minor == 3590
    assert credit.balance(user, "EUR") == Money(1410, "EUR")
    assert sorted(order.invoice.credit_notes.values_list("total_minor", flat=True)) == [1410, 3590]


def test_an_order_paid_by_credit_alone(gateway, now, tree):
    user = accounts.customer()
    credit.grant(user, money=Money(9000, "EUR"), key="gift", reason="Sorry", now=now, source_account=Account.REVENUE)
    order = orders.paid(gateway, (tree, 1), now=now, customer=user)
    assert (order.status, order.invoice.due_minor) == (OrderStatus.PAID, 0)
    refunding.cancel(order.pk, reason="Lost", now=now, **WHO)
    assert credit.balance(user, "EUR") == Money(9000, "EUR")
