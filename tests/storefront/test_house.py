"""What all pages stand on: the terms of the memberships are read once, and say at every instant what the database
would."""

from datetime import datetime, timedelta

import pytest
from django.test import RequestFactory

from apps.loyalty import rules as points_rules
from apps.loyalty.models import EarningRule
from apps.memberships.models import MEMBER_PRICES, Benefit, Plan, Price
from apps.storefront import house
from tests.factories import memberships

pytestmark = pytest.mark.django_db


@pytest.fixture
def terms(db, now, rf: RequestFactory) -> house.Terms:
    """Rules and prices of yesterday, today and tomorrow, in two currencies."""
    memberships.plans()
    for days, points in ((-20, 3), (-10, 4), (10, 7)):
        EarningRule.objects.create(points_per_unit=points, valid_from=now + timedelta(days=days))
    ways = Price.objects.monthly_granting(MEMBER_PRICES).filter(currency="EUR")
    old = ways.order_by("amount_minor").first()
    Price.objects.filter(pk=old.pk).update(closed_at=now + timedelta(days=5))
    memberships.special_price(
        "grove", version=9, amount_minor=old.amount_minor - 300, available_from=now + timedelta(days=7),
        closed_at=now + timedelta(days=8),
    )  # fmt: skip
    # Of a plan that is closed, or has no members' prices: never the cheapest.
    memberships.special_price("seedling", version=9, amount_minor=1, available_from=now - timedelta(days=9))
    return house.terms(rf.get("/"))


def _instants(now: datetime) -> list[datetime]:
    """Before and after each change, and at it."""
    changes = [now + timedelta(days=days) for days in (-20, -10, 0, 5, 7, 8, 10)]
    return [change + timedelta(seconds=second) for change in changes for second in (-1, 0, 1)]


def test_the_rule_in_force_is_that_of_the_database(terms, now):
    for at in _instants(now):
        rule = EarningRule.objects.in_force(at)
        expected = rule.points_per_unit if rule else points_rules.DEFAULT_POINTS_PER_UNIT
        assert terms.points_per_unit(at) == expected


@pytest.mark.parametrize("currency", ["EUR", "USD", "CHF"])
def test_the_cheapest_month_is_that_of_the_database(terms, now, currency):
    found = set()
    for at in _instants(now):
        on_sale = Price.objects.on_sale(at).monthly_granting(MEMBER_PRICES).filter(currency=currency)
        expected = on_sale.order_by("amount_minor", "-version").first()
        assert terms.cheapest(currency, now=at) == expected
        found.add(expected)
    assert len(found) == {"EUR": 3, "USD": 1, "CHF": 1}[currency]


def test_between_two_changes_nothing_changes(terms, now):
    at = now - timedelta(days=30)
    seen = []
    while (change := terms.changes_at(at)) is not None:
        assert change > at
        before = change - timedelta(microseconds=1)
        assert _said(terms, at) == _said(terms, before)
        seen.append(change)
        at = change
    days = {timedelta(days=days) for days in (-20, -10, 5, 7, 8, 10)}
    assert days <= {change - now for change in seen}


def _said(terms: house.Terms, at: datetime) -> tuple:
    return terms.points_per_unit(at), terms.cheapest("EUR", now=at), terms.cheapest("USD", now=at)


def test_plans_say_whether_they_open_members_prices(terms):
    granting = set(Benefit.objects.granting(MEMBER_PRICES).values_list("plan", flat=True))
    assert {pk for pk, plan in terms.plans.items() if plan.opens_member_prices} == granting
    assert set(terms.plans) == set(Plan.objects.values_list("pk", flat=True))
