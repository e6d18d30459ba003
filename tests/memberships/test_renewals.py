"""Billing what is due: once for each period, whatever the workers do."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from apps.billing import collection, invoices
from apps.billing.drafts import Draft, LineDraft
from apps.billing.models import Invoice
from apps.core import sweeps
from apps.memberships import errors, renewals, services
from apps.memberships.models import History, Period, Status, Subscription
from tests.factories import accounts
from tests.factories import memberships as make

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
FIRST_END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)


def starts(member: Subscription) -> list[str]:
    return [f"{row.start:%m-%d %H:%M}" for row in Period.objects.filter(subscription=member).order_by("start")]


def spoil(culprit: Subscription) -> None:
    """Take the key of the culprit's next invoice, so that a batch with it cannot be inserted."""
    line = LineDraft(kind="plan", description="Spoiler", amount_minor=1, tax_basis_points=0)
    key = f"period:{culprit.pk}:{FIRST_END.isoformat()}"
    draft = Draft(customer=accounts.customer(), key=key, currency="EUR", reason="test", lines=[line])
    invoices.issue([draft], now=FIRST_END)


@pytest.mark.django_db
def test_a_renewal_bills_the_next_period(gateway):
    member = make.member(gateway, now=JOINED)
    assert renewals.bill_due(now=FIRST_END - timedelta(seconds=1)) == 0
    assert renewals.bill_due(now=FIRST_END) == 1

    member.refresh_from_db()
    invoice = Invoice.objects.get(reason="renewal")
    assert (invoice.total_minor, invoice.tax_minor, invoice.status) == (1200, 216, Invoice.Status.OPEN)
    assert (member.period_number, member.current_start, member.anchor) == (1, FIRST_END, JOINED)
    # From the anchor, not from the last end: the 31st again; an hour earlier in UTC, after the change to summer time.
    assert member.current_end == member.next_bill_at == datetime(2026, 3, 31, 8, 0, tzinfo=UTC)
    assert renewals.bill_due(now=FIRST_END) == 0
    collection.collect_due(now=FIRST_END)
    invoice.refresh_from_db()
    assert invoice.status == Invoice.Status.PAID


@pytest.mark.django_db
def test_a_worker_a_week_late_bills_each_missed_period_once(gateway):
    weekly = make.week_price("grove", amount_minor=300)
    done = make.join(gateway, weekly, now=JOINED)
    late = JOINED + timedelta(days=22)
    assert renewals.bill_due(now=late) == 3
    assert renewals.bill_due(now=late) == 0

    member = Subscription.objects.get(customer=done.customer)
    assert member.anchor == JOINED
    assert starts(member) == ["01-31 09:00", "02-07 09:00", "02-14 09:00", "02-21 09:00"]
    assert member.next_bill_at == datetime(2026, 2, 28, 9, 0, tzinfo=UTC)
    assert Invoice.objects.filter(reason="renewal").count() == 3


@pytest.mark.django_db
def test_a_repeating_discount_counts_down_to_the_full_price(gateway):
    three = make.promotion(now=JOINED, percent_basis_points=2500, duration="repeating", periods=3)
    make.member(gateway, now=JOINED, promotion=three)
    renewals.bill_due(now=datetime(2026, 5, 31, 9, 0, tzinfo=UTC))
    totals = list(Invoice.objects.order_by("pk").values_list("total_minor", flat=True))
    assert totals == [900, 900, 900, 1200, 1200]


@pytest.mark.django_db
def test_a_discount_for_ever_stays_and_one_for_once_does_not(gateway):
    make.member(gateway, now=JOINED, promotion=make.promotion(now=JOINED, duration="forever"))
    make.member(gateway, now=JOINED, promotion=make.promotion(now=JOINED, amount_minor=200, currency="EUR"))
    renewals.bill_due(now=FIRST_END)
    assert list(Invoice.objects.order_by("pk").values_list("total_minor", flat=True)) == [600, 1000, 600, 1200]


@pytest.mark.django_db
def test_members_keep_the_price_they_joined_at(gateway):
    make.member(gateway, now=JOINED)
    services.new_price_version(make.price("grove"), amount_minor=1900, now=JOINED + timedelta(days=1))
    renewals.bill_due(now=FIRST_END)
    assert Invoice.objects.get(reason="renewal").total_minor == 1200


@pytest.mark.django_db
def test_a_parked_account_leaves_the_others_billed(gateway):
    culprit, *others = make.members(gateway, 4, now=JOINED)
    culprit.customer.country = "ZZ"
    culprit.customer.save()
    assert renewals.bill_due(now=FIRST_END) == 4

    culprit.refresh_from_db()
    assert culprit.parked_at == FIRST_END
    assert culprit.parked_reason == "NoTaxRate: No tax rate for ZZ on 2026-02-28"
    assert (culprit.period_number, culprit.status) == (0, Status.ACTIVE)
    renewed = Invoice.objects.filter(reason="renewal").values_list("customer", flat=True)
    assert set(renewed) == {other.customer_id for other in others}
    assert renewals.bill_due(now=FIRST_END) == 0

    culprit.customer.country = "FR"
    culprit.customer.save()
    services.unpark(culprit.pk, actor="staff@example.com", now=FIRST_END)
    assert renewals.bill_due(now=FIRST_END) == 1
    kinds = History.objects.filter(subscription=culprit).order_by("pk").values_list("kind", "actor")
    assert list(kinds)[-2:] == [("park", "system"), ("unpark", "staff@example.com")]
    with pytest.raises(errors.NotOpen):
        services.unpark(culprit.pk, actor="staff@example.com", now=FIRST_END)


@pytest.mark.django_db
def test_when_the_writes_fail_only_the_culprit_is_parked(gateway):
    first, culprit, last = make.members(gateway, 3, now=JOINED)
    spoil(culprit)

    renewals.bill_due(now=FIRST_END)
    culprit.refresh_from_db()
    assert "IntegrityError" in culprit.parked_reason
    assert Invoice.objects.filter(reason="renewal", customer__in=[first.customer, last.customer]).count() == 2
    assert not Invoice.objects.filter(reason="renewal", customer=culprit.customer).exists()
    serials = Invoice.objects.order_by("serial").values_list("serial", flat=True)
    assert list(serials) == list(range(1, len(serials) + 1))


@pytest.mark.django_db
def test_the_number_of_statements_does_not_grow_with_the_batch(gateway):
    def statements(count: int) -> int:
        make.members(gateway, count, now=JOINED)
        with CaptureQueriesContext(connection) as captured:
            assert renewals.bill_due(now=FIRST_END) == count
        return len(captured)

    assert statements(20) == statements(100) <= 26


@pytest.mark.django_db
def test_the_next_due_instant_is_that_of_the_oldest_open_period(gateway):
    assert sweeps.get("memberships.bill").next_due(now=JOINED) is None
    member = make.member(gateway, now=JOINED)
    assert sweeps.get("memberships.bill").next_due(now=JOINED) == FIRST_END
    services.request_cancel(member.pk, customer=member.customer, now=JOINED)
    assert sweeps.get("memberships.bill").next_due(now=JOINED) is None
    assert sweeps.get("memberships.end").next_due(now=JOINED) == FIRST_END


@pytest.mark.django_db
def test_the_database_refuses_a_second_bill_of_one_period(gateway):
    make.member(gateway, now=JOINED)
    period = Period.objects.get()
    period.pk = None
    with pytest.raises(IntegrityError):
        period.save(force_insert=True)
