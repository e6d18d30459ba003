"""Stock: never sold twice, every change a move with a key."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.catalog import stock
from apps.catalog.models import Stock, StockMove, Variant
from tests.factories import catalog

BUYERS, PIECES = 50, 10


def left(variant: Variant) -> int:
    return Stock.objects.get(variant=variant).available


def moves() -> list[tuple[str, int]]:
    return list(StockMove.objects.order_by("pk").values_list("kind", "quantity"))


@pytest.fixture
def spade(db) -> Variant:
    return catalog.product(left=10).variants.get()


def test_a_sale_takes_pieces_once(spade, now):
    for _twice in range(2):
        stock.take({spade.pk: 3}, key="order:1", now=now)
    assert left(spade) == 7
    assert moves() == [("corrected", 10), ("sold", -3)]


def test_all_or_nothing_is_taken(spade, now):
    rake = catalog.product(left=1).variants.get()
    with pytest.raises(stock.OutOfStock) as refusal:
        stock.take({spade.pk: 3, rake.pk: 2}, key="order:1", now=now)
    assert refusal.value.shortages == [stock.Shortage(rake.pk, asked=2, left=1)]
    assert (left(spade), left(rake)) == (10, 1)
    assert moves() == [("corrected", 10), ("corrected", 1)]


def test_what_is_not_counted_is_never_short(spade, now):
    hour = catalog.product().variants.get()
    stock.take({spade.pk: 1, hour.pk: 5}, key="order:1", now=now)
    assert left(spade) == 9
    assert not Stock.objects.filter(variant=hour).exists()


def test_what_comes_back_can_be_sold_again_once(spade, now):
    stock.take({spade.pk: 3}, key="order:1", now=now)
    for _twice in range(2):
        stock.give_back({spade.pk: 3}, key="order:1", now=now, actor="ada")
    assert left(spade) == 10
    assert moves() == [("corrected", 10), ("sold", -3), ("returned", 3)]


def test_a_delivery_is_counted_from_then_on(db, now):
    rake = catalog.product().variants.get()
    for _twice in range(2):
        stock.receive(rake, quantity=5, key="delivery:7", now=now)
    assert left(rake) == 5
    assert moves() == [("received", 5)]


def test_a_count_that_agrees_writes_nothing(spade, now):
    stock.correct(spade, available=10, key="count:may", now=now)
    stock.correct(spade, available=8, key="count:june", now=now)
    assert left(spade) == 8
    assert moves() == [("corrected", 10), ("corrected", -2)]


@pytest.mark.parametrize("quantity", [0, -1])
def test_senseless_quantities_are_refused(spade, now, quantity):
    with pytest.raises(ValueError, match="positive"):
        stock.take({spade.pk: quantity}, key="order:1", now=now)
    with pytest.raises(ValueError, match="positive"):
        stock.give_back({spade.pk: quantity}, key="order:1", now=now)
    with pytest.raises(ValueError, match="positive"):
        stock.receive(spade, quantity=quantity, key="delivery:1", now=now)
    assert left(spade) == 10
    assert moves() == [("corrected", 10)]


def test_the_database_refuses_overselling_and_edited_moves(spade):
    with pytest.raises(IntegrityError, match="catalog_stock_not_oversold"), transaction.atomic():
        Stock.objects.update(available=-1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        StockMove.objects.update(quantity=1)
    assert left(spade) == 10


def test_fifty_buyers_of_ten_pieces(own_database, now):
    spade = catalog.product(left=PIECES).variants.get()
    rake = catalog.product(left=BUYERS).variants.get()
    start = Barrier(BUYERS)

    def buy(number: int) -> bool:
        # Half of them name the pieces the other way round: whoever takes two waits in one order.
        wanted = {spade.pk: 1, rake.pk: 1} if number % 2 else {rake.pk: 1, spade.pk: 1}
        try:
            start.wait()
            stock.take(wanted, key=f"order:{number}", now=now)
        except stock.OutOfStock:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(BUYERS) as pool:
        assert sum(pool.map(buy, range(BUYERS))) == PIECES
    assert (left(spade), left(rake)) == (0, BUYERS - PIECES)
    assert StockMove.objects.filter(kind="sold").count() == 2 * PIECES
