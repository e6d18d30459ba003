"""Collecting: what each answer of the gateway does to payment, invoice, books and mail."""

from datetime import timedelta

import pytest

from apps.billing import collection, invoices, janitor, signals
from apps.billing import gateway as gateways
from apps.billing.gateway import behaviours as cards
from apps.billing.gateway.port import GatewayMisconfigured, Throttled
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Card, Invoice, Parked, Payment, Recovery
from tests.factories import billing
from tests.factories.accounts import customer

from .reading import books, heard, history, mails, posted

pytestmark = pytest.mark.django_db


def charges(gateway: Rehearsal) -> list[dict]:
    return gateway.export()["payment_intents"]


def test_a_due_payment_is_charged_to_the_default_card_and_pays_the_invoice(gateway, now):
    user = billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now)
    later = now + timedelta(minutes=5)
    with heard(signals.invoices_paid) as announced:
        assert collection.collect_due(now=later) == 1
        assert collection.collect_due(now=later) == 0

    invoice.refresh_from_db()
    payment = billing.payment_of(invoice)
    [charge] = charges(gateway)
    assert (charge["amount"], charge["currency"], charge["payment_method"]) == (2900, "eur", payment.card.gateway_id)
    assert charge["metadata"] == {"payment": str(payment.key), "invoice": "OR-000001"}
    assert (invoice.status, invoice.paid_at) == ("paid", later)
    assert (payment.status, payment.gateway_id, payment.settled_at) == ("succeeded", charge["id"], later)
    assert payment.card == Card.objects.get()
    assert history(payment) == [("pending", "processing"), ("processing", "succeeded")]
    assert posted(f"payment:{payment.pk}") == {"cash": 2900, "receivable": -2900}
    assert books() == {"cash": 2900, "tax_payable": -523, "revenue_deferred": -2377}
    assert announced == [{"invoice_ids": [invoice.pk], "now": later}]
    assert mails(user) == ["receipt"]


def test_a_payment_is_not_collected_before_its_time_nor_when_its_page_charges_it(gateway, now):
    user = billing.payer(gateway, now=now)
    billing.invoice(user, now=now, collect_at=now + timedelta(days=1))
    billing.invoice(user, now=now, on_session=True)
    assert collection.collect_due(now=now) == 0
    assert collection.collect_due(now=now + timedelta(days=1)) == 1
    assert len(charges(gateway)) == 1


def test_a_limit_leaves_the_rest_for_the_next_sweep(gateway, now):
    users = [billing.payer(gateway, now=now) for _ in range(5)]
    invoices.issue([billing.draft(user, now=now) for user in users], now=now)
    assert collection.collect_due(now=now, limit=2) == 2
    assert collection.collect_due(now=now) == 3
    assert len(charges(gateway)) == 5


@pytest.mark.parametrize(
    ("script", "hard"), [(cards.decline("insufficient_funds"), False), (cards.decline("lost_card", hard=True), True)]
)
def test_a_decline_leaves_the_invoice_open_and_starts_a_recovery(gateway, now, script, hard):
    user = billing.payer(gateway, script=(script,), now=now)
    invoice = billing.invoice(user, now=now)
    with heard(signals.payment_failed) as announced:
        collection.collect_due(now=now)

    payment = billing.payment_of(invoice)
    assert (payment.status, payment.decline_code, payment.decline_hard) == ("declined", script.code, hard)
    assert Invoice.objects.get().status == "open"
    assert (invoice.recovery.status, invoice.recovery.next_action_at) == ("open", now + timedelta(days=1))
    assert announced == [{"invoice_id": invoice.pk, "payment_id": payment.pk, "now": now}]
    assert mails(user) == ["payment-failed"]
    assert books() == {"receivable": 2900, "tax_payable": -523, "revenue_deferred": -2377}


def test_a_declined_sign_up_is_not_recovered(gateway, now):
    user = billing.payer(gateway, script=(cards.decline(),), now=now)
    invoice = billing.invoice(user, now=now, reason="signup", on_session=True)
    with heard(signals.payment_failed) as announced:
        payment = collection.collect_now(billing.payment_of(invoice).pk, now=now)
    assert payment.status == "declined"
    assert len(announced) == 1
    assert not Recovery.objects.exists()
    assert mails(user) == []


