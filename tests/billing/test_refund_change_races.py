"""A refund of a period and a change of plan that gives the same period back, at the same moment: one of them sees the
other, whichever comes first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from apps.billing import corrections, credit, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import CreditNote, GivenBack, Invoice
from apps.core.money import Money
from apps.memberships import services
from apps.memberships.errors import QuoteChanged
from tests.factories import memberships as make

pytestmark = pytest.mark.usefixtures("own_database")

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
HALF_WAY = JOINED + timedelta(days=15)


def at_once(*deeds) -> list:
    """Run each in a thread of its own, all starting together; results or exceptions, in order."""
    barrier = Barrier(len(deeds))

    def run(deed):
        try:
            barrier.wait()
            return deed()
        except Exception as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


@pytest.mark.parametrize("take_back", [corrections.to_card, corrections.to_credit])
@pytest.mark.parametrize("attempt", range(4))
def test_a_full_refund_and_a_change_at_once_never_give_more_than_was_paid(take_back, attempt):
    gateway = Rehearsal()
    with gateways.using(gateway):
        member = make.member(gateway, "grove", now=JOINED)
    better = make.price("conservatory")
    old = Invoice.objects.get()

    def change():
        with gateways.using(gateway):
            return services.change_plan(member.pk, better.pk, customer=member.customer, now=HALF_WAY)

    def refund():
        return take_back(old.pk, amount=Money(1200, "EUR"), key="a", reason="Sorry", now=HALF_WAY)

    changed, refunded = at_once(change, refund)
    given_back, noted = GivenBack.objects.total_minor(), CreditNote.objects.all().total_minor()
    assert (given_back, noted) in {(600, 0), (0, 1200)}
    if noted:
        assert isinstance(refunded, CreditNote)
    else:
        assert isinstance(refunded, (corrections.CannotCredit, refunds.CannotRefund))
    assert changed.status == "done"
    # What the change did not give back it charged.
    charged = Invoice.objects.get(reason="change")
    assert charged.total_minor == 1200 - given_back
    assert credit.balance(member.customer, "EUR").minor in {0, 1200 - charged.credit_applied_minor}


def test_refunds_of_both_invoices_at_once_give_back_no_more_than_was_paid():
    gateway = Rehearsal()
    with gateways.using(gateway):
        member = make.member(gateway, "grove", now=JOINED)
        better = make.price("conservatory")
        services.change_plan(member.pk, better.pk, customer=member.customer, now=HALF_WAY)
    old, new = Invoice.objects.order_by("pk")

    def refund(invoice, minor, key):
        amount = Money(minor, "EUR")
        return lambda: corrections.to_card(invoice.pk, amount=amount, key=key, reason="Sorry", now=HALF_WAY)

    deeds = [refund(invoice, 300, f"{number}") for number in range(4) for invoice in (old, new)]
    results = at_once(*deeds)
    assert {type(result) for result in results} <= {CreditNote, refunds.CannotRefund}
    noted = {invoice: invoice.credit_notes.all().total_minor() for invoice in (old, new)}
    assert noted[new] == 600
    # All of it may go back, for the new invoice went back; in which order they came decides how much already did.
    assert noted[old] in {600, 900, 1200}
    left = corrections.payable_back(old)
    assert left == Money(1200 - noted[old], "EUR")


def test_a_refund_after_the_preview_makes_the_customer_look_again():
    gateway = Rehearsal()
    with gateways.using(gateway):
        member = make.member(gateway, "grove", now=JOINED)
        corrections.to_card(
            Invoice.objects.get().pk,
            amount=Money(1200, "EUR"),
            key="a",
            reason="Sorry",
            now=HALF_WAY + timedelta(minutes=1),
        )
        with pytest.raises(QuoteChanged):
            services.change_plan(
                member.pk,
                make.price("conservatory").pk,
                customer=member.customer,
                quoted_at=HALF_WAY,
                quoted_minor=600,
                now=HALF_WAY + timedelta(minutes=2),
            )
    assert Invoice.objects.count() == 1
