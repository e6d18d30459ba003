"""Credit notes: one for every correction of an invoice, in its own series, never more than was invoiced."""

from datetime import timedelta

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.billing import collection, corrections, credit, invoices, refunds
from apps.billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceSeries, LedgerEntry, Payment, Refund, Seller
from apps.core.money import Money
from tests.factories import billing

from .reading import books, mails, posted

pytestmark = pytest.mark.django_db

LINE = ["description", "amount_minor", "net_minor", "tax_minor", "tax_basis_points"]


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def paid(gateway, now) -> Invoice:
    """A paid invoice of 36.75: a plan, a discount on it, and an add-on used at once."""
    lines = [
        billing.plan_line(2900, start=now),
        billing.plan_line(-725, start=now, kind="discount", description="Spring"),
        billing.plan_line(1500, start=now, description="Gardener", period_start=None, period_end=None),
    ]
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now, lines=lines)
    collection.collect_due(now=now)
    invoice.refresh_from_db()
    return invoice


def to_credit(invoice: Invoice, minor: int, now, *, key="a", currency="EUR") -> CreditNote:
    money = Money(minor, currency)
    return corrections.to_credit(invoice.pk, amount=money, key=key, reason="Late start", now=now)


def lines_of(note: CreditNote) -> list[tuple]:
    return list(note.lines.order_by("position").values_list(*LINE))


def test_a_refund_in_full_is_the_mirror_of_the_invoice(paid, now):
    payment = billing.payment_of(paid)
    refund = refunds.request(payment.pk, amount=eur(3675), key="a", reason="Withdrawn", now=now)
    note = refund.credit_note
    assert (note.number, note.settlement, note.reason) == ("ORC-000001", "card", "Withdrawn")
    assert (note.total, note.tax, note.net) == (paid.total, paid.tax, paid.net)
    assert (note.invoice, note.customer, note.issued_at) == (paid, paid.customer, now)
    assert lines_of(note) == list(paid.lines.order_by("position").values_list(*LINE))
    assert posted(f"credit-note:{note.pk}") == {
        "tax_payable": 662,
        "revenue_deferred": 1783,
        "revenue": 1230,
        "refunds_clearing": -3675,
    }
    refunds.carry_out_due(now=now)
    assert books() == {}


def test_parts_to_the_card_and_to_credit_add_up_to_the_invoice(paid, now):
    first = corrections.to_card(paid.pk, amount=eur(1000), key="a", reason="Late start", now=now)
    second = to_credit(paid, 1337, now)
    third = corrections.to_card(paid.pk, amount=eur(1338), key="b", reason="The rest", now=now)
    assert [note.number for note in (first, second, third)] == ["ORC-000001", "ORC-000002", "ORC-000003"]
    assert lines_of(first) == [
        ("Grove membership", 789, 647, 142, 2200),
        ("Spring", -197, -161, -36, 2200),
        ("Gardener", 408, 335, 73, 2200),
    ]
    parts = CreditNoteLine.objects.filter(credit_note__invoice=paid)
    for line in paid.lines.all():
        credited = parts.filter(line=line).values_list("amount_minor", "tax_minor")
        assert [sum(column) for column in zip(*credited, strict=True)] == [line.amount_minor, line.tax_minor]
    assert corrections.creditable(paid) == eur(0)
    assert credit.balance(paid.customer, "EUR") == eur(1337)
    refunds.carry_out_due(now=now)
    assert books() == {"cash": 1337, "customer_credit": -1337}
    assert mails(paid.customer) == ["receipt", "refund-sent", "refund-sent"]


def test_credit_of_a_note_pays_the_next_invoice(paid, now):
    note = to_credit(paid, 1337, now)
    entry = credit.CreditEntry.objects.get(key=f"credit-note:{note.pk}")
    assert (entry.amount, entry.reason) == (eur(1337), "ORC-000001")
    later = billing.invoice(paid.customer, now=now)
    assert (later.credit_applied, later.due) == (eur(1337), eur(1563))


