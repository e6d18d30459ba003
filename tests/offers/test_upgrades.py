"""Who is offered an upgrade, and why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import GuideView
from apps.core import sweeps
from apps.loyalty.models import PointsEntry
from apps.memberships import services as memberships
from apps.memberships.models import Subscription
from apps.offers import services
from apps.offers.models import Offer, OfferPolicy
from tests.factories import memberships as members
from tests.factories import offers as make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def reader(gateway, now):
    """A member of Grove in the treatment arm who opened two guides of Conservatory."""
    user = make.customer_in("treatment", "upgrade")
    members.member(gateway, "grove", now=now, user=user)
    make.opened(user, 3, 3, at=now + DAY)
    return user


def test_locked_guides_lead_to_the_plan_that_opens_them(reader, now):
    at = now + 2 * DAY
    assert sweeps.run("offers.suggest", now=at) == 1
    offer = Offer.objects.for_customer(reader, "upgrade", at)
    assert (offer.price.plan.slug, offer.price.interval_unit, offer.price.currency) == ("conservatory", "month", "EUR")
    assert offer.reason_code == "guides"
    assert offer.reason_text == "You opened 2 guides in the last 30 days that Conservatory unlocks."
    assert (offer.created_at, offer.expires_at) == (at, at + 30 * DAY)
    assert (offer.arm, offer.status, offer.promotion, offer.points) == ("treatment", "open", None, 0)


def test_points_missed_are_what_was_earned_against_what_the_plan_would_have_given(gateway, now):
    user = make.customer_in("treatment", "upgrade")
    members.member(gateway, "grove", unit="year", now=now, user=user)
    earned = PointsEntry.objects.get(customer=user)
    assert earned.points == 750  # EUR 120 x 5 points x 1.25
    services.suggest_upgrades(now=now + DAY)
    offer = Offer.objects.for_customer(user, "upgrade", now + DAY)
    assert offer.reason == {"plan": "Conservatory", "currency": "EUR", "points": 150}  # EUR 120 x 5 x 1.5 - 750
    assert offer.reason_text == (
        "On what you have paid so far, Conservatory would have earned you 150 points more, worth €1.50."
    )
    assert (offer.price.plan.slug, offer.price.interval_unit) == ("conservatory", "year")


def test_the_control_arm_is_stored_and_never_shown(gateway, now):
    user = make.customer_in("control", "upgrade")
    members.member(gateway, "grove", now=now, user=user)
    make.opened(user, 3, 3, at=now + DAY)
    assert services.suggest_upgrades(now=now + 2 * DAY) == 1
    offer = Offer.objects.get(customer=user)
    assert offer.arm == "control"
    assert Offer.objects.for_customer(user, "upgrade", now + 2 * DAY) is None
    services.mark_shown(offer, now=now + 2 * DAY)
    offer.refresh_from_db()
    assert offer.shown_at is None


def test_one_guide_or_an_old_visit_is_no_reason(gateway, now):
    user = make.customer_in("treatment", "upgrade")
    members.member(gateway, "grove", now=now, user=user)
    [guide] = make.opened(user, 3, at=now)
    GuideView.objects.create(customer=user, product=guide, locked=True, at=now + DAY)  # the same guide counts once
    make.opened(user, 3, at=now - 40 * DAY)
    make.opened(user, 2, 2, at=now)  # their own plan opens these
    assert services.suggest_upgrades(now=now + 2 * DAY) == 0
    assert not Offer.objects.exists()


def test_the_sweep_makes_one_open_offer_however_often_it_runs(reader, now):
    assert [services.suggest_upgrades(now=now + days * DAY) for days in (2, 2, 3, 20)] == [1, 0, 0, 0]
    assert Offer.objects.count() == 1


def test_a_refusal_is_respected_for_ninety_days(reader, now):
    at = now + 2 * DAY
    services.suggest_upgrades(now=at)
    offer = Offer.objects.get()
    services.decline(offer.token, customer=reader, now=at)
    for days in (1, 30, 89):
        make.opened(reader, 3, 3, at=at + days * DAY)
        assert services.suggest_upgrades(now=at + days * DAY + timedelta(hours=1)) == 0
    assert services.suggest_upgrades(now=at + 91 * DAY) == 1


def test_silence_is_an_answer_too(reader, now):
    services.suggest_upgrades(now=now + 2 * DAY)
    end = Offer.objects.get().expires_at
    sweeps.run("offers.expire", now=end)
    make.opened(reader, 3, 3, at=end + 80 * DAY)
    assert services.suggest_upgrades(now=end + 89 * DAY) == 0
    assert services.suggest_upgrades(now=end + 90 * DAY + timedelta(hours=1)) == 1


@pytest.mark.parametrize("state", ["cancelling", "past_due", "scheduled", "parked", "top"])
def test_who_leaves_owes_or_changes_is_left_alone(gateway, now, state):
    user = make.customer_in("treatment", "upgrade")
    subscription = members.member(gateway, "estate" if state == "top" else "grove", now=now, user=user)
    make.opened(user, 3, 3, 4, at=now + DAY)
    match state:
        case "cancelling":
            memberships.request_cancel(subscription.pk, customer=user, now=now)
        case "past_due":
            Subscription.objects.filter(pk=subscription.pk).update(status="past_due")
        case "scheduled":
            free = members.price("seedling")
            memberships.change_plan(subscription.pk, free.pk, customer=user, now=now)
        case "parked":
            memberships.park({subscription.pk: "to be looked at"}, now=now)
    assert services.suggest_upgrades(now=now + 2 * DAY) == 0
    assert not Offer.objects.exists()


def test_a_free_member_is_shown_the_way_in(now):
    user = make.customer_in("treatment", "upgrade")
    members.free_member(now=now, user=user)
    make.opened(user, 2, 2, at=now + DAY)
    assert services.suggest_upgrades(now=now + 2 * DAY) == 1
    offer = Offer.objects.for_customer(user, "upgrade", now + 2 * DAY)
    assert (offer.price.plan.slug, offer.needs_signup) == ("grove", True)


def test_a_batch_costs_the_same_whatever_its_size(gateway, now):
    def grow(members_more: int) -> None:
        for _ in range(members_more):
            user = make.customer_in("treatment", "upgrade")
            members.member(gateway, "grove", now=now, user=user)
            make.opened(user, 3, 3, at=now)

    grow(1)
    queries = _count(lambda: services.suggest_upgrades(now=now + DAY))
    grow(6)
    assert _count(lambda: services.suggest_upgrades(now=now + 2 * DAY)) == queries
    assert Offer.objects.count() == 7


def _count(call) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def test_the_next_look_is_due_at_once_after_a_locked_guide_and_each_day_otherwise(gateway, now):
    user = make.customer_in("treatment", "upgrade")
    members.member(gateway, "grove", now=now, user=user)
    suggest = sweeps.get("offers.suggest")
    assert suggest.next_due(now=now) == now
    suggest.run(now=now)
    tomorrow = now.replace(hour=4, minute=0) + DAY
    assert suggest.next_due(now=now) == tomorrow
    make.opened(user, 3, at=now + timedelta(hours=1))
    assert suggest.next_due(now=now + timedelta(hours=2)) == now + timedelta(hours=2)


def test_a_policy_switched_off_makes_no_offers(reader, now):
    policy = OfferPolicy.objects.current("upgrade")
    policy.is_active = False
    services.revise_policy(policy, now=now)
    assert services.suggest_upgrades(now=now + 2 * DAY) == 0
    assert list(OfferPolicy.objects.filter(kind="upgrade").values_list("version", "is_active")) == [
        (2, False),
        (1, True),
    ]
