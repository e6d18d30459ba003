"""What the database refuses, whoever asks."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.memberships import errors, lifecycle, services
from apps.memberships.models import History, Period, Price, Status, Subscription
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db


def refused(act, error=DatabaseError) -> None:
    with pytest.raises(error), transaction.atomic():
        act()


def test_a_price_is_never_edited_but_closed(now):
    price = make.price("grove")
    refused(lambda: Price.objects.filter(pk=price.pk).update(amount_minor=1))
    refused(lambda: Price.objects.filter(pk=price.pk).update(interval_count=2))
    refused(lambda: Price.objects.filter(pk=price.pk).update(version=7))
    Price.objects.filter(pk=price.pk).update(closed_at=now)
    price.refresh_from_db()
    assert (price.amount_minor, price.closed_at) == (1200, now)


def test_a_new_version_closes_the_old_one(now):
    old = make.price("grove")
    new = services.new_price_version(old, amount_minor=1500, now=now)
    old.refresh_from_db()
    assert (old.closed_at, old.amount_minor) == (now, 1200)
    assert (new.version, new.amount_minor, new.available_from) == (2, 1500, now)
    assert Price.objects.offered(new.plan, currency="EUR", unit="month", now=now) == new
    with pytest.raises(errors.ClosedPlan):
        services.new_price_version(old, amount_minor=1600, now=now)
    with pytest.raises(errors.Refused):
        services.add_price(new.plan, currency="EUR", amount_minor=1, interval_unit="month", interval_count=1, now=now)
    assert Price.objects.filter(plan=new.plan, currency="EUR", interval_unit="month").count() == 2


def test_statuses_are_backed_by_their_columns(gateway, now):
    member = Subscription.objects.filter(pk=make.member(gateway, now=now).pk)
    for columns in (
        {"status": "ended"},
        {"status": "ended", "ended_at": now},
        {"ended_at": now},
        {"started_at": None},
        {"next_bill_at": now},
        {"parked_at": now},
        {"parked_reason": "because"},
        {"end_reason": "payment"},
        {"promotion_periods_left": 2},
        {"current_end": now - timedelta(days=1), "next_bill_at": None},
        {"plan": make.price("estate").plan},
    ):
        refused(lambda columns=columns: member.update(**columns), IntegrityError)


def test_one_open_subscription_per_group(gateway, now):
    member = make.member(gateway, now=now)
    member.pk = None
    refused(member.save, IntegrityError)


def test_spans_do_not_overlap_and_give_back_no_more_than_was_paid(gateway, now):
    make.member(gateway, now=now)
    period = Period.objects.get()
    refused(lambda: Period.objects.update(credited_minor=1201), IntegrityError)
    refused(lambda: Period.objects.update(credited_minor=-1), IntegrityError)
    period.pk, period.start = None, period.start + timedelta(days=1)
    refused(period.save, IntegrityError)


def test_history_only_grows(gateway, now):
    make.member(gateway, now=now)
    refused(lambda: History.objects.update(reason="x"))
    refused(lambda: History.objects.all().delete())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE memberships_history")


def test_only_arrows_are_taken(gateway, now):
    member = make.member(gateway, now=now)
    with pytest.raises(lifecycle.IllegalMove):
        lifecycle.expire(member.pk, reason="abandoned", now=now)
    lifecycle.end(member.pk, reason="staff", now=now)
    lifecycle.end(member.pk, reason="staff", now=now)
    with pytest.raises(lifecycle.IllegalMove):
        lifecycle.activate(member.pk, now=now)
    member.refresh_from_db()
    assert member.status == Status.ENDED
    assert History.objects.filter(kind="status").count() == 2


def test_plans_are_built_once(now):
    first = make.plans(now=now)
    again = make.plans(now=now + timedelta(days=1))
    assert {slug: plan.pk for slug, plan in first.items()} == {slug: plan.pk for slug, plan in again.items()}
    assert [plan.rank for plan in again.values()] == [1, 2, 3, 4]
    assert Price.objects.count() == 14
    assert again["grove"].benefit("points") == {"percent": 125}
    assert again["grove"].benefit("frost-cover") is None
