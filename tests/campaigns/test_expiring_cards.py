"""Mails about cards that expire before the next charge."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.billing.models import Card, Profile
from apps.campaigns import expiring
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import services as memberships
from apps.memberships.models import Subscription
from tests.factories import billing
from tests.factories import memberships as members

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
JOINED = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def expires(member: Subscription, year: int, month: int) -> Card:
    """Give the member's card this date."""
    card = Card.objects.get(profile__user=member.customer_id, profile__default_card__isnull=False, detached_at=None)
    Card.objects.filter(pk=card.pk).update(exp_year=year, exp_month=month)
    return card


def give(at: datetime) -> int:
    return sweeps.run("campaigns.expiring_cards", now=at)


def keys() -> list[str]:
    return list(Message.objects.filter(kind="card-expiring").order_by("pk").values_list("key", flat=True))


@pytest.fixture
def yearly(gateway) -> Subscription:
    """Charged on 10 March 2027."""
    return members.member(gateway, "grove", unit="year", now=JOINED)


def test_thirty_and_seven_days_before_the_charge(yearly):
    card, charge = expires(yearly, 2027, 2), yearly.next_bill_at
    assert give(charge - 30 * DAY - SECOND) == 0
    assert give(charge - 30 * DAY) == 1
    assert give(charge - 10 * DAY) == 0
    assert give(charge - 7 * DAY) == 1
    assert give(charge - DAY) == 0
    assert keys() == [f"card-expiring:{card.pk}:2027-03-10:30", f"card-expiring:{card.pk}:2027-03-10:7"]
    first, second = Message.objects.filter(kind="card-expiring").order_by("pk")
    assert first.stream == "service"
    assert first.subject == "Visa •••• 4242 expires before your next payment"
    assert second.subject == "Visa •••• 4242 has expired"
    for body in (first.text, first.html):
        for part in ("good until the end of February 2027", "€120.00", "10 March 2027", "/account/card/"):
            assert part in body, part


@pytest.mark.parametrize(("year", "month", "told"), [(2027, 2, 1), (2027, 3, 0), (2026, 12, 1), (2028, 1, 0)])
def test_a_card_is_good_to_the_last_day_of_its_month(yearly, year, month, told):
    expires(yearly, year, month)
    assert give(yearly.next_bill_at - 20 * DAY) == told


def test_a_late_worker_gives_the_last_notice_alone(yearly):
    expires(yearly, 2027, 1)
    assert give(yearly.next_bill_at - 3 * DAY) == 1
    assert keys()[0].endswith(":7")


def test_a_new_card_ends_it_and_is_spoken_of_for_itself(yearly, gateway):
    expires(yearly, 2027, 1)
    give(yearly.next_bill_at - 30 * DAY)
    new = billing.add_card(gateway, yearly.customer, now=JOINED)
    assert give(yearly.next_bill_at - 7 * DAY) == 0
    Card.objects.filter(pk=new.pk).update(exp_year=2027, exp_month=2)
    assert give(yearly.next_bill_at - 7 * DAY) == 1
    assert keys()[-1] == f"card-expiring:{new.pk}:2027-03-10:7"


def test_each_charge_has_its_own_notices(gateway):
    member = members.member(gateway, "grove", now=JOINED)
    expires(member, 2026, 4)
    assert give(JOINED + 30 * DAY) == 0, "The charge of April is still good"
    sweeps.run("memberships.bill", now=member.next_bill_at)
    sweeps.run("billing.collect", now=member.next_bill_at)
    assert give(member.next_bill_at) == 1
    assert keys()[0].endswith(":2026-05-10:30")


def test_only_those_with_something_to_be_charged(gateway, yearly):
    leaving = members.member(gateway, "grove", unit="year", now=JOINED)
    memberships.request_cancel(leaving.pk, customer=leaving.customer, now=JOINED)
    parked = members.member(gateway, "grove", unit="year", now=JOINED)
    memberships.park({parked.pk: "odd"}, now=JOINED)
    free = members.promotion(now=JOINED, percent_basis_points=10_000, duration="forever")
    nothing = members.member(gateway, "grove", unit="year", now=JOINED, promotion=free)
    down = members.member(gateway, "grove", unit="year", now=JOINED)
    memberships.change_plan(down.pk, members.price("seedling").pk, customer=down.customer, now=JOINED)
    without = members.member(gateway, "grove", unit="year", now=JOINED)
    Profile.objects.filter(user=without.customer).update(default_card=None)
    for member in (leaving, parked, nothing, down, yearly):
        expires(member, 2027, 1)
    Card.objects.filter(profile__user=without.customer).update(exp_year=2027, exp_month=1)
    assert give(yearly.next_bill_at - 20 * DAY) == 1
    assert Message.objects.get(kind="card-expiring").user_id == yearly.customer_id


@pytest.mark.parametrize("few", [0, 2000])
def test_the_next_mail_is_known_whether_few_cards_expire_or_many(yearly, gateway, monkeypatch, few):
    monkeypatch.setattr(expiring, "FEW", few)
    good = members.member(gateway, "grove", now=JOINED)
    assert good.next_bill_at < yearly.next_bill_at
    sweep, charge = sweeps.get("campaigns.expiring_cards"), yearly.next_bill_at
    assert sweep.next_due(now=JOINED) is None
    expires(yearly, 2027, 1)
    assert sweep.next_due(now=JOINED) == charge - 30 * DAY
    give(charge - 30 * DAY)
    assert sweep.next_due(now=charge - 30 * DAY) == charge - 7 * DAY
    give(charge - 7 * DAY)
    assert sweep.next_due(now=charge - 7 * DAY) is None


def test_those_to_be_told_are_found_in_one_statement_and_none_is_left_behind(gateway, monkeypatch):
    monkeypatch.setattr(expiring, "BATCH", 2)
    free = members.promotion(now=JOINED, percent_basis_points=10_000, duration="forever")
    people = [
        members.member(gateway, "grove", unit="year", now=JOINED, promotion=free if number < 3 else None)
        for number in range(6)
    ]
    for member in people:
        expires(member, 2027, 1)
    at = people[0].next_bill_at - 20 * DAY
    assert give(at) == 3
    monkeypatch.setattr(expiring, "BATCH", 200)
    with CaptureQueriesContext(connection) as spent:
        assert expiring.give_due(now=at) == 0
    assert len([query for query in spent if "notice_key" in query["sql"] or "to_char" in query["sql"]]) == 3