def test_one_occasion_is_one_note(paid, now):
    assert to_credit(paid, 1000, now) == to_credit(paid, 1000, now)
    card = {"amount": eur(500), "key": "a", "reason": "x", "now": now}
    assert corrections.to_card(paid.pk, **card) == corrections.to_card(paid.pk, **card)
    assert CreditNote.objects.count() == 2
    assert InvoiceSeries.objects.get(code="credit").next_number == 3


@pytest.mark.parametrize(("minor", "currency"), [(0, "EUR"), (-1, "EUR"), (3676, "EUR"), (100, "USD")])
def test_a_senseless_amount_is_refused_and_takes_no_number(paid, now, minor, currency):
    before = LedgerEntry.objects.count()
    with pytest.raises(corrections.CannotCredit, match="3675 EUR left"):
        to_credit(paid, minor, now, currency=currency)
    with pytest.raises(corrections.CannotRefund, match="3675 EUR left"):
        corrections.to_card(paid.pk, amount=Money(minor, currency), key="a", reason="", now=now)
    assert not CreditNote.objects.exists()
    assert not Refund.objects.exists()
    assert LedgerEntry.objects.count() == before
    assert InvoiceSeries.objects.get(code="credit").next_number == 1


def test_what_became_credit_does_not_go_to_the_card_as_well(paid, now):
    to_credit(paid, 3000, now)
    payment = billing.payment_of(paid)
    assert refunds.refundable(payment) == eur(3675)
    assert corrections.payable_back(paid) == eur(675)
    with pytest.raises(refunds.CannotRefund, match="676 EUR asked, 675 EUR left"):
        refunds.request(payment.pk, amount=eur(676), key="b", reason="", now=now)
    assert CreditNote.objects.count() == 1


def test_what_was_paid_by_credit_goes_back_to_credit_only(gateway, now):
    user = billing.payer(gateway, now=now)
    credit.grant(user, money=eur(2900), key="gift", reason="", now=now, source_account="points_liability")
    invoice = billing.invoice(user, now=now)
    with pytest.raises(corrections.CannotCredit, match="No card paid"):
        corrections.to_card(invoice.pk, amount=eur(100), key="a", reason="", now=now)
    assert corrections.payable_back(invoice) == eur(0)
    note = to_credit(invoice, 2900, now)
    assert credit.balance(user, "EUR") == eur(2900)
    assert posted(f"credit-note:{note.pk}") == {
        "tax_payable": 523,
        "revenue_deferred": 2377,
        "customer_credit": -2900,
    }


def test_an_open_invoice_is_withdrawn_whole_and_not_in_part(gateway, now):
    user = billing.payer(gateway, now=now)
    credit.grant(user, money=eur(900), key="gift", reason="", now=now, source_account="points_liability")
    invoice = billing.invoice(user, now=now)
    with pytest.raises(corrections.CannotCredit, match="is open"):
        to_credit(invoice, 100, now)
    invoices.void(invoice.pk, reason="Never started", now=now)
    note = CreditNote.objects.get()
    assert (note.number, note.settlement, note.reason) == ("ORC-000001", "open", "Never started")
    assert (note.total, note.tax) == (eur(2900), eur(523))
    assert posted(f"credit-note:{note.pk}") == {
        "tax_payable": 523,
        "revenue_deferred": 2377,
        "receivable": -2000,
        "customer_credit": -900,
    }
    assert credit.balance(user, "EUR") == eur(900)
    assert books() == {"points_liability": 900, "customer_credit": -900}
    with pytest.raises(corrections.CannotCredit, match="is void"):
        to_credit(invoice, 100, now)
    assert CreditNote.objects.count() == 1


def test_late_money_on_a_withdrawn_invoice_goes_back_without_a_second_note(gateway, now):
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    [payment] = collection.lifecycle.claim(now=now, limit=1)
    invoices.void(invoice.pk, reason="The membership has ended.", now=now)
    collection.write_down(payment.pk, gateway.charge(request_of(payment)), now=now)
    refunds.carry_out_due(now=now)
    payment.refresh_from_db()
    assert (payment.status, payment.surplus) == ("succeeded", True)
    assert Refund.objects.values_list("amount_minor", "status", "credit_note").get() == (2900, "succeeded", None)
    assert CreditNote.objects.values_list("settlement", "total_minor").get() == ("open", 2900)
    assert posted(f"payment:{payment.pk}") == {"cash": 2900, "refunds_clearing": -2900}
    assert books() == {}


