"""Points: an order brings them to a member, and what is given back takes its share of them along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.models import Account, LedgerEntry
from apps.loyalty import services as loyalty
from apps.loyalty.models import PointsAccount, PointsEntry
from apps.orders import baskets, refunding, rules
from apps.orders.errors import TooMuch
from tests.factories import catalog, memberships, orders

pytestmark = pytest.mark.django_db
WHO = {"actor": "boss@example.com"}


@pytest.fixture
def member(gateway, now):
    return memberships.member(gateway, "grove", now=now).customer


@pytest.fixture
def tree():
    return catalog.product(price=5000, left=10, name="Lemon tree").variants.get()


@pytest.fixture
def pot():
    return catalog.product(price=999, left=10, name="Pot").variants.get()


@pytest.fixture
def order(gateway, now, member, tree, pot):
    """Goods for 79.97: five points for a euro, and a quarter more in the Grove, are 500."""
    return orders.paid(gateway, (tree, 1), (pot, 3), now=now, customer=member)


def give_back(order, name, count, *, key, now, shipping=False):
    line = order.lines.get(description=name)
    return refunding.give_back(
        order.pk, pieces={line.pk: count}, shipping=shipping, restock=False, reason="Frost", key=key, now=now, **WHO
    )


def of_orders() -> list[int]:
    """What each refund took, from however many lots."""
    taken: dict[str, int] = {}
    for entry in PointsEntry.objects.filter(reason__contains="order").order_by("pk"):
        occasion = entry.key.partition("#")[0]
        taken[occasion] = taken.get(occasion, 0) + entry.points
    return list(taken.values())


def test_each_refund_takes_its_share_and_all_of_them_take_all(order, member, now):
    before = PointsAccount.objects.balance_of(member)
    assert PointsEntry.objects.get(key=f"earn:invoice:{order.invoice.pk}").points == 500
    give_back(order, "Pot", 2, key="one", now=now)
    give_back(order, "Pot", 2, key="one", now=now)
    # 19.98 of 79.97 are 124.9 points of 500, with the tree 437.5: each sum is rounded down.
    assert of_orders() == [-124]
    give_back(order, "Lemon tree", 1, key="two", now=now)
    give_back(order, "Pot", 1, key="three", now=now, shipping=True)
    assert of_orders() == [-124, -313, -63]
    assert PointsAccount.objects.balance_of(member) == before - 500


def test_the_books_owe_so_much_less(order, now):
    def owed() -> int:
        return LedgerEntry.objects.balances()[Account.POINTS_LIABILITY, "EUR"]

    before = owed()
    give_back(order, "Pot", 3, key="one", now=now)
    # 29.97 of 79.97 are 187 points; a point is worth a cent.
    assert (of_orders(), owed() - before) == ([-187], 187)


def test_cancelling_takes_what_is_left(order, now):
    give_back(order, "Pot", 2, key="one", now=now)
    refunding.cancel(order.pk, reason="Lost", now=now, **WHO)
    refunding.cancel(order.pk, reason="Lost", now=now, **WHO)
    assert of_orders() == [-124, -376]


def test_shipping_brought_none(gateway, now, member, tree):
    order = orders.paid(gateway, (tree, 1), now=now, customer=member, address=orders.BERLIN)
    line = order.lines.get()
    refunding.give_back(
        order.pk, pieces={line.pk: 0}, shipping=True, restock=False, reason="Late", key="one", now=now, **WHO
    )
    assert (order.shipping_minor, of_orders()) == (1190, [])


def test_a_discount_brought_none_either(gateway, now, member, tree):
    code = memberships.promotion(now=now, code="SPRING", for_goods=True, percent_basis_points=2000)
    basket = orders.basket((tree, 2), now=now, customer=member)
    baskets.set_promotion(basket, code, now=now)
    order = orders.pay(gateway, orders.begin(basket, customer=member, now=now), now=now)
    # 100.00 less 20 %: 80.00 are 500 points.
    assert PointsEntry.objects.get(key=f"earn:invoice:{order.invoice.pk}").points == 500
    give_back(order, "Lemon tree", 1, key="one", now=now)
    assert of_orders() == [-250]


def test_what_was_made_of_them_stays(order, member, now):
    held = PointsAccount.objects.balance_of(member)
    loyalty.redeem(member.pk, points=held - 10, key="r", reason="Credit", now=now, currency="EUR")
    give_back(order, "Pot", 2, key="one", now=now)
    assert (of_orders(), PointsAccount.objects.balance_of(member)) == ([-10], 0)
    give_back(order, "Lemon tree", 1, key="two", now=now)
    assert (of_orders(), PointsAccount.objects.balance_of(member)) == ([-10], 0)


def test_a_refund_that_is_refused_takes_none(order, now):
    with pytest.raises(TooMuch):
        give_back(order, "Pot", 4, key="one", now=now)
    assert of_orders() == []


def test_guests_have_none(gateway, now, tree):
    order = orders.paid(gateway, (tree, 1), now=now)
    give_back(order, "Lemon tree", 1, key="one", now=now)
    assert not PointsEntry.objects.exists()


@given(st.integers(0, 10_000), st.lists(st.integers(1, 500), min_size=1, max_size=9))
def test_shares_sum_to_the_points_however_it_is_divided(points, parts):
    whole, gone, taken = sum(parts), 0, 0
    for part in parts:
        taken += rules.share_of(points, quantity=whole, given_back=gone, pieces=part)
        gone += part
        assert points * gone / whole - 1 < taken <= points * gone / whole
    assert taken == points
