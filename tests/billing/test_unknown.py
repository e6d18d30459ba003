"""When nobody knows what became of a charge: timeouts, lost workers, late answers."""

from datetime import timedelta

import pytest

from apps.billing import charging, collection, dunning, invoices, janitor, lifecycle, signals
from apps.billing import gateway as gateways
from apps.billing.gateway import behaviours as cards
from apps.billing.gateway.port import Declined, GatewayUnavailable, NotFound, Succeeded, Unknown
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Invoice, Parked, Payment, Recovery, Refund
from apps.core import sweeps
from tests.factories import billing

from .reading import books, heard, history, mails

pytestmark = pytest.mark.django_db

SECONDS_10 = timedelta(seconds=10)
MINUTE = timedelta(minutes=1)


def charges(gateway: Rehearsal) -> int:
    return len(gateway.export()["payment_intents"])


def killed(payment: Payment, *, now) -> Payment:
    """Claim a payment as a worker does that is then killed."""
    [claimed] = [row for row in lifecycle.claim(now=now, limit=10) if row.pk == payment.pk]
    return claimed


def test_an_answer_lost_after_the_charge_is_found_and_not_charged_again(gateway, now):
    user = billing.payer(gateway, script=(cards.lose_after(),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    payment = billing.payment_of(invoice)
    assert (payment.status, payment.check_at) == ("unknown", now + SECONDS_10)
    assert janitor.check_due(now=now) == 0
    assert janitor.check_due(now=now + SECONDS_10) == 1

    payment.refresh_from_db()
    assert (payment.status, payment.check_at) == ("succeeded", None)
    assert history(payment) == [("pending", "processing"), ("processing", "unknown"), ("unknown", "succeeded")]
    assert Invoice.objects.get().status == "paid"
    assert charges(gateway) == 1
    assert mails(user) == ["receipt"]


def test_an_answer_lost_before_the_charge_is_sent_again_with_the_same_key(gateway, now):
    user = billing.payer(gateway, script=(cards.lose_before(),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    key = billing.payment_of(invoice).key
    assert charges(gateway) == 0

    janitor.check_due(now=now + SECONDS_10)
    payment = billing.payment_of(invoice)
    assert (payment.status, payment.check_at) == ("unknown", now + MINUTE), "The request may still be on its way"
    janitor.check_due(now=now + MINUTE)
    payment.refresh_from_db()
    assert (payment.status, payment.due_at, payment.key) == ("pending", now + MINUTE, key)
    collection.collect_due(now=now + MINUTE)
    payment.refresh_from_db()
    assert (payment.status, payment.key, payment.attempt) == ("succeeded", key, 1)
    assert charges(gateway) == 1


@pytest.mark.parametrize("charged", [False, True])
def test_a_killed_worker_leaves_a_payment_in_doubt_never_a_second_charge(gateway, now, charged):
    user = billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now)
    payment = killed(billing.payment_of(invoice), now=now)
    if charged:
        charging.charge(gateway, payment, deadline=float("inf"))
    lease_end = now + timedelta(seconds=120)

    assert janitor.check_due(now=lease_end - SECONDS_10) == 0
    assert collection.collect_due(now=lease_end) == 0
    assert janitor.check_due(now=lease_end) == 2
    payment.refresh_from_db()
    assert ("processing", "unknown") in history(payment)
    assert payment.status == ("succeeded" if charged else "pending")
    collection.collect_due(now=lease_end)
    payment.refresh_from_db()
    assert payment.status == "succeeded"
    assert charges(gateway) == 1


def test_doubt_blocks_charges_dunning_and_the_end_of_the_recovery(gateway, now):
    user = billing.payer(gateway, script=(cards.decline(times=1), cards.lose_before(first=2, times=None)), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    day = now + timedelta(days=1)
    assert dunning.advance_due(now=day) == 1
    collection.collect_due(now=day)
    assert billing.payment_of(invoice).status == "unknown"

    much_later = now + timedelta(days=90)
    assert dunning.advance_due(now=much_later) == 0
    assert collection.collect_due(now=much_later) == 0
    with pytest.raises(collection.PaymentInFlight, match="unknown"):
        collection.retry_with_card(
            invoice.pk, card_id=billing.add_card(gateway, user, now=now).pk, on_session=True, now=much_later
        )
    assert Invoice.objects.get().status == "open"
    assert Recovery.objects.get().status == "open"
    assert Payment.objects.count() == 2
    assert list(Invoice.objects.undecided()) == [invoice]


def test_money_for_a_withdrawn_invoice_goes_back_and_revives_nothing(gateway, now):
    user = billing.payer(gateway, script=(cards.lose_after(),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    invoices.void(invoice.pk, reason="ended", now=now)
    with heard(signals.invoices_paid) as announced:
        janitor.check_due(now=now + SECONDS_10)

    payment = billing.payment_of(invoice)
    assert (payment.status, payment.surplus) == ("succeeded", True)
    assert Invoice.objects.get().status == "void"
    assert announced == []
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.tax_minor, refund.status) == (2900, 0, "pending")
    assert books() == {"cash": 2900, "refunds_clearing": -2900}


def test_a_charge_that_never_happened_is_not_sent_for_a_withdrawn_invoice(gateway, now):
    user = billing.payer(gateway, script=(cards.lose_before(),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    invoices.void(invoice.pk, reason="ended", now=now)
    janitor.check_due(now=now + MINUTE)
    assert billing.payment_of(invoice).status == "cancelled"
    assert (charges(gateway), books()) == (0, {})


def test_a_charge_waiting_for_the_customer_is_closed_when_the_invoice_is_withdrawn(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    invoices.void(invoice.pk, reason="ended", now=now)
    assert janitor.check_due(now=now) == 1
    payment = billing.payment_of(invoice)
    assert (payment.status, payment.check_at) == ("cancelled", None)
    assert isinstance(gateway.cancel_charge(payment.gateway_id), gateways.Cancelled)
    assert charges(gateway) == 0


def test_a_charge_paid_before_it_could_be_closed_goes_back(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    gateway.confirm(billing.payment_of(invoice).gateway_id)
    invoices.void(invoice.pk, reason="ended", now=now)
    janitor.check_due(now=now)
    payment = billing.payment_of(invoice)
    assert (payment.status, payment.surplus) == ("succeeded", True)
    assert Refund.objects.get().payment == payment


def test_a_declined_charge_that_was_paid_on_a_page_left_open_pays_the_invoice(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now, on_session=True)
    payment = collection.collect_now(billing.payment_of(invoice).pk, now=now)
    lifecycle.settle(payment.pk, Declined("authentication_failed", hard=False), now=now)
    payment.refresh_from_db()
    assert (payment.status, payment.check_at) == ("declined", now)
    gateway.confirm(payment.gateway_id)
    janitor.check_due(now=now)
    payment.refresh_from_db()
    assert (payment.status, payment.surplus, payment.decline_code) == ("succeeded", False, "")
    assert Invoice.objects.get().status == "paid"


def test_a_second_success_for_a_paid_invoice_is_surplus(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now)
    first = billing.payment_of(invoice)
    collection.collect_due(now=now)
    good = billing.add_card(gateway, user, now=now)
    collection.retry_with_card(invoice.pk, card_id=good.pk, on_session=True, now=now)
    lifecycle.settle(first.pk, Succeeded("pi_late"), now=now)
    first.refresh_from_db()
    assert (first.status, first.surplus) == ("succeeded", True)
    assert Refund.objects.get().payment == first
    assert books() == {"cash": 5800, "refunds_clearing": -2900, "tax_payable": -523, "revenue_deferred": -2377}


def test_a_late_success_withdraws_the_retry_that_waits(gateway, now):
    user = billing.payer(gateway, script=(cards.decline(times=1),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    first = billing.payment_of(invoice)
    dunning.advance_due(now=now + timedelta(days=1))
    lifecycle.settle(first.pk, Succeeded("pi_late"), now=now + timedelta(days=1))
    assert [payment.status for payment in invoice.payments.order_by("attempt")] == ["succeeded", "cancelled"]
    assert Recovery.objects.get().status == "recovered"
    assert charges(gateway) == 0


def test_settling_twice_changes_nothing(gateway, now):
    user = billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    payment, before = billing.payment_of(invoice), books()
    with heard(signals.invoices_paid) as paid, heard(signals.payment_failed) as failed:
        for answer in (Succeeded(payment.gateway_id), Declined("late", hard=True), Unknown("late")):
            lifecycle.settle(payment.pk, answer, now=now)
    payment.refresh_from_db()
    assert (payment.status, books(), paid, failed) == ("succeeded", before, [], [])
    assert mails(user) == ["receipt"]


def test_a_receiver_that_fails_rolls_the_settlement_back_and_the_janitor_settles_again(gateway, now):
    user = billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now)

    def fail(**facts):
        raise RuntimeError("the room above fell down")

    with heard(signals.invoices_paid, also=fail):
        assert collection.collect_due(now=now) == 1
    payment = billing.payment_of(invoice)
    assert (payment.status, Invoice.objects.get().status) == ("unknown", "open")
    assert Parked.objects.waiting().get().reason == "RuntimeError: the room above fell down"
    assert mails(user) == []

    janitor.check_due(now=now + SECONDS_10)
    payment.refresh_from_db()
    assert (payment.status, Invoice.objects.get().status) == ("succeeded", "paid")
    assert charges(gateway) == 1


def test_a_page_that_never_charged_its_payment_lets_it_go(gateway, now):
    user = billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now, reason="signup", on_session=True)
    due = sweeps.get("billing.janitor").next_due(now=now)
    assert due == now + timedelta(minutes=30)
    assert janitor.check_due(now=due - timedelta(seconds=1)) == 0
    assert janitor.check_due(now=due) == 1
    assert billing.payment_of(invoice).status == "cancelled"
    assert list(Invoice.objects.abandoned(now + timedelta(minutes=1))) == [invoice]
    assert charges(gateway) == 0


class Unreachable(Rehearsal):
    """A gateway whose network is down for questions."""

    down = True

    def find_charge(self, **question):
        if self.down:
            raise GatewayUnavailable("no route")
        return super().find_charge(**question)


def test_a_gateway_that_does_not_answer_is_asked_again_later(now):
    with gateways.using(Unreachable()) as gateway:
        user = billing.payer(gateway, script=(cards.lose_after(),), now=now)
        invoice = billing.invoice(user, now=now)
        collection.collect_due(now=now)
        janitor.check_due(now=now + timedelta(minutes=2))
        payment = billing.payment_of(invoice)
        assert (payment.status, payment.check_at) == ("unknown", now + timedelta(minutes=3))
        gateway.down = False
        assert janitor.check(payment.pk, now=now + timedelta(minutes=3)).status == "succeeded"


class Forgetful(Rehearsal):
    """A gateway that lost an intent."""

    def find_charge(self, **question):
        return NotFound()


def test_an_intent_that_the_gateway_lost_is_a_decline(now):
    with gateways.using(Forgetful()) as gateway:
        user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
        invoice = billing.invoice(user, now=now)
        collection.collect_due(now=now)
        payment = janitor.check(billing.payment_of(invoice).pk, now=now + timedelta(hours=1))
        assert (payment.status, payment.decline_code) == ("declined", "intent_missing")
