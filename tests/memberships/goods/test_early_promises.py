"""A new price and a parcel ordered before the day from which it applies."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing.models import Invoice
from apps.core.money import Money
from apps.memberships.models import Subscription
from apps.memberships.services import advancing, promises
from tests.factories import memberships as make
from tests.factories import promises as given

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def box(member: Subscription) -> Subscription:
    return Subscription.objects.current_of(member.customer, group=make.BOXES)


def test_it_costs_what_it_did_and_the_next_one_what_was_agreed_to(gateway):
    old = make.box_price()
    member = make.box_subscriber(gateway, old, now=JOINED)
    given.planned(old, 3100, now=JOINED, effective_at=JOINED + 80 * DAY)
    # The notices fall before the renewal of 30 April, from which the new price applies.
    first_renewals = [datetime(2026, 2, 28, 9, 0, tzinfo=UTC), datetime(2026, 3, 31, 8, 0, tzinfo=UTC)]
    for at in first_renewals:
        given.work(at=at)
    promise = given.notify(member)
    applies_from = datetime(2026, 4, 30, 8, 0, tzinfo=UTC)
    assert promise.applies_from == applies_from
    promises.agree(promise.pk, customer=member.customer, now=applies_from - 5 * DAY, **given.WORDS)
    now = applies_from - 3 * DAY
    assert box(member).pending_price_id == promise.new_price_id

    assert advancing.early_total(box(member), now=now) == Money(2900, "EUR")
    advancing.renew_early(member.pk, customer=member.customer, now=now, shown=Money(2900, "EUR"))
    assert Invoice.objects.latest("pk").total_minor == 2900
    assert given.of(member).outcome == ""
    # What was agreed to is what the pages go on to speak of, and is charged next.
    assert box(member).pending_price_id == promise.new_price_id
    given.work(at=now)
    given.work(at=datetime(2026, 5, 31, 8, 0, tzinfo=UTC))
    assert Invoice.objects.latest("pk").total_minor == 3100
    assert given.of(member).outcome == "moved"
