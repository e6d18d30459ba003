"""Giving money back, never more than came."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.billing import collection, credit, lifecycle, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway.port import GatewayMisconfigured, Refunded, RefundFailed, Throttled, Unknown
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import CreditNote, LedgerEntry, Parked, Payment, Refund
from apps.core.money import Money
from tests.factories import billing

from .reading import books, history, mails, posted

pytestmark = pytest.mark.django_db


class Scripted(Rehearsal):
    """A gateway whose refunds answer by a list first, and then as usual."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list = []
        self.asked: list[str] = []

    def refund(self, *, intent_id, money, key):
        self.asked.append(key)
        if not self.answers:
            return super().refund(intent_id=intent_id, money=money, key=key)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def gateway():
    with gateways.using(Scripted()) as adapter:
        yield adapter


@pytest.fixture
def paid(gateway, now) -> Payment:
    """A payment of 29.00 that succeeded."""
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    collection.collect_due(now=now)
    return billing.payment_of(invoice)


def ask(payment: Payment, minor: int, now, *, key="a", currency="EUR") -> Refund:
    return refunds.request(payment.pk, amount=Money(minor, currency), key=key, reason="Withdrawn", now=now)


def test_a_full_refund_takes_the_sale_back_and_sends_the_money(paid, now):
    refund = ask(paid, 2900, now)
    note = f"credit-note:{refund.credit_note_id}"
    assert posted(note) == {"tax_payable": 523, "revenue_deferred": 2377, "refunds_clearing": -2900}
    assert refunds.carry_out_due(now=now) == 1
    assert refunds.carry_out_due(now=now) == 0
    refund.refresh_from_db()
    assert (refund.status, refund.tax_minor, refund.settled_at) == ("succeeded", 523, now)
    assert history(refund) == [("pending", "processing"), ("processing", "succeeded")]
    assert books() == {}
    assert mails(paid.invoice.customer) == ["receipt", "refund-sent"]


def test_parts_are_refunded_up_to_the_whole(paid, now):
    first = ask(paid, 1000, now)
    assert (first.tax_minor, refunds.refundable(paid)) == (180, Money(1900, "EUR"))
    with pytest.raises(refunds.CannotRefund, match="1901 EUR asked, 1900 EUR left"):
        ask(paid, 1901, now, key="b")
    second = ask(paid, 1900, now, key="b")
    assert first.tax_minor + second.tax_minor == 523
    with pytest.raises(refunds.CannotRefund):
        ask(paid, 1, now, key="c")
    refunds.carry_out_due(now=now)
    assert books() == {}
    assert Refund.objects.count() == 2


def test_one_occasion_is_one_refund(paid, now):
    assert ask(paid, 1000, now) == ask(paid, 1000, now)
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(("minor", "currency"), [(0, "EUR"), (-1, "EUR"), (100, "USD")])
def test_a_senseless_amount_is_refused(paid, now, minor, currency):
    before = LedgerEntry.objects.count()
    with pytest.raises(refunds.CannotRefund):
        ask(paid, minor, now, currency=currency)
    assert not Refund.objects.exists()
    assert LedgerEntry.objects.count() == before


def test_only_money_that_came_can_go_back(gateway, now):
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    with pytest.raises(refunds.CannotRefund, match="is pending"):
        ask(billing.payment_of(invoice), 100, now)
    assert not Refund.objects.exists()


def test_the_database_refuses_more_than_came_from_raw_sql(paid, now):
    ask(paid, 2000, now)
    with pytest.raises(IntegrityError, match="refund above payment"), transaction.atomic():
        Refund.objects.create(
            payment=paid, key="raw", amount_minor=901, currency="EUR", reason="", next_try_at=now, created_at=now
        )
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_refund SET amount_minor = 2900")
    assert Refund.objects.get().amount_minor == 2000


def test_a_refused_refund_stays_owed_and_is_put_before_staff(gateway, paid, now):
    gateway.answers = [RefundFailed("expired_or_canceled_card", "No such card")]
    refund = ask(paid, 2900, now)
    refunds.carry_out_due(now=now)
    refund.refresh_from_db()
    assert (refund.status, refund.message) == ("failed", "expired_or_canceled_card: No such card")
    assert books() == {"cash": 2900, "refunds_clearing": -2900}
    assert Parked.objects.waiting().values_list("kind", "ref").get() == ("refund", str(refund.pk))
    assert mails(paid.invoice.customer) == ["receipt"]
    assert list(Refund.objects.still_owed()) == [refund]
    with pytest.raises(refunds.CannotRefund, match="2900 EUR asked, 0 EUR left"):
        ask(paid, 2900, now, key="again")
    assert CreditNote.objects.count() == 1


