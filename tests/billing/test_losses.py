"""A dispute that is lost: bad debt until staff say that the sale is cancelled, each booked once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from apps.billing import collection, corrections, credit, disputes, hints, limits, losses, papers, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway.port import DisputeDetails, Movement
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import CreditNote, Dispute, LedgerEntry, LossDecision, Parked, Payment, Refund
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import staff

from .reading import books, posted

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
FEES = {"gateway_fees": 2000}
WHY = {"reason": "They never got it", "actor": "anna"}


class Told(Rehearsal):
    """A gateway that answers about disputes from a list first, and then as usual."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[DisputeDetails] = []

    def read_dispute(self, dispute_id):
        return self.answers.pop(0) if self.answers else super().read_dispute(dispute_id)


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
def lost(gateway, paid, now) -> Dispute:
    """The bank keeps the 29.00 of a renewal."""
    return lose(gateway, paid, now)


def lose(gateway, paid, now) -> Dispute:
    opened = gateway.open_dispute(paid.gateway_id)
    heard = hints.dispute_moved(dispute_id=opened.id, intent_id=paid.gateway_id, now=now)
    disputes.ask(heard.pk, now=now)
    gateway.decide_dispute(opened.id, won=False)
    return disputes.ask(heard.pk, now=now)


def test_at_first_it_is_bad_debt_and_the_vat_is_due(lost):
    assert books() == {"cash": -2000, "tax_payable": -523, "revenue_deferred": -2377, "bad_debt": 2900, **FEES}
    assert not LossDecision.objects.exists()


def test_the_sale_is_taken_back_once_with_its_vat(lost, paid, now):
    decision = losses.take_back(lost.pk, now=now, **WHY)
    assert losses.take_back(lost.pk, now=now, **WHY) == decision
    note = CreditNote.objects.get()
    assert (decision.choice, decision.credit_note, decision.reason, decision.actor) == (
        "credit_note",
        note,
        "They never got it",
        "anna",
    )
    assert (note.total, note.tax, note.settlement) == (Money(2900, "EUR"), Money(523, "EUR"), "bank")
    assert posted(f"credit-note:{note.pk}") == {"tax_payable": 523, "revenue_deferred": 2377, "bad_debt": -2900}
    # What is lost is the fee.
    assert books() == {"cash": -2000, **FEES}
    assert papers.of_credit_note(note).notes[0] == "Your bank has given you the amount back."
    assert credit.balance(note.customer, "EUR") == Money(0, "EUR")
    assert not Refund.objects.exists()


def test_it_stays_bad_debt_and_nothing_is_booked(lost, now):
    before = LedgerEntry.objects.count()
    decision = losses.leave(lost.pk, now=now, **WHY)
    assert losses.leave(lost.pk, now=now, **WHY) == decision
    assert (LedgerEntry.objects.count(), CreditNote.objects.count()) == (before, 0)
    assert books()["bad_debt"] == 2900


@pytest.mark.parametrize(("first", "second"), [("leave", "take_back"), ("take_back", "leave")])
def test_a_decision_is_made_once(lost, now, first, second):
    getattr(losses, first)(lost.pk, now=now, **WHY)
    before = LedgerEntry.objects.count()
    with pytest.raises(losses.CannotDecide, match="decided already"):
        getattr(losses, second)(lost.pk, now=now, **WHY)
    assert (LossDecision.objects.count(), LedgerEntry.objects.count()) == (1, before)


@pytest.mark.parametrize("decide", [losses.leave, losses.take_back])
def test_only_a_lost_dispute_is_decided(gateway, paid, now, decide):
    opened = gateway.open_dispute(paid.gateway_id)
    heard = hints.dispute_moved(dispute_id=opened.id, intent_id=paid.gateway_id, now=now)
    disputes.ask(heard.pk, now=now)
    with pytest.raises(losses.CannotDecide, match="Only a dispute that is lost"):
        decide(heard.pk, now=now, **WHY)
    assert not LossDecision.objects.exists()


