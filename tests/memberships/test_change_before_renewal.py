"""Between the end of a period and its renewal there is nothing to share: a change waits that moment."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing.models import Invoice
from apps.memberships import quotes, renewals, services
from apps.memberships.errors import ChangeInProgress
from apps.memberships.models import History, Period, PlanChange, Subscription
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=3)])
def test_a_change_is_refused_until_the_renewal_is_billed(gateway, late):
    member = make.member(gateway, "grove", now=JOINED)
    price = make.price("conservatory")
    at = member.current_end + late
    before = (
        list(Subscription.objects.values()),
        Period.objects.count(),
        Invoice.objects.count(),
        History.objects.count(),
    )

    with pytest.raises(ChangeInProgress):
        quotes.change(member, price, now=at)
    with pytest.raises(ChangeInProgress):
        services.change_plan(member.pk, price.pk, customer=member.customer, now=at)

    after = (
        list(Subscription.objects.values()),
        Period.objects.count(),
        Invoice.objects.count(),
        History.objects.count(),
    )
    assert after == before
    assert not PlanChange.objects.exists()


def test_after_the_renewal_the_change_is_quoted_on_the_new_period(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    at = member.current_end + timedelta(hours=3)
    renewals.bill_due(now=at)
    member = Subscription.objects.current_of(member.customer)
    assert quotes.change(member, make.price("conservatory"), now=at).period.start == JOINED.replace(month=5)
