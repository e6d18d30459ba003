"""The books of boxes that go to other countries, computed again from what they were computed from."""

from datetime import UTC, datetime

from apps.billing import replay
from apps.billing.models import Invoice
from apps.memberships import renewals
from apps.orders.boxes import planning
from tests.factories import boxes

from .test_taxed_where_they_go import APRIL, BERLIN, PARIS

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def test_every_invoice_of_a_box_comes_out_the_same_again(own_database, gateway):
    made = boxes.box(amount_minor=2000, tax_included=False)
    subscription = boxes.subscriber(gateway, made, now=NOW, address=BERLIN)
    planning.set_address(subscription.pk, customer=subscription.customer, address=PARIS, now=NOW)
    renewals.bill_due(now=APRIL)
    assert sorted(Invoice.objects.values_list("customer_country", "tax_minor")) == [("DE", 380), ("FR", 400)]
    differences = [difference for batch in replay.walk() for difference in batch.differences] + replay.whole_ledger()
    assert (differences, replay.count()) == ([], 2)