def test_after_it_nothing_more_goes_back(lost, paid, now):
    losses.take_back(lost.pk, now=now, **WHY)
    assert corrections.creditable(paid.invoice) == corrections.payable_back(paid.invoice) == Money(0, "EUR")
    assert limits.to_credit(paid.invoice).text == (
        "At most €0.00. The invoice is of €29.00. Credit notes take back €29.00 of the invoice."
    )
    with pytest.raises(corrections.CannotCredit):
        corrections.to_credit(paid.invoice_id, amount=Money(1, "EUR"), key="a", reason="", now=now)
    with pytest.raises(refunds.CannotRefund):
        refunds.request(paid.pk, amount=Money(1, "EUR"), key="a", reason="", now=now)
    assert CreditNote.objects.count() == 1


def test_what_was_refunded_or_given_back_before_is_not_taken_back_again(gateway, paid, now):
    refunds.request(paid.pk, amount=Money(900, "EUR"), key="a", reason="", now=now)
    refunds.carry_out_due(now=now)
    [line] = paid.invoice.lines.all()
    given = billing.plan_line(-600, start=now, kind="proration_credit", gives_back_of=[line.pk])
    billing.invoice(paid.invoice.customer, now=now, lines=[given, billing.plan_line(600, start=now)])
    dispute = lose(gateway, paid, now)
    kept = losses.held(dispute).minor
    decision = losses.take_back(dispute.pk, now=now, **WHY)
    # 29.00 less 9.00 refunded and 6.00 given back; the rest of what the bank keeps stays bad debt.
    assert decision.credit_note.total == Money(1400, "EUR")
    assert books()["bad_debt"] == kept - 1400 > 0


def told(dispute: Dispute, status: str, *movements: Movement) -> DisputeDetails:
    money = Money(2900, "EUR")
    return DisputeDetails(
        dispute.gateway_id, dispute.intent_id, status, reason="fraudulent", money=money, movements=movements
    )


def movements(dispute: Dispute) -> list[Movement]:
    """What the bank took, and then returned, took and returned again."""
    taken = dispute.movements.get()
    free = Money(0, "EUR")
    first = Movement(taken.gateway_id, taken.amount, Money(taken.fee_minor, taken.fee_currency))
    later = [Movement(f"txn_{turn}", taken.amount * (-1 if turn % 2 == 0 else 1), free) for turn in range(3)]
    return [first, *later]


def hear(gateway, dispute: Dispute, statuses: list[str], now) -> None:
    """What the gateway tells of the dispute, the last of the statuses being new."""
    moved = movements(dispute) if dispute.movements.count() == 1 else dispute.told
    dispute.told = moved
    gateway.answers = [told(dispute, statuses[-1], *moved[: len(statuses)])]
    disputes.ask(dispute.pk, now=now)


def test_money_that_a_bank_returns_after_the_note_is_the_customers(gateway, lost, paid, now):
    losses.take_back(lost.pk, now=now, **WHY)
    hear(gateway, lost, ["lost", "won"], now)
    assert books() == {"cash": 900, "refunds_clearing": -2900, **FEES}
    parked = Parked.objects.get(kind="dispute_kept")
    assert parked.reason.endswith("of a sale that credit note ORC-000001 took back: it is the customer's.")

    entry = losses.give_as_credit(lost.pk, actor="anna", now=now)
    assert losses.give_as_credit(lost.pk, actor="anna", now=now) == entry
    assert credit.balance(paid.invoice.customer, "EUR") == Money(2900, "EUR")
    assert books() == {"cash": 900, "customer_credit": -2900, **FEES}
    parked.refresh_from_db()
    assert parked.resolved_by == "anna"

    # Lost again: the credit is given, so this loss is one. Won again: the money is ours.
    hear(gateway, lost, ["lost", "won", "lost"], now)
    assert books() == {"cash": -2000, "customer_credit": -2900, "bad_debt": 2900, **FEES}
    hear(gateway, lost, ["lost", "won", "lost", "won"], now)
    assert books() == {"cash": 900, "customer_credit": -2900, **FEES}
    with pytest.raises(losses.CannotDecide):
        losses.take_back(lost.pk, now=now, **WHY)


