"""The key numbers, to the cent."""

from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.billing.gateway.behaviours import decline
from apps.core import sweeps
from apps.core.money import Money
from apps.insights import numbers
from apps.insights.numbers import Effect, PlanCount
from apps.memberships import services as memberships
from apps.memberships.models import Subscription
from tests.factories import accounts as people
from tests.factories import memberships as members

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_mrr_is_per_month_and_without_tax(gateway, now):
    members.member(gateway, "grove", now=now)
    assert numbers.mrr(now=now) == [Money(984, "EUR")]  # 12.00 holds 2.16 of Italian VAT at 22 %
    members.member(gateway, "grove", unit="year", now=now)
    # 120.00 holds 21.64: 98.36 / 12 = 8.1967; 9.84 + 8.1967 = 18.0367.
    assert numbers.mrr(now=now) == [Money(1804, "EUR")]


def test_mrr_of_a_price_without_tax_is_the_price(gateway, now):
    members.join(gateway, members.net_price(amount_minor=1000), now=now)
    assert numbers.mrr(now=now) == [Money(1000, "EUR")]


def test_mrr_keeps_currencies_apart_and_takes_the_tax_of_each_country(gateway, now):
    members.member(gateway, "grove", now=now, user=people.customer(country="DE"))
    american = people.customer(country="US", currency="USD")
    members.join(gateway, members.price("grove", currency="USD"), user=american, now=now)
    # 12.00 holds 1.92 of German VAT at 19 %; the United States have none.
    assert numbers.mrr(now=now) == [Money(1008, "EUR"), Money(1300, "USD")]


def test_only_discounts_for_ever_lower_mrr(gateway, now):
    once = members.promotion(now=now)
    members.member(gateway, "grove", now=now, promotion=once)
    repeating = members.promotion(now=now, duration="repeating", periods=3)
    members.member(gateway, "grove", now=now, promotion=repeating)
    assert numbers.mrr(now=now) == [Money(2 * 984, "EUR")]
    forever = members.promotion(now=now, duration="forever")
    members.member(gateway, "grove", now=now, promotion=forever)
    assert numbers.mrr(now=now) == [Money(2 * 984 + 492, "EUR")]  # 6.00 holds 1.08


def test_overdue_members_count_and_free_or_ended_ones_do_not(gateway, now):
    overdue = members.member(gateway, "grove", now=now, script=(decline(first=2),))
    members.free_member(now=now)
    leaving = members.member(gateway, "grove", now=now)
    memberships.request_cancel(leaving.pk, customer=leaving.customer, now=now)
    assert numbers.mrr(now=now) == [Money(1968, "EUR")]
    at = overdue.next_bill_at
    for name in ("memberships.bill", "billing.collect", "memberships.end"):
        sweeps.run(name, now=at)
    assert Subscription.objects.get(pk=overdue.pk).status == "past_due"
    assert numbers.mrr(now=at) == [Money(984, "EUR")]
    assert [row for row in numbers.members_by_plan(now=at) if row.members] == [
        PlanCount("Grove", 1, 1, 0, 50),
        PlanCount("Seedling", 1, 0, 0, 50),
    ]


def test_every_plan_is_listed_highest_first(gateway, now):
    for _ in range(2):
        members.member(gateway, "grove", now=now)
    leaving = members.member(gateway, "estate", now=now)
    memberships.request_cancel(leaving.pk, customer=leaving.customer, now=now)
    assert numbers.members_by_plan(now=now) == [
        PlanCount("Estate", 1, 0, 1, 33),
        PlanCount("Conservatory", 0, 0, 0, 0),
        PlanCount("Grove", 2, 0, 0, 67),
        PlanCount("Seedling", 0, 0, 0, 0),
    ]


def test_money_collected_and_members_gained_and_lost(gateway, now):
    members.member(gateway, "grove", now=now)
    subscription = members.member(gateway, "conservatory", now=now + 5 * DAY)
    members.free_member(now=now + 5 * DAY)
    assert numbers.collected(since=now - DAY, until=now + 5 * DAY) == [Money(3600, "EUR")]
    assert numbers.collected(since=now, until=now + 5 * DAY) == [Money(2400, "EUR")]
    assert numbers.collected(since=now + 5 * DAY, until=now + 6 * DAY) == []
    memberships.request_cancel(subscription.pk, customer=subscription.customer, now=now + 6 * DAY)
    end = subscription.current_end
    sweeps.run("memberships.end", now=end)
    assert numbers.joined_and_left(since=now - DAY, until=end) == (2, 1)
    assert numbers.joined_and_left(since=now, until=end - DAY) == (1, 0)


def test_an_effect_needs_enough_customers_in_both_arms():
    assert Effect("upgrade", 29, 20, 400, 3).verdict == "Not enough data"
    assert Effect("upgrade", 300, 60, 30, 3).verdict == "+10 percentage points"
    assert Effect("winback", 100, 5, 40, 4).verdict == "-5 percentage points"
    assert numbers.effects() == []


def test_people_without_a_country_of_ours_do_not_break_the_numbers(gateway, now):
    subscription = members.member(gateway, "grove", now=now)
    User.objects.filter(pk=subscription.customer_id).update(country="ZZ")
    assert numbers.mrr(now=now) == [Money(1200, "EUR")]
