"""What members earned so far, and who is worth a closer look for it."""

from datetime import timedelta

import pytest
from django.db.models import Exists

from apps.loyalty.models import PointsEntry
from apps.memberships import renewals
from apps.memberships.models import Plan, Subscription
from apps.offers import history
from tests.factories import accounts
from tests.factories import memberships as members

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=31)


def exact_most(customer_id: int) -> int:
    """The points that the best plan would have given more."""
    best = max(Plan.objects.values_list("points_percent", flat=True))
    return sum(earning.missed(best) for earning in history.earnings([customer_id])[customer_id])


def found(points: int) -> set[int]:
    rows = Subscription.objects.filter(Exists(history.enough(points)))
    return set(rows.values_list("customer_id", flat=True))


def test_nobody_who_missed_enough_is_passed_over(gateway, now):
    for slug, unit in (("grove", "month"), ("grove", "year"), ("conservatory", "month"), ("estate", "year")):
        members.member(gateway, slug, unit=unit, now=now, user=accounts.customer())
    for number in range(1, 4):
        renewals.bill_due(now=now + number * MONTH)
    most = {customer_id: exact_most(customer_id) for customer_id in found(1)}
    assert len(most) == 4
    for points in range(1, 2000, 7):
        assert {customer_id for customer_id, missed in most.items() if missed >= points} <= found(points)


def test_who_earned_little_is_not_looked_at(gateway, now):
    member = members.member(gateway, "grove", now=now, user=accounts.customer())
    assert PointsEntry.objects.get(customer=member.customer).points == 75
    assert (found(50), found(500)) == ({member.customer_id}, set())
