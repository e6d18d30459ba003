"""Disputes: what the gateway tells becomes state and books, staff answer, and nobody's membership ends by itself."""

from datetime import timedelta

import pytest
from django.db import Error, connection, transaction

from apps.billing import collection, corrections, disputes, hints, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway.port import DisputeDetails, GatewayUnavailable, Movement
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Dispute, DisputeMovement, LedgerEntry, Parked, Payment
from apps.core import sweeps
from apps.core.money import Money
from tests.factories import billing

from .reading import books, history, mails, posted

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAID = {"cash": 2900, "tax_payable": -523, "revenue_deferred": -2377}


class Told(Rehearsal):
    """A gateway that answers about disputes from a list first, and then as usual."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list = []

    def read_dispute(self, dispute_id):
        answer = self.answers.pop(0) if self.answers else super().read_dispute(dispute_id)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def gateway():
    with gateways.using(Told()) as adapter:
        yield adapter


@pytest.fixture
def paid(gateway, now) -> Payment:
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    collection.collect_due(now=now)
    return billing.payment_of(invoice)


@pytest.fixture
def dispute(gateway, paid, now) -> Dispute:
    """A dispute of 29.00 that was heard of and asked about."""
    opened = gateway.open_dispute(paid.gateway_id, reason="product_not_received")
    hints.dispute_moved(dispute_id=opened.id, intent_id=paid.gateway_id, now=now)
    assert disputes.ask_due(now=now) == 1
    return Dispute.objects.get()


def told(dispute: Dispute, status: str, *movements: Movement, **changes) -> DisputeDetails:
    facts = {"reason": "fraudulent", "money": Money(2900, "EUR"), **changes}
    return DisputeDetails(dispute.gateway_id, dispute.intent_id, status, movements=movements, **facts)


def moved(name: str, minor: int, fee: Money) -> Movement:
    return Movement(name, Money(minor, "EUR"), fee)


def test_a_hint_only_makes_us_ask_and_then_the_money_is_with_the_bank(gateway, paid, now):
    opened = gateway.open_dispute(paid.gateway_id)
    for _ in range(3):
        heard = hints.dispute_moved(dispute_id=opened.id, intent_id=paid.gateway_id, now=now)
    assert (heard.status, heard.amount, heard.payment) == ("needs_response", None, None)
    assert books() == PAID
    assert sweeps.get("billing.disputes").next_due(now=now) == now

    assert sweeps.get("billing.disputes").run(now=now) == 1
    row = Dispute.objects.get()
    assert (row.payment, row.amount, row.reason, row.status) == (paid, Money(2900, "EUR"), "fraudulent", opened.status)
    assert row.respond_by == opened.respond_by
    assert row.check_at == now + DAY
    assert books() == {**PAID, "cash": -2000, "disputes": 2900, "gateway_fees": 2000}
    assert posted(f"dispute-movement:{row.movements.get().pk}") == {
        "cash": -4900,
        "disputes": 2900,
        "gateway_fees": 2000,
    }
    assert disputes.ask_due(now=now) == 0


def test_what_is_told_twice_is_booked_once(dispute, now):
    before = LedgerEntry.objects.count()
    for _ in range(2):
        disputes.ask(dispute.pk, now=now)
    assert (LedgerEntry.objects.count(), DisputeMovement.objects.count(), dispute.changes.count()) == (before, 1, 0)


def test_a_dispute_that_is_won_gives_the_money_back_but_not_the_fee(gateway, dispute, now):
    disputes.answer(dispute.pk, statement="They grew three trees.", now=now)
    dispute.refresh_from_db()
    assert dispute.status == "under_review"
    gateway.decide_dispute(dispute.gateway_id, won=True)
    assert disputes.ask_due(now=now + DAY) == 1
    dispute.refresh_from_db()
    assert (dispute.status, dispute.closed_at, dispute.check_at) == ("won", now + DAY, None)
    assert history(dispute) == [("needs_response", "under_review"), ("under_review", "won")]
    assert books() == {**PAID, "cash": 900, "gateway_fees": 2000}
    assert not Parked.objects.exists()


def test_a_dispute_that_is_lost_is_bad_debt_and_a_matter_for_staff(gateway, dispute, paid, now):
    gateway.decide_dispute(dispute.gateway_id, won=False)
    disputes.ask_due(now=now + DAY)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.check_at) == ("lost", None)
    assert books() == {**PAID, "cash": -2000, "bad_debt": 2900, "gateway_fees": 2000}
    assert posted(f"dispute-lost:{dispute.pk}:1") == {"bad_debt": 2900, "disputes": -2900}
    parked = Parked.objects.get()
    assert (parked.kind, parked.ref) == ("dispute_lost", dispute.gateway_id)
    assert "decide whether the membership goes on" in parked.reason
    assert mails(paid.invoice.customer) == ["receipt"]
    assert paid.invoice.credit_notes.count() == 0


def test_a_loss_that_the_bank_undoes_is_undone_and_may_come_again(gateway, dispute, now):
    taken = dispute.movements.get()
    fee, free = Money(2000, "EUR"), Money(0, "EUR")
    first = moved(taken.gateway_id, -2900, fee)
    back, again = moved("txn_back", 2900, free), moved("txn_again", -2900, free)
    gateway.answers = [
        told(dispute, "lost", first),
        told(dispute, "won", first, back),
        told(dispute, "lost", first, back, again),
    ]
    expected = [{"cash": -2000, "bad_debt": 2900}, {"cash": 900}, {"cash": -2000, "bad_debt": 2900}]
    for accounts in expected:
        disputes.ask(dispute.pk, now=now)
        assert books() == {**PAID, "gateway_fees": 2000, **accounts}
    assert history(dispute) == [("needs_response", "lost"), ("lost", "won"), ("won", "lost")]


def test_a_decision_is_told_before_its_money_moves(gateway, dispute, now):
    """Until the money is where it belongs, the gateway is asked every day."""
    first = moved(dispute.movements.get().gateway_id, -2900, Money(2000, "EUR"))
    gateway.answers = [told(dispute, "won", first), told(dispute, "won", first, moved("txn_b", 2900, Money(0, "EUR")))]
    disputes.ask_due(now=now + DAY)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.check_at) == ("won", now + 2 * DAY)
    assert books()["disputes"] == 2900
    disputes.ask_due(now=now + 2 * DAY)
    dispute.refresh_from_db()
    assert dispute.check_at is None
    assert books() == {**PAID, "cash": 900, "gateway_fees": 2000}


def test_an_inquiry_takes_no_money_and_leaves_the_payment_refundable(gateway, paid, now):
    heard = hints.dispute_moved(dispute_id="du_ask", intent_id=paid.gateway_id, now=now)
    inquiry = told(heard, "needs_response", is_inquiry=True)
    gateway.answers = [inquiry]
    disputes.ask_due(now=now)
    row = Dispute.objects.get()
    assert (row.is_inquiry, books()) == (True, PAID)
    assert "refund the payment" in row.what_to_do
    assert refunds.refundable(paid) == Money(2900, "EUR")
    gateway.answers = [told(heard, "won", is_inquiry=True)]
    disputes.ask_due(now=now + DAY)
    assert Dispute.objects.values_list("status", "check_at").get() == ("won", None)


def test_a_fee_in_another_currency_is_booked_in_that_one(gateway, paid, now):
    heard = hints.dispute_moved(dispute_id="du_usd", intent_id=paid.gateway_id, now=now)
    gateway.answers = [told(heard, "needs_response", moved("txn_1", -2900, Money(1500, "USD")))]
    disputes.ask_due(now=now)
    balances = LedgerEntry.objects.balances()
    assert (balances["gateway_fees", "USD"], balances["cash", "USD"]) == (1500, -1500)
    assert (balances["cash", "EUR"], balances["disputes", "EUR"]) == (0, 2900)


def test_money_in_dispute_is_not_refunded_as_well(gateway, dispute, paid, now):
    assert refunds.refundable(paid) == Money(0, "EUR")
    with pytest.raises(refunds.CannotRefund, match="100 EUR asked, 0 EUR left"):
        refunds.request(paid.pk, amount=Money(100, "EUR"), key="a", reason="", now=now)
    gateway.decide_dispute(dispute.gateway_id, won=True)
    disputes.ask(dispute.pk, now=now)
    assert refunds.refundable(paid) == Money(2900, "EUR")


def test_money_in_dispute_does_not_become_credit_as_well(gateway, dispute, paid, now):
    assert corrections.creditable(paid.invoice) == Money(0, "EUR")
    with pytest.raises(corrections.CannotCredit, match="100 EUR asked, 0 EUR left"):
        corrections.to_credit(paid.invoice_id, amount=Money(100, "EUR"), key="a", reason="", now=now)
    assert paid.invoice.credit_notes.count() == 0
    gateway.decide_dispute(dispute.gateway_id, won=True)
    disputes.ask(dispute.pk, now=now)
    assert corrections.creditable(paid.invoice) == Money(2900, "EUR")


def test_staff_answer_once_with_what_the_books_say(gateway, dispute, paid, now):
    disputes.answer(dispute.pk, statement="They grew three trees.", now=now)
    customer = paid.invoice.customer
    assert gateway._disputes.evidence[dispute.gateway_id] == {
        "customer_name": customer.name,
        "customer_email_address": customer.email,
        "product_description": "OR-000001: Grove membership",
        "service_date": "2026-03-10 – 2026-04-10",
        "uncategorized_text": "They grew three trees.",
    }
    for act in (lambda: disputes.answer(dispute.pk, statement="More", now=now), lambda: accept(dispute, now)):
        with pytest.raises(disputes.CannotAnswer, match="is under_review"):
            act()
    assert gateway._disputes.evidence[dispute.gateway_id]["uncategorized_text"] == "They grew three trees."


def accept(dispute: Dispute, now) -> Dispute:
    return disputes.accept(dispute.pk, now=now)


def test_staff_give_in(dispute, now):
    assert accept(dispute, now).status == "lost"
    assert books()["bad_debt"] == 2900


def test_a_gateway_that_is_away_is_asked_again_tomorrow(gateway, paid, now):
    opened = gateway.open_dispute(paid.gateway_id)
    hints.dispute_moved(dispute_id=opened.id, intent_id=paid.gateway_id, now=now)
    gateway.answers = [GatewayUnavailable("no route")]
    assert disputes.ask_due(now=now) == 1
    assert Dispute.objects.values_list("check_at", "message").get() == (now + DAY, "no route")
    assert books() == PAID
    disputes.ask_due(now=now + DAY)
    assert Dispute.objects.values_list("amount_minor", "message").get() == (2900, "")


def test_a_dispute_that_is_not_there_is_asked_about_once(gateway, paid, now):
    hints.dispute_moved(dispute_id="du_forged", intent_id=paid.gateway_id, now=now)
    assert disputes.ask_due(now=now) == 1
    assert disputes.ask_due(now=now + 9 * DAY) == 0
    row = Dispute.objects.get()
    assert (row.check_at, row.amount, row.message) == (None, None, "No such dispute: 'du_forged'")
    assert books() == PAID


def test_what_cannot_be_is_told_to_staff_and_stops_nobody(gateway, dispute, paid, now):
    gateway.decide_dispute(dispute.gateway_id, won=False)
    disputes.ask(dispute.pk, now=now)
    before = books()
    other = gateway.open_dispute(paid.gateway_id)
    for name in (dispute.gateway_id, other.id):
        hints.dispute_moved(dispute_id=name, intent_id=paid.gateway_id, now=now)
    gateway.answers = [told(dispute, "under_review")]
    assert disputes.ask_due(now=now) == 2
    dispute.refresh_from_db()
    assert (dispute.status, dispute.message) == ("lost", f"Dispute {dispute.pk} cannot go from lost to under_review")
    assert books()["bad_debt"] == before["bad_debt"]
    assert Dispute.objects.get(gateway_id=other.id).amount == Money(2900, "EUR")


def test_a_charge_that_is_not_ours_is_listed_and_not_booked(gateway, now):
    heard = hints.dispute_moved(dispute_id="du_theirs", intent_id="pi_theirs", now=now)
    gateway.answers = [told(heard, "needs_response", moved("txn_1", -2900, Money(2000, "EUR")))]
    disputes.ask_due(now=now)
    row = Dispute.objects.get()
    assert (row.payment, row.amount) == (None, Money(2900, "EUR"))
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE billing_disputemovement SET amount_minor = 0", "append-only"),
        ("DELETE FROM billing_disputemovement", "append-only"),
        ("UPDATE billing_dispute SET gateway_id = 'du_x'", "immutable"),
        ("DELETE FROM billing_dispute", "kept for ever"),
        ("UPDATE billing_dispute SET status = 'won'", "billing_dispute_closed_has_date"),
        ("UPDATE billing_dispute SET status = 'odd'", "billing_dispute_status"),
    ],
)
def test_the_database_keeps_what_happened(dispute, statement, match):
    before = Dispute.objects.values().get()
    with pytest.raises(Error, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Dispute.objects.values().get() == before
    assert DisputeMovement.objects.get().amount_minor == -2900
