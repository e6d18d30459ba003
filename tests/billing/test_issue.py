"""Issuing invoices: numbers, lines, tax, postings, credit, and the payment that follows."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.billing import credit, invoices, rules, signals
from apps.billing.models import Account, Invoice, InvoiceLine, InvoiceSeries, LedgerEntry, Payment
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import customer

from .reading import books, heard, history, mails, posted

pytestmark = pytest.mark.django_db


def test_an_invoice_has_its_number_lines_tax_postings_and_payment(now):
    user = customer(name="Anna Rossi")
    lines = [
        billing.plan_line(2900, start=now),
        billing.plan_line(
            -725,
            start=now,
            kind="discount",
            description="Spring",
            inputs={"base_minor": 2900, "percent_basis_points": 2500},
        ),
        billing.plan_line(
            1500, start=now, kind="add_on", quantity=3, unit_minor=500, period_start=None, period_end=None
        ),
    ]
    [invoice] = invoices.issue([billing.draft(user, now=now, key="renewal:1", lines=lines)], now=now)

    invoice.refresh_from_db()
    assert (invoice.number, invoice.status, invoice.key) == ("OR-000001", "open", "renewal:1")
    assert (invoice.total, invoice.tax, invoice.net) == (Money(3675, "EUR"), Money(662, "EUR"), Money(3013, "EUR"))
    assert (invoice.customer_name, invoice.customer_email, invoice.customer_country) == ("Anna Rossi", user.email, "IT")
    columns = ["position", "kind", "quantity", "unit_minor", "amount_minor", "net_minor", "tax_minor"]
    assert list(invoice.lines.values_list(*columns)) == [
        (1, "plan", 1, 2900, 2900, 2377, 523),
        (2, "discount", 1, -725, -725, -594, -131),
        (3, "add_on", 3, 500, 1500, 1230, 270),
    ]
    assert posted(f"invoice:{invoice.pk}") == {
        "receivable": 3675,
        "tax_payable": -662,
        "revenue_deferred": -1783,
        "revenue": -1230,
    }
    payment = invoice.payments.get()
    assert (payment.status, payment.amount, payment.attempt) == ("pending", Money(3675, "EUR"), 1)
    assert (payment.due_at, payment.card, payment.on_session) == (now, None, False)
    assert [rules.recompute(line.kind, line.inputs) for line in invoice.lines.all()[:2]] == [2900, -725]


def test_many_invoices_take_as_many_statements_as_one(now):
    def statements(count):
        drafts = [billing.draft(customer(), now=now) for _ in range(count)]
        for draft in drafts[: count // 2]:
            credit.grant(
                draft.customer,
                money=Money(500, "EUR"),
                key=f"gift:{draft.key}",
                reason="gift",
                now=now,
                source_account=Account.POINTS_EXPENSE,
            )
        with CaptureQueriesContext(
            connection,
        ) as captured:
            issued = invoices.issue(drafts, now=now)
        assert [invoice.key for invoice in issued] == [draft.key for draft in drafts]
        return len(captured)

    assert statements(20) == statements(60) <= 15
    assert Invoice.objects.count() == 80
    assert InvoiceLine.objects.count() == 80
    assert Payment.objects.filter(amount_minor=2400).count() == 40
    assert list(Invoice.objects.order_by("serial").values_list("serial", flat=True)) == list(range(1, 81))


def test_credit_is_used_before_any_card(now):
    user = customer()
    credit.grant(
        user,
        money=Money(4000, "EUR"),
        key="points:1",
        reason="Points",
        now=now,
        source_account=Account.POINTS_LIABILITY,
    )
    drafts = [billing.draft(user, now=now), billing.draft(user, now=now), billing.draft(user, now=now, currency="USD")]
    with heard(signals.invoices_paid) as announced:
        first, second, dollars = invoices.issue(drafts, now=now)

    assert (first.status, first.due_minor, first.credit_applied_minor, first.paid_at) == ("paid", 0, 2900, now)
    assert (second.status, second.due_minor, second.credit_applied_minor) == ("open", 1800, 1100)
    assert (dollars.due_minor, dollars.credit_applied_minor) == (2900, 0)
    assert announced == [{"invoice_ids": [first.pk], "now": now}]
    assert not first.payments.exists()
    assert second.payments.get().amount_minor == 1800
    assert posted(f"invoice-credit:{second.pk}") == {"customer_credit": 1100, "receivable": -1100}
    assert credit.balance(user, "EUR") == Money(0, "EUR")
    assert history(first) == [("open", "paid")]
    assert mails(user) == ["receipt"]


def test_a_free_invoice_is_paid_at_once_without_a_receipt(now):
    user = customer()
    with heard(signals.invoices_paid) as announced:
        invoice = billing.invoice(user, now=now, lines=[billing.plan_line(0, start=now)])
    assert (invoice.status, invoice.paid_at) == ("paid", now)
    assert announced == [{"invoice_ids": [invoice.pk], "now": now}]
    assert not invoice.payments.exists()
    assert mails(user) == []
    assert books() == {}


def test_a_key_is_issued_once_and_its_number_goes_to_the_next(now):
    user = customer()
    billing.invoice(user, now=now, key="renewal:7")
    with pytest.raises(IntegrityError, match="key"), transaction.atomic():
        invoices.issue([billing.draft(user, now=now), billing.draft(user, now=now, key="renewal:7")], now=now)
    assert Invoice.objects.count() == 1
    assert InvoiceSeries.objects.get(code="main").next_number == 2
    assert billing.invoice(user, now=now).number == "OR-000002"


@pytest.mark.parametrize("lines", [[], [-1]])
def test_an_invoice_without_lines_or_below_zero_is_refused(now, lines):
    bad = billing.draft(customer(), now=now, lines=[billing.plan_line(minor, start=now) for minor in lines])
    with pytest.raises(ValueError, match="no lines or a negative total"):
        invoices.issue([billing.draft(customer(), now=now), bad], now=now)
    assert not Invoice.objects.exists()
    assert not LedgerEntry.objects.exists()


def test_an_unknown_series_is_refused(now):
    with pytest.raises(InvoiceSeries.DoesNotExist, match="winter"):
        invoices.issue([billing.draft(customer(), now=now)], now=now, series="winter")
    assert not Invoice.objects.exists()


def test_nothing_to_issue_takes_no_number(now):
    assert invoices.issue([], now=now) == []
    assert InvoiceSeries.objects.get(code="main").next_number == 1


def test_voiding_reverses_the_books_gives_credit_back_and_cancels_the_payment(now):
    user = customer()
    credit.grant(user, money=Money(900, "EUR"), key="points:1", reason="", now=now, source_account="points_liability")
    before = books()
    invoice = billing.invoice(user, now=now)
    assert books() != before
    later = now + timedelta(hours=1)
    with heard(signals.invoice_voided) as announced:
        invoices.void(invoice.pk, reason="ended", now=later, actor="staff@example.com")
        invoices.void(invoice.pk, reason="again", now=later)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.voided_at) == ("void", later)
    assert books() == before
    assert credit.balance(user, "EUR") == Money(900, "EUR")
    assert invoice.payments.get().status == "cancelled"
    assert announced == [{"invoice_id": invoice.pk, "now": later}]
    assert invoice.changes.values_list("reason", "actor").get() == ("ended", "staff@example.com")


def test_a_paid_invoice_is_not_voided(now):
    invoice = billing.invoice(customer(), now=now, lines=[billing.plan_line(0, start=now)])
    with pytest.raises(invoices.CannotVoid, match="is paid"):
        invoices.void(invoice.pk, reason="no", now=now)
    invoice.refresh_from_db()
    assert invoice.status == "paid"