@pytest.mark.parametrize("has_profile", [False, True])
def test_without_a_card_nothing_is_sent_and_a_new_card_is_asked_for(gateway, now, has_profile):
    user = billing.payer(gateway, now=now) if has_profile else customer()
    if has_profile:
        Card.objects.update(detached_at=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    payment = billing.payment_of(invoice)
    assert (payment.status, payment.decline_code, payment.decline_hard) == ("declined", "no_card", True)
    assert charges(gateway) == []


def test_a_card_that_was_chosen_and_then_removed_is_not_charged(gateway, now):
    user = billing.payer(gateway, now=now)
    chosen = billing.add_card(gateway, user, now=now)
    invoice = billing.invoice(user, now=now, card_id=chosen.pk)
    Card.objects.filter(pk=chosen.pk).update(detached_at=now)
    collection.collect_due(now=now)
    assert billing.payment_of(invoice).decline_code == "card_removed"
    assert charges(gateway) == []


def test_a_present_customer_who_must_confirm_does_so_and_the_invoice_is_paid(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now, on_session=True)
    with heard(signals.payment_failed) as failed, heard(signals.invoices_paid) as paid:
        payment = collection.collect_now(billing.payment_of(invoice).pk, now=now)
        assert (payment.status, failed, paid) == ("needs_action", [], [])
        assert gateway.confirm_details(payment.gateway_id) == f"{payment.gateway_id}_secret"
        assert janitor.check(payment.pk, now=now).status == "needs_action"
        gateway.confirm(payment.gateway_id)
        payment = janitor.check(payment.pk, now=now + timedelta(minutes=1))
    assert (payment.status, payment.invoice.status) == ("succeeded", "paid")
    assert (len(failed), len(paid)) == (0, 1)


def test_an_absent_customer_who_must_confirm_gets_a_link_and_no_blind_retry(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now)
    with heard(signals.payment_failed) as failed:
        collection.collect_due(now=now)
    assert billing.payment_of(invoice).status == "needs_action"
    assert len(failed) == 1
    assert invoice.recovery.status == "open"
    assert mails(user) == ["payment-failed"]


def test_another_card_pays_at_once_and_ends_the_recovery(gateway, now):
    user = billing.payer(gateway, script=(cards.decline("lost_card", hard=True),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    good = billing.add_card(gateway, user, now=now)
    later = now + timedelta(hours=3)
    payment = collection.retry_with_card(invoice.pk, card_id=good.pk, on_session=True, now=later)

    assert (payment.status, payment.attempt, payment.card, payment.invoice.status) == ("succeeded", 2, good, "paid")
    recovery = Recovery.objects.get()
    assert (recovery.status, recovery.ended_at, recovery.next_action_at) == ("recovered", later, None)
    assert mails(user) == ["payment-failed", "payment-recovered", "receipt"]
    with pytest.raises(collection.NothingToPay, match="is paid"):
        collection.retry_with_card(invoice.pk, card_id=good.pk, on_session=True, now=later)
    assert Payment.objects.count() == 2


def test_a_charge_that_waits_for_the_customer_is_closed_before_another_card_is_charged(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    waiting = billing.payment_of(invoice)
    good = billing.add_card(gateway, user, now=now)
    payment = collection.retry_with_card(invoice.pk, card_id=good.pk, on_session=True, now=now)
    waiting.refresh_from_db()
    assert (waiting.status, payment.status) == ("cancelled", "succeeded")
    assert [charge["id"] for charge in charges(gateway)] == [payment.gateway_id]


def test_a_charge_confirmed_meanwhile_leaves_nothing_to_pay(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    waiting = billing.payment_of(invoice)
    gateway.confirm(waiting.gateway_id)
    good = billing.add_card(gateway, user, now=now)
    with pytest.raises(collection.NothingToPay):
        collection.retry_with_card(invoice.pk, card_id=good.pk, on_session=True, now=now)
    waiting.refresh_from_db()
    assert waiting.status == "succeeded"
    assert len(charges(gateway)) == 1


def test_a_card_of_somebody_else_is_refused(gateway, now):
    user, other = billing.payer(gateway, now=now), billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now)
    with pytest.raises(Card.DoesNotExist):
        collection.retry_with_card(invoice.pk, card_id=other.billing_profile.default_card_id, on_session=True, now=now)
    assert [payment.status for payment in invoice.payments.all()] == ["pending"]
    assert charges(gateway) == []


class Busy(Rehearsal):
    """A gateway with too much to do: it answers 429 to the first calls."""

    calls = 0

    def charge(self, request):
        self.calls += 1
        return Throttled("too many requests") if self.calls <= 2 else super().charge(request)


def test_a_throttled_payment_is_sent_again_later(now):
    with gateways.using(Busy()) as busy:
        invoice = billing.invoice(billing.payer(busy, now=now), now=now)
        assert collection.collect_due(now=now) == 1
        payment = billing.payment_of(invoice)
        assert (payment.status, payment.due_at) == ("pending", now + timedelta(seconds=60))
        assert collection.collect_due(now=now) == 0
        collection.collect_due(now=now + timedelta(minutes=1))
        collection.collect_due(now=now + timedelta(minutes=2))
    payment.refresh_from_db()
    assert payment.status == "succeeded"
    assert not Recovery.objects.exists()


class Locked(Rehearsal):
    """A gateway that refuses the shop's own key."""

    def charge(self, request):
        raise GatewayMisconfigured("Invalid API key")


def test_nobody_is_declined_for_our_own_wrong_key(now):
    with gateways.using(Locked()) as locked:
        user = billing.payer(locked, now=now)
        invoice = billing.invoice(user, now=now)
        with pytest.raises(GatewayMisconfigured, match="Invalid API key"):
            collection.collect_due(now=now)
    assert billing.payment_of(invoice).status == "pending"
    assert Parked.objects.waiting().values_list("kind", "ref", "reason").get() == ("gateway", "key", "Invalid API key")
    assert mails(user) == []
