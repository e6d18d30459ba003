"""A change of plan within a period whose charge the customer took to their bank."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import disputes, hints
from apps.billing.gateway.port import DisputeDetails
from apps.billing.models import Dispute, Invoice, Payment
from apps.core.money import Money
from apps.memberships import quotes, services
from apps.memberships.models import Period, Subscription
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)  # a month of thirty days, without a change of the clocks
HALF_WAY = JOINED + timedelta(days=15)


@pytest.fixture
def member(gateway) -> Subscription:
    return make.member(gateway, "grove", now=JOINED)


@pytest.fixture
def disputed(gateway, member) -> Dispute:
    """All of the first period's 12.00."""
    paid = Payment.objects.get()
    opened = gateway.open_dispute(paid.gateway_id)
    hints.dispute_moved(dispute_id=opened.id, intent_id=paid.gateway_id, now=JOINED)
    disputes.ask_due(now=JOINED)
    return Dispute.objects.get()


def climb(member: Subscription) -> Invoice:
    services.change_plan(member.pk, make.price("conservatory").pk, customer=member.customer, now=HALF_WAY)
    return Invoice.objects.get(reason="change")


def amounts(invoice: Invoice) -> list[tuple[int, int]]:
    return list(invoice.lines.order_by("position").values_list("amount_minor", "tax_minor"))


def test_what_the_bank_took_is_not_given_back_as_well(member, disputed):
    preview = quotes.change(member, make.price("conservatory"), now=HALF_WAY)
    assert (preview.credit.minor, preview.due_now.minor) == (0, 1200)
    invoice = climb(member)
    assert amounts(invoice) == [(1200, 216)]
    assert list(Period.objects.order_by("start").values_list("credited_minor", flat=True)) == [0, 0]


def test_it_is_given_back_once_the_dispute_is_won(gateway, member, disputed):
    gateway.decide_dispute(disputed.gateway_id, won=True)
    disputes.ask(disputed.pk, now=HALF_WAY)
    assert amounts(climb(member)) == [(-600, -108), (1200, 216)]


def test_of_a_part_in_dispute_the_rest_is_given_back_with_its_tax(gateway, member, disputed):
    gateway._disputes._rows[disputed.gateway_id] = DisputeDetails(
        disputed.gateway_id, disputed.intent_id, "needs_response", reason="fraudulent", money=Money(400, "EUR")
    )
    disputes.ask(disputed.pk, now=HALF_WAY)
    # Half of 8.00, with half of two thirds of the tax of 2.16.
    assert amounts(climb(member)) == [(-400, -72), (1200, 216)]
