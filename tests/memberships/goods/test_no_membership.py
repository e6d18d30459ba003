"""A subscription that sends goods is no membership: who has one is neither welcomed, nor counted, nor won back as a
member."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.campaigns.models import Enrollment
from apps.core import sweeps
from apps.core.money import Money
from apps.insights import customers, numbers
from apps.memberships import errors, services
from apps.memberships.forms import ComplimentaryForm
from apps.memberships.models import CancelReason, Plan, Subscription
from apps.offers import services as offers
from apps.offers import upgrades
from apps.offers.models import Offer, OfferPolicy, Review, Status
from tests.factories import accounts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)


def enrolled(member: Subscription) -> list[tuple[str, str]]:
    rows = Enrollment.objects.filter(customer=member.customer).order_by("pk")
    return list(rows.values_list("campaign__trigger", "status"))


def test_the_database_wants_a_group_of_its_own():
    make.box_price()
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.filter(slug="small-box").update(group="membership")


def test_staff_are_told_so():
    plan = make.box_price().plan
    plan.group = "membership"
    with pytest.raises(ValidationError, match="needs a group of its own"):
        plan.full_clean()


def test_neither_welcomed_nor_won_back(gateway):
    member = make.box_subscriber(gateway, now=JOINED, user=accounts.marketable())
    assert enrolled(member) == []
    services.request_cancel(
        member.pk, customer=member.customer, reason=CancelReason.TOO_EXPENSIVE, now=JOINED + timedelta(days=1)
    )
    sweeps.run("memberships.end", now=END)
    member.refresh_from_db()
    assert (member.status, enrolled(member)) == ("ended", [])


def test_the_journeys_of_a_membership_go_on_beside_it(gateway):
    member = make.member(gateway, now=JOINED, user=accounts.marketable())
    [welcome] = enrolled(member)
    box = make.box_subscriber(gateway, now=JOINED, user=member.customer)
    services.request_cancel(box.pk, customer=member.customer, now=JOINED)
    sweeps.run("memberships.end", now=END)
    assert enrolled(member) == [welcome] == [("joined", "active")]


def test_who_left_the_membership_is_called_back_although_a_box_goes_on(gateway):
    member = make.member(gateway, now=JOINED, user=accounts.marketable())
    make.box_subscriber(gateway, now=JOINED, user=member.customer)
    services.request_cancel(member.pk, customer=member.customer, reason=CancelReason.NOT_USING, now=JOINED)
    sweeps.run("memberships.end", now=END)
    for days in range(0, 60, 5):
        sweeps.run("campaigns.advance", now=END + timedelta(days=days))
    winback = Enrollment.objects.get(customer=member.customer, campaign__trigger="left")
    assert winback.outcome != "returned"
    assert Offer.objects.filter(customer=member.customer, kind="winback").exists()


def test_it_is_not_looked_at_for_upgrades_and_wakes_nobody(gateway):
    make.box_subscriber(gateway, now=JOINED)
    assert upgrades.next_due(now=JOINED) is None
    upgrades.suggest_upgrades(now=JOINED)
    assert not Review.objects.exists()
    make.member(gateway, now=JOINED)
    assert upgrades.next_due(now=JOINED) == JOINED


def test_buying_one_answers_no_offer_about_the_membership(gateway):
    member = make.member(gateway, now=JOINED)
    offer = Offer.objects.create(
        kind="upgrade",
        customer=member.customer,
        subscription=member,
        policy=OfferPolicy.objects.current("upgrade"),
        key="test",
        arm="treatment",
        price=make.price("estate"),
        reason_code="points",
        reason={"plan": "Estate", "currency": "EUR", "points": 900},
        created_at=JOINED,
        expires_at=JOINED + timedelta(days=14),
    )
    box = make.box_subscriber(gateway, make.box_price(rank=9), now=JOINED, user=member.customer)
    assert offers.settle(box, now=JOINED) == []
    offer.refresh_from_db()
    assert (offer.status, offer.converted_at) == (Status.OPEN, None)


def test_it_is_revenue_and_no_member(gateway):
    make.plans()
    box = make.box_subscriber(gateway, now=JOINED)
    assert [str(amount) for amount in numbers.mrr(now=JOINED)] == ["€23.77"]
    assert numbers.joined_and_left(since=JOINED - timedelta(days=1), until=JOINED) == (0, 0)
    assert {row.plan: row.members for row in numbers.members_by_plan(now=JOINED)} == {
        "Estate": 0,
        "Conservatory": 0,
        "Grove": 0,
        "Seedling": 0,
    }
    glance = customers.glance(box.customer, now=JOINED)
    assert (glance.subscription, glance.is_member, glance.next_charge) == (None, False, None)
    make.member(gateway, now=JOINED, user=box.customer)
    assert customers.glance(box.customer, now=JOINED).next_charge == Money(1200, "EUR")
    assert numbers.joined_and_left(since=JOINED - timedelta(days=1), until=JOINED) == (1, 0)


def test_nothing_is_sent_with_our_compliments():
    price = make.box_price()
    customer = accounts.customer()
    assert price.plan not in ComplimentaryForm().fields["plan"].queryset
    with pytest.raises(errors.UnknownPlan, match="sends goods"):
        services.give_complimentary(customer, price.plan, reason="Sorry", actor="staff@example.com", now=JOINED)
    assert not Subscription.objects.exists()