def request_of(payment: Payment):
    from apps.billing.gateway.port import ChargeRequest

    return ChargeRequest(
        payment_key=str(payment.key),
        customer_id=payment.invoice.customer.billing_profile.gateway_customer_id,
        method_id=payment.card.gateway_id,
        money=payment.amount,
        on_session=False,
    )


def test_both_documents_keep_the_seller_of_their_day(paid, now):
    assert paid.seller_details["legal_name"] == "Orangery"
    before = Invoice.objects.values_list("seller_details").get()
    Seller.objects.update(legal_name="Orangery S.r.l.", tax_number="IT00743110157")
    note = to_credit(paid, 100, now + timedelta(days=1))
    assert note.seller_details == {
        "legal_name": "Orangery S.r.l.",
        "address": "Via degli Agrumi 12\n80067 Sorrento\nItaly",
        "country": "IT",
        "tax_number": "IT00743110157",
        "registration": "",
        "email": "",
    }
    assert Invoice.objects.values_list("seller_details").get() == before


@pytest.mark.parametrize("table", ["billing_creditnote", "billing_creditnoteline"])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET id = id", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_a_note_never_changes(paid, now, table, statement):
    to_credit(paid, 100, now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert (CreditNote.objects.count(), CreditNoteLine.objects.count()) == (1, 3)


def test_the_database_refuses_more_than_was_invoiced(paid, now):
    note = to_credit(paid, 3000, now)
    facts = {field.attname: getattr(note, field.attname) for field in CreditNote._meta.concrete_fields}
    raw = {**facts, "id": None, "key": "raw", "serial": 99, "number": "ORC-000099"}
    for change in ({"total_minor": 676}, {"total_minor": 1, "currency": "USD"}, {"total_minor": 0}):
        with pytest.raises(IntegrityError, match=r"credit above invoice|total_positive"), transaction.atomic():
            CreditNote.objects.create(**{**raw, **change})
    assert CreditNote.objects.get() == note


def test_the_database_refuses_lines_that_do_not_add_up_or_take_too_much(paid, gateway, now):
    note = to_credit(paid, 3000, now)
    other = billing.invoice(paid.customer, now=now)
    plan, _discount, add_on = paid.lines.order_by("position")
    facts = {field.attname: getattr(note, field.attname) for field in CreditNote._meta.concrete_fields}

    def write(*lines):
        facts.update(id=None, key="raw", serial=99, number="ORC-000099", total_minor=600, tax_minor=100)
        raw = CreditNote.objects.create(**facts)
        CreditNoteLine.objects.bulk_create(
            CreditNoteLine(
                credit_note=raw,
                line=line,
                position=position,
                amount_minor=gross,
                net_minor=gross - tax,
                tax_minor=tax,
                tax_basis_points=2200,
            )
            for position, (line, gross, tax) in enumerate(lines)
        )

    for match, lines in [
        ("do not add up", [(plan, 500, 100)]),
        ("do not add up", [(plan, 600, 99)]),
        ("of another invoice", [(other.lines.get(), 600, 100)]),
        ("credit above invoice line", [(plan, 600, 100)]),
        ("credit above invoice line", [(plan, 800, 200), (add_on, -200, -100)]),
    ]:
        with pytest.raises(IntegrityError, match=match), transaction.atomic():
            write(*lines)
    assert CreditNote.objects.get() == note
    assert CreditNoteLine.objects.count() == 3


def test_a_note_takes_the_same_statements_whatever_the_lines(gateway, now):
    def statements(count):
        user = billing.payer(gateway, now=now)
        invoice = billing.invoice(user, now=now, lines=[billing.plan_line(start=now)] * count)
        collection.collect_due(now=now)
        with CaptureQueriesContext(connection) as captured:
            to_credit(invoice, 100 * count, now)
        return len(captured)

    assert statements(1) == statements(20) <= 17
