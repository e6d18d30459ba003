"""Each period is announced when it is paid for, whoever pays and however."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.billing import collection, credit, dunning
from apps.billing.gateway.behaviours import decline
from apps.billing.models import Account, Invoice
from apps.core.money import Money
from apps.loyalty.models import PointsAccount
from apps.memberships import renewals, services
from apps.memberships.gifts import redeeming
from apps.memberships.models import GiftUse, Status, Subscription
from apps.memberships.services import settling
from tests.factories import accounts, gifts
from tests.factories import memberships as make
from tests.memberships.goods.signals import heard

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)


def give_credit(customer: User, amount_minor: int) -> None:
    credit.grant(
        customer,
        money=Money(amount_minor, "EUR"),
        key=f"test:{customer.pk}",
        reason="Test",
        now=JOINED,
        source_account=Account.GIFTS,
    )


def test_a_first_period_and_a_renewal_once_they_are_paid(gateway):
    with heard() as announced:
        member = make.box_subscriber(gateway, now=JOINED)
        assert announced == [(member.pk, "01-31")]
        renewals.bill_due(now=END)
        assert announced == [(member.pk, "01-31")]
        collection.collect_due(now=END)
    assert announced == [(member.pk, "01-31"), (member.pk, "02-28")]


def test_a_declined_renewal_is_announced_when_its_money_comes(gateway):
    member = make.box_subscriber(gateway, now=JOINED, script=(decline("insufficient_funds", first=2, times=1),))
    with heard() as announced:
        renewals.bill_due(now=END)
        collection.collect_due(now=END)
        member.refresh_from_db()
        assert (member.status, announced) == (Status.PAST_DUE, [])
        for day in range(10):
            dunning.advance_due(now=END + timedelta(days=day))
            collection.collect_due(now=END + timedelta(days=day))
    member.refresh_from_db()
    assert (member.status, announced) == (Status.ACTIVE, [(member.pk, "02-28")])


def test_a_first_period_that_credit_pays(gateway):
    customer = accounts.customer()
    give_credit(customer, 2900)
    with heard() as announced:
        member = make.box_subscriber(gateway, now=JOINED, user=customer)
    assert announced == [(member.pk, "01-31")]


def test_renewals_that_credit_pays_are_announced_together(gateway):
    members = make.members(gateway, 3, now=JOINED)
    for member in members[:2]:
        give_credit(member.customer, 1200)
    with heard() as announced, CaptureQueriesContext(connection) as captured:
        renewals.bill_due(now=END)
    assert Invoice.objects.filter(reason="renewal", status=Invoice.Status.PAID).count() == 2
    assert announced == [(member.pk, "02-28") for member in members[:2]]
    looked_up = [query for query in captured if "memberships_period" in query["sql"] and "SELECT" in query["sql"]]
    # One when billing tells of the invoices, whose periods are not there yet; one for the batch when they are; and one
    # of orders, which asks whether any of them owes a parcel.
    assert len([query for query in looked_up if 'FROM "memberships_period"' in query["sql"]]) <= 4


def test_a_change_of_plan_within_a_period_begins_none(gateway):
    member = make.member(gateway, now=JOINED)
    with heard() as announced:
        result = services.change_plan(
            member.pk, make.price("estate").pk, customer=member.customer, now=JOINED + timedelta(days=3)
        )
    assert (result.status, announced) == ("done", [])


def test_a_gift_that_begins_or_prolongs_a_subscription_and_none_that_becomes_credit(gateway):
    make.box_price()
    first, second = (gifts.bought(gateway, slug="small-box", now=JOINED) for _each in range(2))
    customer = accounts.customer()
    with heard() as announced:
        redeeming.redeem(first.code, customer=customer, shown=GiftUse.STARTS, now=JOINED)
        member = Subscription.objects.current_of(customer, group=make.BOXES)
        assert (member.status, member.origin) == (Status.ACTIVE, "gift")
        assert announced == [(member.pk, "01-31")]
        redeeming.redeem(second.code, customer=customer, shown=GiftUse.EXTENDS, now=JOINED)
    assert announced == [(member.pk, "01-31"), (member.pk, "04-30")]

    payer = make.box_subscriber(gateway, now=JOINED)
    third = gifts.bought(gateway, slug="small-box", now=JOINED)
    with heard() as announced:
        redeeming.redeem(third.code, customer=payer.customer, shown=GiftUse.CREDIT, now=JOINED)
    assert announced == []


def test_settling_a_batch_of_parcels_costs_no_more_statements_than_one(gateway):
    def statements(count: int) -> int:
        first = make.box_subscriber(gateway, now=JOINED)
        make.copies(first, count - 1)
        last = Invoice.objects.latest("pk").pk
        renewals.bill_due(now=END)
        renewed = list(Invoice.objects.filter(pk__gt=last).values_list("pk", flat=True))
        with heard() as announced, CaptureQueriesContext(connection) as captured:
            settling.paid(renewed, now=END)
        assert len(announced) == len(renewed) == count
        return len(captured)

    assert statements(2) == statements(30)


def test_goods_earn_by_the_multiplier_of_the_membership_and_nothing_without_one(gateway):
    alone = make.box_subscriber(gateway, now=JOINED)
    assert PointsAccount.objects.balance_of(alone.customer) == 0
    member = make.member(gateway, "estate", now=JOINED)
    make.box_subscriber(gateway, now=JOINED, user=member.customer)
    # 59 euros at 5 points twice, and 29 likewise.
    assert PointsAccount.objects.balance_of(member.customer) == 590 + 290
