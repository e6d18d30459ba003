"""Offers in the back office."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.offers import services
from apps.offers.models import Offer, OfferPolicy, WinbackIncentive
from tests.factories import accounts
from tests.factories import memberships as members
from tests.factories import offers as make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIELDS = {
    "is_active": "on",
    "valid_days": 30,
    "quiet_days": 90,
    "lookback_days": 30,
    "min_guides": 2,
    "min_points": 100,
}


@pytest.fixture
def staff(client):
    client.force_login(accounts.staff())
    return client


def save(staff, policy: OfferPolicy, **changes):
    return staff.post(reverse("admin:offers_offerpolicy_change", args=[policy.pk]), {**FIELDS, **changes})


def versions() -> list[tuple[int, int]]:
    return list(OfferPolicy.objects.filter(kind="upgrade").values_list("version", "holdout_percent"))


def test_saving_a_policy_makes_a_version_and_the_old_one_is_closed(staff):
    first = OfferPolicy.objects.current("upgrade")
    assert save(staff, first, holdout_percent=20).status_code == 302
    assert versions() == [(2, 20), (1, 10)]
    assert save(staff, first, holdout_percent=30).status_code == 403
    assert versions() == [(2, 20), (1, 10)]


def test_nothing_changed_is_no_version_and_too_large_a_hold_out_is_refused(staff):
    policy = OfferPolicy.objects.current("upgrade")
    save(staff, policy, holdout_percent=10)
    refused = save(staff, policy, holdout_percent=51)
    assert "Ensure this value is less than or equal to 50." in refused.content.decode()
    assert versions() == [(1, 10)]


def test_staff_change_what_is_offered_to_who_left(staff):
    incentive = WinbackIncentive.objects.get(reason="not_using")
    url = reverse("admin:offers_winbackincentive_change", args=[incentive.pk])
    fields = {"reason": "not_using", "plan_rule": "same", "points": 500, "old_price_periods": 2, "fallback_points": 0}
    assert staff.post(url, {**fields, "is_active": "on"}).status_code == 302
    incentive.refresh_from_db()
    assert (incentive.plan_rule, incentive.points, incentive.is_active) == ("same", 500, True)


def test_offers_are_listed_with_their_arm_and_cannot_be_edited(staff, gateway, now):
    user = make.customer_in("control", "upgrade")
    members.member(gateway, "grove", now=now, user=user)
    make.opened(user, 3, 3, at=now)
    services.suggest_upgrades(now=now + DAY)
    page = staff.get(reverse("admin:offers_offer_changelist"), {"q": user.email}).content.decode()
    assert "Control group" in page
    assert "You opened 2 guides in the last 30 days that Conservatory unlocks." in page
    offer = Offer.objects.get()
    assert staff.post(reverse("admin:offers_offer_change", args=[offer.pk]), {"arm": "treatment"}).status_code == 403
    assert Offer.objects.get().arm == "control"