def test_what_a_failed_refund_left_is_sent_again_once_under_the_same_note(gateway, paid, now):
    gateway.answers = [RefundFailed("expired_or_canceled_card")]
    failed = ask(paid, 2900, now)
    refunds.carry_out_due(now=now)
    again = refunds.send_again(failed.pk, now=now)
    assert refunds.send_again(failed.pk, now=now) == again
    assert (again.amount, again.credit_note, again.status) == (Money(2900, "EUR"), failed.credit_note, "pending")
    with pytest.raises(refunds.CannotRefund, match="nothing to send again"):
        refunds.turn_into_credit(failed.pk, reason="", now=now)
    refunds.carry_out_due(now=now)
    assert gateway.asked == [failed.key, f"{failed.key}:again"]
    assert books() == {}
    assert not Refund.objects.still_owed().exists()
    with pytest.raises(refunds.CannotRefund):
        refunds.send_again(again.pk, now=now)
    assert (Refund.objects.count(), CreditNote.objects.count()) == (2, 1)


def test_what_a_failed_refund_left_becomes_credit_once(gateway, paid, now):
    gateway.answers = [RefundFailed("expired_or_canceled_card")]
    failed = ask(paid, 2900, now)
    refunds.carry_out_due(now=now)
    entry = refunds.turn_into_credit(failed.pk, reason="The card is closed", now=now)
    assert refunds.turn_into_credit(failed.pk, reason="Twice", now=now) == entry
    assert credit.balance(paid.invoice.customer, "EUR") == Money(2900, "EUR")
    assert books() == {"cash": 2900, "customer_credit": -2900}
    with pytest.raises(refunds.CannotRefund):
        refunds.send_again(failed.pk, now=now)
    assert (Refund.objects.count(), Refund.objects.still_owed().count()) == (1, 0)


def test_a_refund_that_bounces_later_is_owed_again(gateway, paid, now):
    refund = ask(paid, 2900, now)
    refunds.carry_out_due(now=now)
    refund.refresh_from_db()
    gateway.answers = [Refunded(refund.gateway_id), RefundFailed("lost_or_stolen_card")]
    later = now + timedelta(days=3)
    for expected in ("succeeded", "failed"):
        assert refunds.recheck(refund.gateway_id, now=later) == 1
        assert refunds.carry_out_due(now=later) == 1
        refund.refresh_from_db()
        assert refund.status == expected
    assert books() == {"cash": 2900, "refunds_clearing": -2900}
    assert history(refund)[-1] == ("succeeded", "failed")


def test_a_refund_of_unknown_outcome_is_asked_again_with_the_same_name(gateway, paid, now):
    gateway.answers = [Unknown("timeout"), ConnectionError("no route"), Throttled("busy")]
    refund = ask(paid, 2900, now)
    moments, statuses = [now], []
    for _ in range(4):
        assert refunds.carry_out_due(now=moments[-1]) == 1
        refund.refresh_from_db()
        statuses.append(refund.status)
        moments.append(refund.next_try_at)
    assert statuses == ["unknown", "unknown", "pending", "succeeded"]
    assert moments[1:] == [
        now + timedelta(seconds=10),
        now + timedelta(seconds=20),
        now + timedelta(seconds=80),
        None,
    ]
    assert gateway.asked == [f"{paid.key}:a"] * 4
    assert books() == {}


def test_a_killed_worker_leaves_a_refund_that_is_asked_again(gateway, paid, now):
    refund = ask(paid, 2900, now)
    lifecycle.claim_refunds(now=now, limit=10)
    assert refunds.carry_out_due(now=now + timedelta(seconds=119)) == 0
    assert refunds.carry_out_due(now=now + timedelta(seconds=120)) == 2
    refund.refresh_from_db()
    assert refund.status == "succeeded"


def test_our_own_wrong_key_fails_no_refund(gateway, paid, now):
    gateway.answers = [GatewayMisconfigured("Invalid API key")]
    refund = ask(paid, 2900, now)
    with pytest.raises(GatewayMisconfigured):
        refunds.carry_out_due(now=now)
    refund.refresh_from_db()
    assert (refund.status, refund.next_try_at) == ("pending", now + timedelta(minutes=1))
    assert Parked.objects.waiting().get().kind == "gateway"
