"""The bill run over one book again and again, and by several workers at once: one invoice line for each period."""

from datetime import UTC, datetime

import pytest
from django.db.models import Count

from apps.billing import collection
from apps.billing.models import Invoice, InvoiceLine, LedgerEntry, Payment
from apps.memberships import renewals
from apps.memberships.models import Period, Subscription
from tests.crowds import at_once
from tests.factories import memberships as make

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
FIRST_END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)
SECOND_END = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)


def bill_run(number: int) -> int:
    return renewals.bill_due(now=FIRST_END)


def assert_billed_once(members: list[Subscription], *, starts: list[datetime]) -> None:
    """Each member has one invoice with one line, and one payment, for each of the periods that begin at `starts`."""
    expected = {(member.customer_id, start): 1 for member in members for start in starts}
    lines = InvoiceLine.objects.filter(invoice__reason="renewal").values_list("invoice__customer", "period_start")
    assert {(who, start): many for who, start, many in lines.annotate(many=Count("pk"))} == expected
    spans = Period.objects.filter(start__in=starts).values_list("subscription__customer", "start")
    assert {(who, start): many for who, start, many in spans.annotate(many=Count("pk"))} == expected
    billed = Invoice.objects.filter(reason="renewal")
    assert billed.count() == Payment.objects.filter(invoice__in=billed).count() == len(expected)
    assert set(billed.values_list("total_minor", flat=True)) == {1200}
    serials = Invoice.objects.order_by("serial").values_list("serial", flat=True)
    assert list(serials) == list(range(1, len(serials) + 1))
    assert not Subscription.objects.parked().exists()
    assert sum(LedgerEntry.objects.balances().values()) == 0


@pytest.mark.django_db
def test_the_bill_run_twenty_times_bills_each_period_once(gateway, settings):
    settings.RENEWAL_BATCH = 7
    members = make.members(gateway, 40, now=JOINED)
    assert [bill_run(number) for number in range(20)] == [40, *[0] * 19]
    assert_billed_once(members, starts=[FIRST_END])


def test_eight_bill_runs_at_once_bill_each_period_once(own_database, gateway, settings):
    settings.RENEWAL_BATCH = 7
    members = make.members(gateway, 40, now=JOINED)
    handled = at_once(8, bill_run)
    # A run passes over what another one has in hand, so together they handled each member once.
    assert sum(handled) == 40
    assert_billed_once(members, starts=[FIRST_END])


def test_eight_late_bill_runs_at_once_and_twenty_more_bill_each_missed_period_once(own_database, gateway, settings):
    settings.RENEWAL_BATCH = 7
    members = make.members(gateway, 40, now=JOINED)
    late = [*at_once(8, lambda number: renewals.bill_due(now=SECOND_END))]
    late += [renewals.bill_due(now=SECOND_END) for _run in range(20)]
    assert sum(late) == 80
    assert_billed_once(members, starts=[FIRST_END, SECOND_END])


def test_bill_runs_while_others_collect_charge_each_period_once(own_database, gateway):
    members = [make.member(gateway, now=JOINED) for _each in range(6)]

    def work(number):
        return bill_run(number) if number % 2 else collection.collect_due(now=FIRST_END)

    problems = [result for result in at_once(8, work) if isinstance(result, Exception)]
    assert problems == []
    for number in range(20):
        bill_run(number)
        collection.collect_due(now=FIRST_END)
    assert_billed_once(members, starts=[FIRST_END])
    assert Invoice.objects.paid().filter(reason="renewal").count() == 6
    assert len(gateway.export()["payment_intents"]) == 2 * 6