def test_a_loss_that_comes_again_before_the_money_was_given_is_covered_by_the_note(gateway, lost, now):
    losses.take_back(lost.pk, now=now, **WHY)
    hear(gateway, lost, ["lost", "won"], now)
    hear(gateway, lost, ["lost", "won", "lost"], now)
    assert books() == {"cash": -2000, **FEES}
    assert Parked.objects.get(kind="dispute_kept").resolved_at == now
    with pytest.raises(losses.CannotDecide, match="by credit note ORC-000001"):
        losses.leave(lost.pk, now=now, **WHY)
    with pytest.raises(losses.CannotDecide):
        losses.give_as_credit(lost.pk, actor="anna", now=now)
    assert CreditNote.objects.count() == 1


def test_a_loss_left_as_bad_debt_may_come_again_and_be_decided_otherwise(gateway, lost, now):
    losses.leave(lost.pk, now=now, **WHY)
    hear(gateway, lost, ["lost", "won"], now)
    assert not Parked.objects.filter(kind="dispute_kept").exists()
    hear(gateway, lost, ["lost", "won", "lost"], now)
    losses.take_back(lost.pk, now=now, **WHY)
    assert list(LossDecision.objects.values_list("number", "choice")) == [(1, "bad_debt"), (2, "credit_note")]
    assert books() == {"cash": -2000, **FEES}


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE billing_lossdecision SET reason = 'x'", "append-only"),
        ("DELETE FROM billing_lossdecision", "append-only"),
        (
            "INSERT INTO billing_lossdecision (dispute_id, number, choice, reason, actor, at)"
            " SELECT dispute_id, number, 'bad_debt', '', '', at FROM billing_lossdecision",
            "billing_loss_decided_once",
        ),
        (
            "INSERT INTO billing_lossdecision (dispute_id, number, choice, reason, actor, at)"
            " SELECT dispute_id, 2, 'credit_note', '', '', at FROM billing_lossdecision",
            "billing_loss_note_where_chosen",
        ),
    ],
)
def test_the_database_keeps_the_decision(lost, now, statement, match):
    losses.leave(lost.pk, now=now, **WHY)
    before = list(LossDecision.objects.values())
    with pytest.raises(IntegrityError, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(LossDecision.objects.values()) == before


def page(action: str, dispute: Dispute) -> str:
    return reverse(f"admin:billing_dispute_{action}", args=[dispute.pk])


def test_staff_decide_on_the_page_of_the_dispute(client, gateway, lost):
    client.force_login(staff(email="anna@example.com"))
    text = client.get(page("change", lost)).content.decode()
    assert "€29.00 is bad debt, and its VAT is still due" in text
    assert "a credit note of €29.00 corrects sale and VAT" in text
    form = {"_form_submitted": "on", "reason": ""}
    assert client.post(page("take_sale_back", lost), form).status_code == 200
    assert not LossDecision.objects.exists()
    assert client.post(page("take_sale_back", lost), {**form, "reason": "Cancelled"}).status_code == 302
    assert client.post(page("leave_as_bad_debt", lost), {**form, "reason": "No"}).status_code == 302
    decision = LossDecision.objects.get()
    assert (decision.choice, decision.reason) == ("credit_note", "Cancelled")
    text = client.get(page("change", lost)).content.decode()
    assert "taken back by a credit note ORC-000001, by" in text
    assert "This loss is decided already: taken back by a credit note." in text
    client.post(page("give_credit", lost), {"_form_submitted": "on"})
    assert "There is no money of a sale that was taken back." in client.get(page("change", lost)).content.decode()
