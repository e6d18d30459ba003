"""Renewals, taxed at the rate of the day on which the period begins, some by reverse charge, all in one batch."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.billing import tax
from apps.billing.models import BillingDetails, Invoice, NumberStatus, TaxRate
from apps.memberships import quotes, renewals
from apps.memberships.models import Period, Subscription
from tests.factories import accounts
from tests.factories import memberships as make

from .test_renewals import FIRST_END, JOINED

pytestmark = pytest.mark.django_db
SECOND_END = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)


def registered(customer) -> None:
    """A company in Germany whose number was found registered."""
    customer.country = "DE"
    customer.save(update_fields=["country"])
    BillingDetails.objects.create(
        customer=customer,
        company="Zitrus GmbH",
        line1="Hafenstr. 1",
        city="Hamburg",
        tax_number="DE136695976",
        number_status=NumberStatus.VALID,
        checked_at=JOINED,
        valid_until=datetime(2026, 6, 1, tzinfo=UTC),
        updated_at=JOINED,
    )


def italy_raises_to(basis_points: int, *, on: date) -> None:
    tax.put_in_force(TaxRate(country="IT", basis_points=basis_points, valid_from=on))


def renewed() -> list[tuple]:
    rows = Invoice.objects.filter(reason="renewal").order_by("pk")
    return list(rows.values_list("total_minor", "tax_minor", "tax_treatment"))


def test_a_batch_of_all_kinds(gateway):
    consumer, company, seller_home = make.members(gateway, 3, now=JOINED)
    registered(company.customer)
    BillingDetails.objects.create(customer=seller_home.customer, company="Agrumi Srl", updated_at=JOINED)
    net = make.join(gateway, make.net_price(amount_minor=1000), now=JOINED)
    renewals.bill_due(now=FIRST_END)
    found = {
        invoice.customer_id: (invoice.total_minor, invoice.tax_minor, invoice.tax_treatment, invoice.customer_company)
        for invoice in Invoice.objects.filter(reason="renewal")
    }
    assert found == {
        consumer.customer_id: (1200, 216, "standard", ""),
        company.customer_id: (1008, 0, "reverse_charge", "Zitrus GmbH"),
        seller_home.customer_id: (1200, 216, "standard", "Agrumi Srl"),
        net.customer_id: (1220, 220, "standard", ""),
    }
    spans = Period.objects.filter(start=FIRST_END).values_list("gross_minor", "tax_minor", "tax_basis_points")
    assert sorted(spans) == [(1008, 0, 0), (1200, 216, 2200), (1200, 216, 2200), (1220, 220, 2200)]


def test_the_number_of_statements_does_not_grow_with_the_companies(gateway):
    def statements(count: int) -> int:
        for member in make.members(gateway, count, now=JOINED)[::2]:
            registered(member.customer)
        with CaptureQueriesContext(connection) as captured:
            assert renewals.bill_due(now=FIRST_END) == count
        assert len([query for query in captured if 'FROM "billing_billingdetails"' in query["sql"]]) == 1
        return len(captured)

    assert statements(20) == statements(100) <= 26


def test_nothing_due_asks_for_nothing():
    with CaptureQueriesContext(connection) as captured:
        assert renewals.bill_due(now=JOINED) == 0
    assert not [query for query in captured if "billing_" in query["sql"]]


@pytest.mark.parametrize("late", [False, True])
def test_a_new_rate_holds_for_periods_that_begin_under_it(gateway, late):
    make.member(gateway, now=JOINED)
    make.join(gateway, make.net_price(amount_minor=1000), now=JOINED)
    italy_raises_to(2300, on=date(2026, 3, 31))
    assert TaxRate.objects.get(country="IT", basis_points=2200).valid_to == date(2026, 3, 31)
    if not late:
        renewals.bill_due(now=FIRST_END)
    # A worker that was down for weeks still bills the first of the two at the old rate.
    renewals.bill_due(now=SECOND_END)
    assert sorted(renewed()) == [
        (1200, 216, "standard"),
        (1200, 224, "standard"),
        (1220, 220, "standard"),
        (1230, 230, "standard"),
    ]
    rates = Period.objects.order_by("start").values_list("tax_basis_points", flat=True)
    assert list(rates) == [2200, 2200, 2200, 2200, 2300, 2300]


def test_the_day_is_the_customers_own(gateway):
    """At half past midnight on 1 July in Rome it is still June in UTC, and the evening of 30 June in New York."""
    joined = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)
    italy_raises_to(2300, on=date(2026, 7, 1))
    roman, traveller = accounts.customer(), accounts.customer(time_zone="America/New_York")
    price = make.net_price(amount_minor=1000)
    for user in (roman, traveller):
        make.join(gateway, price, user=user, now=joined)
    subscription = Subscription.objects.get(customer=roman)
    assert subscription.next_bill_at == datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    assert quotes.next_total(subscription, now=joined).minor == 1230
    quote = quotes.first_charge(price, customer=roman, now=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    assert (quote.total.minor, quote.tax_basis_points) == (1230, 2300)

    renewals.bill_due(now=datetime(2026, 7, 2, tzinfo=UTC))
    totals = dict(Invoice.objects.filter(reason="renewal").values_list("customer", "total_minor"))
    assert totals == {roman.pk: 1230, traveller.pk: 1220}


def test_a_yes_that_is_too_old_at_renewal_means_vat(gateway):
    [member] = make.members(gateway, 1, now=JOINED)
    registered(member.customer)
    renewals.bill_due(now=FIRST_END)
    BillingDetails.objects.update(valid_until=SECOND_END)
    renewals.bill_due(now=SECOND_END)
    assert renewed() == [(1008, 0, "reverse_charge"), (1200, 192, "standard")]
