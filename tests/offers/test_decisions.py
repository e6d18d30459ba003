"""Taking an offer, saying no to it, and every way in which it is refused."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.billing.gateway.behaviours import decline
from apps.core import sweeps
from apps.loyalty.models import PointsEntry
from apps.memberships import services as memberships
from apps.memberships.models import Subscription
from apps.offers import lifecycle, services, winback
from apps.offers.errors import OfferRefused
from apps.offers.models import Offer
from tests.factories import accounts
from tests.factories import memberships as members
from tests.factories import offers as make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def upgrade(gateway, now) -> Offer:
    """An upgrade offer from Grove to Conservatory, two days after joining."""
    user = make.customer_in("treatment", "upgrade")
    members.member(gateway, "grove", now=now, user=user)
    make.opened(user, 3, 3, at=now + DAY)
    services.suggest_upgrades(now=now + 2 * DAY)
    return Offer.objects.get()


def plan_of(offer: Offer) -> str:
    return Subscription.objects.current_of(offer.customer).plan.slug


def test_accepting_changes_the_plan_and_records_it_with_the_change(upgrade, now):
    at = now + 3 * DAY
    result = services.accept(upgrade.token, customer=upgrade.customer, now=at)
    assert result.status == "done"
    # 671 of 743 hours are left (summer time takes one): 24.00 x 671/743 = 21.67, less 12.00 x 671/743 = 10.84.
    assert result.payment.amount_minor == 1083
    assert plan_of(upgrade) == "conservatory"
    upgrade.refresh_from_db()
    assert (upgrade.status, upgrade.decided_at, upgrade.converted_at, upgrade.shown_at) == ("accepted", at, at, at)


def test_a_declined_card_leaves_the_plan_and_the_offer(gateway, now):
    user = make.customer_in("treatment", "upgrade")
    members.member(gateway, "grove", now=now, user=user, script=(decline(first=2),))
    make.opened(user, 3, 3, at=now + DAY)
    services.suggest_upgrades(now=now + 2 * DAY)
    offer = Offer.objects.get()
    result = services.accept(offer.token, customer=user, now=now + 3 * DAY)
    assert result.status == "declined"
    assert plan_of(offer) == "grove"
    offer.refresh_from_db()
    assert (offer.status, offer.converted_at) == ("open", None)


def test_taking_the_step_by_another_way_answers_the_offer_too(upgrade, now):
    at = now + 3 * DAY
    subscription = Subscription.objects.current_of(upgrade.customer)
    memberships.change_plan(subscription.pk, members.price("estate").pk, customer=upgrade.customer, now=at)
    upgrade.refresh_from_db()
    assert (upgrade.status, upgrade.converted_at) == ("accepted", at)


def test_in_the_control_arm_the_step_is_counted_and_no_offer_accepted(gateway, now):
    user = make.customer_in("control", "upgrade")
    subscription = members.member(gateway, "grove", now=now, user=user)
    make.opened(user, 3, 3, at=now + DAY)
    services.suggest_upgrades(now=now + 2 * DAY)
    memberships.change_plan(subscription.pk, members.price("conservatory").pk, customer=user, now=now + 3 * DAY)
    offer = Offer.objects.get()
    assert (offer.status, offer.converted_at, offer.shown_at) == ("expired", now + 3 * DAY, None)


@pytest.mark.parametrize("call", [services.open_link, services.accept, services.decline])
@pytest.mark.parametrize("case", ["foreign", "nonsense", "control", "expired", "swept", "declined", "accepted"])
def test_refusals_change_nothing(upgrade, now, call, case):
    at, customer, token, expected = now + 3 * DAY, upgrade.customer, upgrade.token, "decided"
    match case:
        case "foreign":
            customer, expected = accounts.customer(), "unknown"
        case "nonsense":
            token, expected = "not-a-token", "unknown"
        case "control":
            Offer.objects.filter(pk=upgrade.pk).update(arm="control")
            expected = "unknown"
        case "expired":
            at, expected = upgrade.expires_at, "expired"
        case "swept":
            at, expected = upgrade.expires_at + DAY, "expired"
            assert sweeps.run("offers.expire", now=at) == 1
        case "declined":
            services.decline(token, customer=customer, now=at)
        case "accepted":
            services.accept(token, customer=customer, now=at)
    before, plan = make.facts(upgrade), plan_of(upgrade)
    with pytest.raises(OfferRefused) as refusal:
        call(token, customer=customer, now=at)
    assert refusal.value.reason == expected
    assert make.facts(upgrade) == before
    assert plan_of(upgrade) == plan


def test_an_offer_for_a_membership_that_is_cancelled_or_gone_does_not_apply(upgrade, now):
    at = now + 3 * DAY
    subscription = Subscription.objects.current_of(upgrade.customer)
    memberships.request_cancel(subscription.pk, customer=upgrade.customer, now=at)
    with pytest.raises(OfferRefused) as refusal:
        services.accept(upgrade.token, customer=upgrade.customer, now=at)
    assert refusal.value.reason == "not_applicable"
    sweeps.run("memberships.end", now=subscription.current_end)
    upgrade.refresh_from_db()
    assert (upgrade.status, upgrade.converted_at) == ("expired", None)


def test_coming_back_is_a_sign_up_and_not_a_change(gateway, now):
    user = make.customer_in("treatment", "winback")
    subscription = members.member(gateway, "grove", now=now, user=user)
    memberships.request_cancel(subscription.pk, customer=user, now=now, reason="other")
    sweeps.run("memberships.end", now=subscription.current_end)
    subscription.refresh_from_db()
    at = subscription.current_end + DAY
    offer = winback.make(subscription, reason="other", now=at)
    with pytest.raises(OfferRefused) as refusal:
        services.accept(offer.token, customer=user, now=at)
    assert refusal.value.reason == "not_applicable"
    opened = services.open_link(offer.token, customer=user, now=at)
    assert opened.shown_at == at
    joined = members.join(gateway, opened.price, user=user, now=at, promotion=opened.promotion)
    assert joined.status == "completed"
    # 15 % off 12.00.
    assert joined.subscription.periods.get().gross_minor == 1020
    offer.refresh_from_db()
    assert (offer.status, offer.decided_at, offer.converted_at) == ("accepted", at, at)
    with pytest.raises(OfferRefused) as refusal:
        services.open_link(offer.token, customer=user, now=at)
    assert refusal.value.reason == "decided"


def test_points_promised_are_granted_once_on_return(gateway, now):
    user = make.customer_in("treatment", "winback")
    subscription = members.member(gateway, "grove", now=now, user=user)
    memberships.request_cancel(subscription.pk, customer=user, now=now, reason="not_using")
    sweeps.run("memberships.end", now=subscription.current_end)
    subscription.refresh_from_db()
    at = subscription.current_end + DAY
    offer = winback.make(subscription, reason="not_using", now=at)
    assert (offer.price.plan.slug, offer.points, offer.promotion) == ("grove", 300, None)  # nothing cheaper is paid
    joined = members.join(gateway, offer.price, user=user, now=at)
    granted = PointsEntry.objects.get(key=f"winback:{offer.pk}")
    assert (granted.points, granted.customer, granted.at, granted.currency) == (300, user, at, "EUR")
    assert services.settle(joined.subscription, now=at) == []
    assert PointsEntry.objects.filter(key__startswith="winback:").count() == 1


def test_the_database_refuses_what_must_not_be(upgrade, now):
    with pytest.raises(lifecycle.IllegalMove):
        lifecycle.decline(lifecycle.accept(upgrade, now=now), now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.filter(pk=upgrade.pk).update(arm="control")  # accepted, so it was shown
    fields = {key: value for key, value in make.facts(upgrade).items() if key not in {"id", "token"}}
    fields |= {"status": "open", "decided_at": None, "key": "one"}
    Offer.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.create(**{**fields, "key": "two"})
