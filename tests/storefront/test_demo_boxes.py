"""The boxes of the demo are chosen, sent and planned through the real services."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from apps.core import sweeps
from apps.memberships.demo import BOX_GROUP
from apps.memberships.models import Subscription
from apps.orders.models import BoxRecipient, Order
from apps.storefront.demo import boxes, stock
from apps.storefront.demo.people import CUSTOMER, CUSTOMERS, cast
from tests.factories import accounts, memberships

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def test_the_same_people_get_one_each_time_and_do_different_things_with_it():
    people = cast(count=CUSTOMERS, days=365)
    wanted = boxes.wishes(people, days=365)
    assert wanted == boxes.wishes(people, days=365)
    assert 10 < len(wanted) < 60
    assert wanted[CUSTOMER].begins_on < 365 - 31
    assert {person.card for person in people if person.email in wanted} == {"ok"}
    for deed in ("skips_on", "swaps_on", "moves_on", "stops_on"):
        assert any(getattr(wish, deed) is not None for wish in wanted.values()), deed


@pytest.fixture
def shop(db):
    stock.build(now=NOW - DAY)


def live(gateway, user, deed, *, at):
    deed(SimpleNamespace(email=user.email), SimpleNamespace(moment=at, rehearsal=gateway))
    return Subscription.objects.current_of(user, group=BOX_GROUP)


def begin(gateway, user, *, plan="small-seasonal-box") -> Subscription:
    return live(gateway, user, boxes.subscribing(boxes.Wish(plan, "month", 0)), at=NOW)


@pytest.mark.parametrize("country", boxes.HOMES)
@pytest.mark.parametrize("plan", ["small-seasonal-box", "large-seasonal-box"])
def test_a_box_is_sent_to_every_country_of_the_demo(shop, gateway, country, plan):
    user = accounts.customer(country=country, currency="USD" if country == "US" else "EUR")
    begin(gateway, user, plan=plan)
    sweeps.run("orders.boxes", now=NOW)
    boxes.pack(SimpleNamespace(moment=NOW))
    order = Order.objects.get()
    assert (order.kind, order.status, order.country) == ("box", "shipped", country)
    boxes.pack(SimpleNamespace(moment=NOW + 7 * DAY))
    order.refresh_from_db()
    assert order.status == "delivered"


def test_the_card_of_the_membership_pays(shop, gateway):
    member = memberships.member(gateway, "grove", now=NOW - DAY)
    held = begin(gateway, member.customer)
    assert held.status == "active"
    assert member.customer.billing_profile.cards.count() == 1


def test_what_is_done_about_the_next_one(shop, gateway):
    user, later = accounts.customer(), NOW + 5 * DAY
    begin(gateway, user)
    live(gateway, user, boxes.swap, at=later)
    recipient = BoxRecipient.objects.get()
    assert recipient.next_choices not in (None, recipient.choices)
    assert live(gateway, user, boxes.skip, at=later).pause_kind == "skip"
    # It is skipped already.
    assert live(gateway, user, boxes.move, at=later).pause_kind == "skip"
    other = accounts.customer()
    begin(gateway, other)
    moved = live(gateway, other, boxes.move, at=later)
    assert (moved.resumes_at - moved.current_end).days == 9
    assert live(gateway, other, boxes.stop, at=later).is_cancelling
