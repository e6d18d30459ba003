"""The nightly comparison with Stripe's books over HTTP, with differences planted there and here."""

from uuid import uuid4

import pytest
from django.db import connection

from apps.billing import charging, collection, janitor, lifecycle, refunds
from apps.billing.models import Break, LedgerEntry, Sighting
from apps.core.money import Money

from .bills import bill, cardholder
from .nights import DAY, HOUR, books_of_stripe, breaks, charge_by_hand, night, now, paid
from .worlds import StripeWorld

__all__ = ["books_of_stripe", "now"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(books_of_stripe: StripeWorld) -> StripeWorld:
    return books_of_stripe


def test_books_that_agree_have_no_breaks(world, now):
    first, second = paid(world, now=now), paid(world, now=now)
    refunds.request(second.pk, amount=Money(500, "EUR"), key="a", reason="", now=now)
    refunds.carry_out_due(now=now)
    done = night(now)
    assert (done.phase, done.compared, done.found, breaks()) == ("done", 3, 0, [])
    assert done.finished_at == now + HOUR
    assert not Sighting.objects.exists()
    assert first.status == "succeeded"


def test_a_charge_that_the_shop_does_not_know_is_found_once(world, now):
    payment = paid(world, now=now)
    intent_id = charge_by_hand(world, payment, minor=700)
    for number in range(3):
        night(now, number)
    assert breaks() == [("charge", "missing_here", "–", "7.00 EUR", "look", "open")]
    found = Break.objects.get()
    assert (found.ref, found.found_at, found.seen_at) == (intent_id, now + HOUR, now + HOUR + 2 * DAY)


def test_a_difference_that_the_janitor_settles_meanwhile_closes_by_itself(world, now):
    payment = bill(cardholder(world, now=now), now=now)
    world.sandbox.fault("drop_after", count=3)
    collection.collect_due(now=now)
    night(now)
    assert breaks() == [("charge", "status", "unknown", "moved", "settle", "open")]
    janitor.check_due(now=now + HOUR)
    payment.refresh_from_db()
    assert payment.status == "succeeded"
    night(now, 1)
    found = Break.objects.get()
    assert (found.status, found.note, found.closed_by) == ("resolved", "the difference is gone", "")
    assert found.closed_at == now + HOUR + DAY


def test_what_the_gateway_lost_is_missing_there(world, now):
    payment, other = paid(world, now=now), paid(world, now=now)
    refund = refunds.request(other.pk, amount=Money(500, "EUR"), key="a", reason="", now=now)
    refunds.carry_out_due(now=now)
    world.sandbox.control("POST", "/reset")
    night(now)
    assert breaks() == [
        ("charge", "missing_there", "12.00 EUR", "–", "look", "open"),
        ("charge", "missing_there", "12.00 EUR", "–", "look", "open"),
        ("refund", "missing_there", "5.00 EUR", "–", "look", "open"),
    ]
    assert list(Break.objects.order_by("pk").values_list("payment", "refund")) == [
        (payment.pk, None), (other.pk, None), (other.pk, refund.pk),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("amount_minor", 1300, ("charge", "amount", "13.00 EUR", "12.00 EUR", "look", "open")),
        ("currency", "USD", ("charge", "currency", "12.00 USD", "12.00 EUR", "look", "open")),
    ],
)
def test_sums_that_differ(world, now, column, value, found):
    payment = paid(world, now=now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE billing_payment DISABLE TRIGGER billing_payment_immutable")
        cursor.execute(f"UPDATE billing_payment SET {column} = %s WHERE id = %s", [value, payment.pk])
    night(now)
    assert found in breaks()
    assert {subject for subject, *_rest in breaks()} == {"charge", "cash"}, "The ledger says otherwise, too"


def test_cash_that_no_payment_explains(world, now):
    paid(world, now=now)
    entry = {"key": "rogue", "currency": "EUR", "at": now}
    LedgerEntry.objects.bulk_create(
        [LedgerEntry(account="cash", amount_minor=5, **entry), LedgerEntry(account="revenue", amount_minor=-5, **entry)]
    )
    night(now)
    assert breaks() == [("cash", "amount", "12.05 EUR", "12.00 EUR", "look", "open")]
    assert Break.objects.get().amount == Money(5, "EUR")
    entry["key"] = "rogue-back"
    LedgerEntry.objects.bulk_create(
        [LedgerEntry(account="cash", amount_minor=-5, **entry), LedgerEntry(account="revenue", amount_minor=5, **entry)]
    )
    night(now, 1)
    assert Break.objects.get().status == "resolved"


def test_what_a_person_ignores_is_not_found_again_but_another_amount_is(world, now):
    payment = paid(world, now=now)
    charge_by_hand(world, payment, minor=700)
    night(now)
    lifecycle.breaks.ignore(Break.objects.get().pk, note="the other shop", actor="ann", now=now)
    night(now, 1)
    assert breaks() == [("charge", "missing_here", "–", "7.00 EUR", "look", "ignored")]
    charge_by_hand(world, payment, minor=800)
    night(now, 2)
    assert [row[3] for row in breaks()] == ["7.00 EUR", "8.00 EUR"]


def test_a_difference_that_comes_back_is_a_new_break(world, now):
    payment = paid(world, now=now)
    charge_by_hand(world, payment, minor=700)
    night(now)
    lifecycle.breaks.resolve(Break.objects.get().pk, note="dealt with", actor="ann", now=now)
    night(now, 1)
    assert [row[5] for row in breaks()] == ["resolved", "open"]


def test_a_charge_that_is_still_under_way_is_not_judged(world, now):
    payment = bill(cardholder(world, now=now), now=now)
    [claimed] = lifecycle.claim(now=now, limit=1)
    charging.charge(world.gateway, claimed, deadline=float("inf"))
    night(now)
    assert (breaks(), payment.status) == ([], "pending")


def test_foreign_metadata_does_no_harm(world, now):
    payment = paid(world, now=now)
    charge_by_hand(world, payment, key="not a key of ours", metadata={"invoice": "\u2603" * 50})
    charge_by_hand(world, payment, key=str(uuid4()))
    night(now)
    assert [row[1] for row in breaks()] == ["missing_here", "missing_here"]
