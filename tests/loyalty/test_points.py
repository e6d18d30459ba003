"""Points by lot: earned, redeemed from what expires first, lapsed."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.models import LedgerEntry
from apps.core import sweeps
from apps.core.money import Money
from apps.loyalty import expiry, rules, services
from apps.loyalty.models import EarningRule, Kind, PointsAccount, PointsEntry, PointsLot
from tests.factories import accounts

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
LIFETIME = timedelta(days=730)


def earn(customer, points: int, *, key: str, now: datetime = NOW) -> PointsEntry:
    services.earn(customer.pk, points=points, key=key, reason="Invoice 1", now=now)
    return PointsEntry.objects.get(key=key)


def balance(customer) -> int:
    """The balance, which is the sum of the entries and of what is left in the lots."""
    held = PointsAccount.objects.balance_of(customer)
    assert held == sum(PointsEntry.objects.filter(customer=customer).values_list("points", flat=True))
    assert held == sum(PointsLot.objects.filter(customer=customer).values_list("remaining", flat=True))
    return held


def test_points_for_an_amount():
    assert rules.points_for(Money(1200, "EUR"), 125) == 75
    assert rules.points_for(Money(1200, "EUR"), 100, points_per_unit=1) == 12
    assert rules.points_for(Money(10, "EUR"), 100) == 1  # half a point, rounded up
    assert rules.points_for(Money(9, "EUR"), 100) == 0
    assert rules.points_for(Money(1200, "JPY"), 100, points_per_unit=1) == 1200
    assert rules.points_for(Money(-1200, "EUR"), 100) == 0
    assert rules.value_of(75, "EUR") == Money(75, "EUR")


@given(lots=st.lists(st.integers(1, 1000), max_size=12), data=st.data())
def test_taking_points_empties_lots_in_order(lots, data):
    points = data.draw(st.integers(0, sum(lots)))
    taken = rules.take(lots, points)
    assert sum(taken) == points
    assert all(0 <= part <= held for part, held in zip(taken, lots, strict=True))
    touched = [part < held for part, held in zip(taken, lots, strict=True)]
    # Once a lot is left with points, the later ones are whole.
    first = touched.index(True) if True in touched else len(lots)
    assert all(part == 0 for part in taken[first + 1 :])
    with pytest.raises(ValueError, match="fewer"):
        rules.take(lots, sum(lots) + 1)


@pytest.mark.django_db
def test_a_key_earns_once():
    anna = accounts.customer()
    first = earn(anna, 75, key="earn:invoice:1")
    assert earn(anna, 75, key="earn:invoice:1") == first
    assert balance(anna) == 75
    assert first.expires_at == NOW + LIFETIME
    with pytest.raises(ValueError, match="positive"):
        earn(anna, 0, key="earn:invoice:2")
    # What the shop owes for points is an expense of the day they are given.
    assert LedgerEntry.objects.balances() == {("points_expense", "EUR"): 75, ("points_liability", "EUR"): -75}


@pytest.mark.django_db
def test_redeeming_takes_what_expires_first():
    anna = accounts.customer()
    later = earn(anna, 100, key="b", now=NOW + timedelta(days=1))
    sooner = earn(anna, 40, key="a")
    entries = services.redeem(anna.pk, points=60, key="r", reason="Credit", now=NOW + timedelta(days=2))
    assert [(entry.lot_id, entry.points) for entry in entries] == [(sooner.pk, -40), (later.pk, -20)]
    again = services.redeem(anna.pk, points=60, key="r", reason="Credit", now=NOW + timedelta(days=2))
    assert again == entries
    assert balance(anna) == 80


@pytest.mark.django_db
def test_more_than_there_is_is_refused():
    anna = accounts.customer()
    earn(anna, 40, key="a")
    for points, now, currency in ((41, NOW, None), (1, NOW + LIFETIME, None), (1, NOW, "USD")):
        with pytest.raises(services.NotEnoughPoints):
            services.redeem(anna.pk, points=points, key="r", reason="Credit", now=now, currency=currency)
    with pytest.raises(ValueError, match="positive"):
        services.redeem(anna.pk, points=0, key="r", reason="Credit", now=NOW)
    assert balance(anna) == 40
    assert PointsEntry.objects.count() == 1


@pytest.mark.django_db
def test_points_lapse_and_the_liability_is_released():
    anna, bea = accounts.customer(), accounts.customer()
    earn(anna, 40, key="a")
    earn(anna, 60, key="b", now=NOW + timedelta(days=1))
    earn(bea, 10, key="c")
    services.redeem(anna.pk, points=15, key="r", reason="Credit", now=NOW + timedelta(days=2))
    end = NOW + LIFETIME
    assert sweeps.get("loyalty.expire").next_due(now=NOW) == end
    assert expiry.expire_due(now=end - timedelta(seconds=1)) == 0
    assert expiry.expire_due(now=end) == 2
    assert expiry.expire_due(now=end) == 0
    assert (balance(anna), balance(bea)) == (60, 0)
    lapsed = PointsEntry.objects.filter(kind=Kind.EXPIRE).order_by("points").values_list("points", flat=True)
    assert list(lapsed) == [-25, -10]
    # 110 given, 35 lapsed; the 15 redeemed are booked by what they were given for.
    assert LedgerEntry.objects.balances()["points_liability", "EUR"] == -75


@pytest.mark.django_db
def test_many_lots_lapse_in_batches(monkeypatch):
    monkeypatch.setattr(expiry, "BATCH", 3)
    anna, bea = accounts.customer(), accounts.customer()
    for number in range(5):
        earn(anna, 1, key=f"a{number}")
        earn(bea, 2, key=f"b{number}")
    assert expiry.expire_due(now=NOW + LIFETIME) == 10
    assert (balance(anna), balance(bea)) == (0, 0)


@pytest.mark.django_db
def test_staff_adjust_both_ways():
    anna = accounts.customer()
    services.adjust(anna.pk, points=50, key="x", reason="Sorry", now=NOW)
    services.adjust(anna.pk, points=-20, key="y", reason="Twice", now=NOW)
    services.adjust(anna.pk, points=-20, key="y", reason="Twice", now=NOW)
    assert balance(anna) == 30
    assert LedgerEntry.objects.balances()["points_liability", "EUR"] == -30


@pytest.mark.django_db
def test_the_rule_of_the_day_says_how_long_points_last():
    EarningRule.objects.create(points_per_unit=3, lifetime_days=10, valid_from=NOW)
    anna = accounts.customer()
    assert earn(anna, 1, key="before", now=NOW - timedelta(days=1)).expires_at == NOW + timedelta(days=729)
    assert earn(anna, 1, key="after").expires_at == NOW + timedelta(days=10)


@pytest.mark.django_db
def test_the_database_refuses():
    anna = accounts.customer()
    entry = earn(anna, 40, key="a")
    for act, error in (
        (lambda: PointsEntry.objects.update(points=1), DatabaseError),
        (lambda: PointsEntry.objects.all().delete(), DatabaseError),
        (lambda: PointsLot.objects.update(remaining=-1), IntegrityError),
        (lambda: PointsAccount.objects.update(balance=-1), IntegrityError),
        (lambda: PointsEntry.objects.create(**_row(anna, entry, kind="redeem", points=5)), IntegrityError),
        (lambda: PointsEntry.objects.create(**_row(anna, entry, kind="redeem", points=-5, lot=None)), IntegrityError),
        (lambda: PointsEntry.objects.create(**_row(anna, entry, kind="redeem", points=-5, key="a")), IntegrityError),
    ):
        with pytest.raises(error), transaction.atomic():
            act()
    assert balance(anna) == 40


def test_two_at_once_cannot_spend_the_same_points(own_database):
    anna = accounts.customer()
    earn(anna, 100, key="a")
    together, outcomes = Barrier(8), []

    def work(number: int) -> None:
        try:
            together.wait()
            services.redeem(anna.pk, points=30, key=f"r{number}", reason="Credit", now=NOW)
            outcomes.append("redeemed")
        except services.NotEnoughPoints:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["redeemed"] * 3 + ["refused"] * 5
    assert balance(anna) == 10


def _row(customer, entry: PointsEntry, **columns) -> dict:
    facts = {"customer": customer, "currency": "EUR", "key": "k", "reason": "x", "at": NOW, "lot": entry}
    return {**facts, **columns}
