"""What brings somebody back, by the reason for which they left."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from apps.core import sweeps
from apps.memberships import quotes
from apps.memberships import services as memberships
from apps.memberships.models import Subscription
from apps.offers import services, winback
from apps.offers.models import Offer, OfferPolicy, PriceMatch, WinbackIncentive
from apps.promotions.models import Promotion
from tests.factories import memberships as members
from tests.factories import offers as make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def gone(gateway, plan: str, *, now, reason: str = "other", arm: str = "treatment", user=None) -> Subscription:
    """A membership that ended with its first month, for a reason."""
    user = user or make.customer_in(arm, "winback")
    subscription = members.member(gateway, plan, now=now, user=user)
    memberships.request_cancel(subscription.pk, customer=user, now=now, reason=reason)
    sweeps.run("memberships.end", now=subscription.current_end)
    subscription.refresh_from_db()
    return subscription


def offered(gateway, plan: str, reason: str, *, now) -> Offer:
    subscription = gone(gateway, plan, now=now, reason=reason)
    return winback.make(subscription, reason=reason, now=subscription.current_end + 14 * DAY)


FULL = "€12.00 a month"
FIRST_15_PERCENT_OFF = f"€10.20 instead of {FULL} for the first month, then {FULL}."
# Left plan, reason -> plan, first three charges in cents, points, what the letter says.
TERMS = [
    (
        "grove",
        "too_expensive",
        "grove",
        [840, 840, 840],
        0,
        f"€8.40 instead of {FULL} for the first 3 months, then {FULL}.",
    ),
    ("conservatory", "not_using", "grove", [1200, 1200, 1200], 0, FULL),
    ("grove", "not_using", "grove", [1200, 1200, 1200], 300, FULL),
    (
        "grove",
        "missing_features",
        "conservatory",
        [1200, 1200, 2400],
        0,
        "€12.00 instead of €24.00 a month for the first 2 months, then €24.00 a month.",
    ),
    ("estate", "missing_features", "estate", [5900, 5900, 5900], 300, "€59.00 a month"),
    (
        "grove",
        "technical",
        "grove",
        [600, 1200, 1200],
        0,
        f"€6.00 instead of {FULL} for the first month, then {FULL}.",
    ),
    ("grove", "moving", "grove", [1020, 1200, 1200], 0, FIRST_15_PERCENT_OFF),
    ("grove", "other", "grove", [1020, 1200, 1200], 0, FIRST_15_PERCENT_OFF),
    ("grove", "payment", "grove", [1200, 1200, 1200], 0, FULL),
]


@pytest.mark.parametrize(("left", "reason", "plan", "charges", "points", "says"), TERMS)
def test_the_incentive_fits_the_reason(gateway, now, left, reason, plan, charges, points, says):
    subscription = gone(gateway, left, now=now, reason="" if reason == "payment" else reason)
    at = subscription.current_end + 14 * DAY
    offer = winback.make(subscription, reason=reason, now=at)
    assert (offer.price.plan.slug, offer.points, offer.reason_code) == (plan, points, reason)
    assert (offer.created_at, offer.expires_at, offer.status) == (at, at + 30 * DAY, "open")
    assert offer.terms_text == says
    joined = members.join(gateway, offer.price, user=offer.customer, now=at, promotion=offer.promotion)
    back = joined.subscription
    for _ in range(2):
        sweeps.run("memberships.bill", now=Subscription.objects.get(pk=back.pk).next_bill_at)
        sweeps.run("billing.collect", now=Subscription.objects.get(pk=back.pk).current_start)
    assert [period.gross_minor for period in back.periods.order_by("start")] == charges


def test_promotions_of_offers_have_no_code_that_could_be_passed_on(gateway, now):
    offered(gateway, "grove", "missing_features", now=now)
    used = [row.promotion for row in WinbackIncentive.objects.exclude(promotion=None)]
    used += [row.promotion for row in PriceMatch.objects.all()]
    assert len(used) == 5
    assert {promotion.code for promotion in used} == {None}


def test_a_pair_of_prices_needs_one_promotion(gateway, now):
    first = offered(gateway, "grove", "missing_features", now=now)
    count = Promotion.objects.count()
    second = offered(gateway, "grove", "missing_features", now=now)
    assert first.promotion == second.promotion
    assert (Promotion.objects.count(), PriceMatch.objects.count()) == (count, 1)
    quote = quotes.first_charge(first.price, customer=first.customer, promotion=first.promotion, now=first.created_at)
    assert (quote.total.minor, quote.next_total.minor) == (1200, 1200)


def test_asking_twice_makes_one_offer(gateway, now):
    subscription = gone(gateway, "grove", now=now)
    at = subscription.current_end + 14 * DAY
    first = winback.make(subscription, reason="other", now=at)
    assert winback.make(subscription, reason="too_expensive", now=at + DAY) == first
    assert winback.make(subscription, reason="other", now=at + DAY, key="another occasion") == first
    assert Offer.objects.count() == 1


def test_the_control_arm_gets_its_row_and_nothing_else(gateway, now):
    subscription = gone(gateway, "grove", now=now, arm="control")
    at = subscription.current_end + 14 * DAY
    offer = winback.make(subscription, reason="other", now=at)
    assert offer.arm == "control"
    assert Offer.objects.for_customer(offer.customer, "winback", at) is None


def test_leaving_again_and_again_is_not_rewarded(gateway, now):
    subscription = gone(gateway, "grove", now=now, reason="too_expensive")
    at = subscription.current_end + 14 * DAY
    offer = winback.make(subscription, reason="too_expensive", now=at)
    joined = members.join(gateway, offer.price, user=offer.customer, now=at, promotion=offer.promotion)
    memberships.request_cancel(joined.subscription.pk, customer=offer.customer, now=at, reason="too_expensive")
    sweeps.run("memberships.end", now=joined.subscription.current_end)
    again = Subscription.objects.get(pk=joined.subscription.pk)
    plain = winback.make(again, reason="too_expensive", now=again.current_end + 14 * DAY)
    assert (plain.promotion, plain.points, plain.price) == (None, 0, offer.price)
    later = winback.make(again, reason="too_expensive", now=at + 366 * DAY, key="a year later")
    assert later.promotion == offer.promotion


def test_an_unknown_reason_counts_as_other(gateway, now):
    offer = offered(gateway, "grove", "", now=now)
    assert offer.promotion.name == "Welcome back: 15 % off the first period"


def test_staff_switch_an_incentive_off(gateway, now):
    WinbackIncentive.objects.filter(reason="other").update(is_active=False)
    assert offered(gateway, "grove", "other", now=now) is None
    assert not Offer.objects.exists()


def test_a_promotion_that_is_over_is_not_offered(gateway, now):
    Promotion.objects.filter(percent_basis_points=1500).update(valid_to=now)
    assert offered(gateway, "grove", "other", now=now).promotion is None


def test_a_policy_is_never_edited(now):
    policy = OfferPolicy.objects.current("winback")
    policy.holdout_percent = 25
    revised = services.revise_policy(policy, now=now)
    assert (revised.version, OfferPolicy.objects.current("winback").holdout_percent) == (2, 25)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        OfferPolicy.objects.filter(version=1).update(holdout_percent=0)
