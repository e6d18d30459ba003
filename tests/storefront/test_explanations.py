"""Explain this charge: the customer reads the same reckoning as staff, and it comes out at the line's amount."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Invoice
from apps.memberships import services
from apps.storefront import explanations
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)


def test_an_upgrade_half_way_is_reckoned_line_by_line():
    with gateways.using(Rehearsal()) as rehearsal:
        member = make.member(rehearsal, "grove", now=JOINED)
        price = make.price("conservatory")
        services.change_plan(member.pk, price.pk, customer=member.customer, now=JOINED + timedelta(days=15))
    invoice = Invoice.objects.with_lines().get(reason="change")

    back, rest = explanations.of(invoice)
    assert back.rows == [
        ("Reckoning", "− €12.00 × 15 of 30 days = -€6.00"),
        ("VAT rate", "22 %"),
        ("VAT in the amount", "-€1.08"),
        ("Without VAT", "-€4.92"),
    ]
    assert rest.rows[0] == ("Reckoning", "€24.00 × 15 of 30 days = €12.00")
