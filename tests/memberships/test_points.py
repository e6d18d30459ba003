"""Points for what was paid by card, and points into credit."""

from datetime import timedelta

import pytest

from apps.billing import collection, credit
from apps.billing.models import Invoice, LedgerEntry, Payment
from apps.loyalty.models import EarningRule, PointsAccount, PointsEntry
from apps.loyalty.services import NotEnoughPoints
from apps.mail.models import Message
from apps.memberships import renewals, services
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db


def test_each_plan_earns_by_its_multiplier(gateway, now):
    for slug, points in (("grove", 75), ("conservatory", 180), ("estate", 590)):
        member = make.member(gateway, slug, now=now)
        assert PointsAccount.objects.balance_of(member.customer) == points
    assert PointsEntry.objects.filter(key__startswith="earn:invoice:").count() == 3


def test_credit_earns_nothing_and_is_used_before_the_card(gateway, now):
    member = make.member(gateway, now=now)
    later = now + timedelta(days=1)
    services.redeem_points(member.customer, points=50, key="page:1", now=later)
    services.redeem_points(member.customer, points=50, key="page:1", now=later)
    assert PointsAccount.objects.balance_of(member.customer) == 25
    assert credit.balance(member.customer, "EUR").minor == 50
    letter = Message.objects.get(kind="points-redeemed").text
    assert "50 points" in letter
    assert "€0.50" in letter

    renewals.bill_due(now=member.current_end)
    collection.collect_due(now=member.current_end)
    invoice = Invoice.objects.get(reason="renewal")
    assert (invoice.total_minor, invoice.credit_applied_minor, invoice.due_minor) == (1200, 50, 1150)
    assert Payment.objects.get(invoice=invoice).amount_minor == 1150
    # 11.50 at 5 points and a quarter more: 71.875.
    assert PointsAccount.objects.balance_of(member.customer) == 25 + 72
    assert credit.balance(member.customer, "EUR").minor == 0


def test_the_books_of_points_agree_with_the_points(gateway, now):
    member = make.member(gateway, "estate", now=now)
    services.redeem_points(member.customer, points=90, key="page:1", now=now)
    balances = LedgerEntry.objects.balances()
    assert balances["points_liability", "EUR"] == -PointsAccount.objects.balance_of(member.customer) == -500
    assert balances["points_expense", "EUR"] == 590
    assert balances["customer_credit", "EUR"] == -90


def test_more_points_than_there_are(gateway, now):
    member = make.member(gateway, now=now)
    with pytest.raises(NotEnoughPoints):
        services.redeem_points(member.customer, points=76, key="page:1", now=now)
    assert PointsAccount.objects.balance_of(member.customer) == 75
    assert credit.balance(member.customer, "EUR").minor == 0
    assert not Message.objects.filter(kind="points-redeemed").exists()


def test_staff_set_the_rate_from_a_day_on(gateway, now):
    EarningRule.objects.create(points_per_unit=1, valid_from=now)
    member = make.member(gateway, now=now)
    assert PointsAccount.objects.balance_of(member.customer) == 15
