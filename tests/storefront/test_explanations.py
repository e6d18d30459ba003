"""Explain this charge: the customer reads the same reckoning as staff, and it comes out at the line's amount."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import override

from apps.billing import credit
from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Invoice
from apps.core.money import Money
from apps.memberships import services
from apps.storefront import explanations
from tests.factories import memberships as make
from tests.factories.accounts import customer

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)


def test_an_upgrade_half_way_is_reckoned_line_by_line():
    with gateways.using(Rehearsal()) as rehearsal:
        member = make.member(rehearsal, "grove", now=JOINED)
        price = make.price("conservatory")
        services.change_plan(member.pk, price.pk, customer=member.customer, now=JOINED + timedelta(days=15))
    invoice = Invoice.objects.with_lines().get(reason="change")

    with override("Europe/Rome"):
        back, rest, total, tax = explanations.of(invoice)
    assert back.rows == [
        ("Paid for the whole period", "€12.00"),
        ("Whole period", "1 April 2026, 12:00 – 1 May 2026, 12:00"),
        ("Changed on", "16 April 2026, 12:00"),
        ("Time left then", "15 days of 30 days"),
        ("Version of the price", "1"),
        ("Reckoning", "− €12.00 × 15 of 30 days = -€6.00"),
        ("VAT rate", "22 %"),
        ("VAT in the amount", "− €2.16 × 15 of 30 days = -€1.08"),
        ("Without VAT", "-€6.00 − -€1.08 = -€4.92"),
    ]
    assert rest.rows[0] == ("Price of the whole period", "€24.00")
    assert ("Reckoning", "€24.00 × 15 of 30 days = €12.00") in rest.rows
    assert total.rows == [("Reckoning", "− €6.00 + €12.00 = €6.00")]
    assert tax.rows == [("Reckoning", "− €1.08 + €2.16 = €1.08")]


def test_a_period_with_a_discount_and_credit_is_reckoned_to_what_is_charged():
    with gateways.using(Rehearsal()) as rehearsal:
        user = customer()
        gift = {"money": Money(250, "EUR"), "key": "gift", "reason": "A gift", "source_account": "points_expense"}
        credit.grant(user, now=JOINED, **gift)
        make.member(rehearsal, "grove", now=JOINED, user=user, promotion=make.promotion(now=JOINED))
    with override("Europe/Rome"):
        plan, discount, total, _tax, due = explanations.of(Invoice.objects.with_lines().get())
    assert plan.rows[:4] == [
        ("Price", "€12.00 for 1 month"),
        ("Quantity", "1"),
        ("For the time", "1 April 2026, 12:00 – 1 May 2026, 12:00"),
        ("Version of the price", "1"),
    ]
    assert discount.rows[:4] == [
        ("Promotion", "Welcome"),
        ("Discount", "50 %"),
        ("Taken off", "€12.00"),
        ("Reckoning", "− 50 % of €12.00 = -€6.00"),
    ]
    assert total.rows == [("Reckoning", "€12.00 − €6.00 = €6.00")]
    assert (due.title, str(due.amount)) == ("Left to pay", "€3.50")
    assert due.rows == [
        ("Total", "€6.00"),
        ("Your credit", "€2.50"),
        ("Reckoning", "€6.00 − €2.50 = €3.50"),
    ]
