"""Issuing by how the customer is taxed: what invoices keep, what lines and books say, whatever the currency."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.billing import collection, explanation, invoices
from apps.billing.models import Invoice, InvoiceLine, LedgerEntry
from apps.billing.taxation import Taxation
from apps.mail.models import Message
from tests.factories import billing
from tests.factories.accounts import customer

from .reading import books, posted

pytestmark = pytest.mark.django_db

LINE = ["amount_minor", "net_minor", "tax_minor", "tax_basis_points", "tax_included"]


def net_line(amount_minor, *, start, **changes):
    return billing.plan_line(amount_minor, start=start, tax_included=False, **changes)


def explained(invoice) -> list[tuple[str, bool]]:
    """The formula of each line, and whether its amount and its tax agree with it."""
    lines = list(InvoiceLine.objects.select_related("invoice").filter(invoice=invoice))
    taxes = explanation.taxes_of(Invoice.objects.get(pk=invoice.pk), lines)
    return [
        (one.formula, one.agrees and tax.agrees) for one, tax in zip(map(explanation.of, lines), taxes, strict=True)
    ]


def test_tax_is_added_to_a_price_without_it(now):
    invoice = billing.invoice(customer(), now=now, lines=[net_line(1000, start=now)])
    invoice.refresh_from_db()
    assert (invoice.total_minor, invoice.tax_minor, invoice.net.minor, invoice.due_minor) == (1220, 220, 1000, 1220)
    assert invoice.lines.values_list(*LINE, "unit_minor").get() == (1220, 1000, 220, 2200, False, 1000)
    assert posted(f"invoice:{invoice.pk}") == {"receivable": 1220, "tax_payable": -220, "revenue_deferred": -1000}
    assert invoice.payments.get().amount_minor == 1220
    assert invoice.adds_tax
    assert explained(invoice)[0] == ("€10.00 × 1 = €10.00; plus 22 % VAT = €12.20", True)


@pytest.mark.parametrize(
    ("currency", "rate", "price", "with_tax", "without_tax"),
    [
        # JPY has no decimals, KWD three: price with tax (total, tax), and price without (total, tax).
        ("JPY", 1000, 1980, (1980, 180), (2178, 198)),
        ("JPY", 1000, 5, (5, 0), (6, 1)),
        ("EUR", 2550, 2550, (2550, 518), (3200, 650)),
        ("KWD", 500, 12_345, (12_345, 588), (12_962, 617)),
        ("USD", 0, 1300, (1300, 0), (1300, 0)),
    ],
)
def test_in_every_currency_by_its_own_smallest_unit(now, currency, rate, price, with_tax, without_tax):
    for included, expected in ((True, with_tax), (False, without_tax)):
        line = billing.plan_line(price, start=now, tax_basis_points=rate, tax_included=included)
        invoice = billing.invoice(customer(), now=now, currency=currency, lines=[line])
        assert (invoice.total_minor, invoice.tax_minor) == expected
        assert sum(LedgerEntry.objects.of_document(f"invoice:{invoice.pk}").values_list("amount_minor", flat=True)) == 0


def test_by_document_the_sum_is_taxed_and_the_lines_make_it_up(now):
    lines = [net_line(33, start=now, description=f"Thing {number}") for number in range(3)]
    by_line = billing.invoice(customer(), now=now, lines=lines)
    billing.round_tax_by("document")
    by_document = billing.invoice(customer(), now=now, lines=lines)
    assert (by_line.total_minor, by_line.tax_minor) == (120, 21)
    assert (by_document.total_minor, by_document.tax_minor) == (121, 22)
    assert list(by_document.lines.order_by("position").values_list("tax_minor", flat=True)) == [8, 7, 7]
    assert posted(f"invoice:{by_document.pk}") == {"receivable": 121, "tax_payable": -22, "revenue_deferred": -99}

    with_tax = [billing.plan_line(103, start=now) for _number in range(4)]
    invoice = billing.invoice(customer(), now=now, lines=with_tax)
    assert (invoice.total_minor, invoice.tax_minor) == (412, 74)
    assert list(invoice.lines.order_by("position").values_list("amount_minor", "tax_minor")) == [
        (103, 18), (103, 18), (103, 19), (103, 19),
    ]  # fmt: skip


def test_reverse_charge_takes_the_countrys_tax_out_of_a_price_with_it(now):
    user = customer(country="DE", name="Uta Zander")
    billing.company(user, now=now)
    lines = [
        billing.plan_line(2900, start=now, tax_basis_points=1900),
        billing.plan_line(
            -725,
            start=now,
            tax_basis_points=1900,
            kind="discount",
            inputs={"base_minor": 2900, "percent_basis_points": 2500},
        ),
        net_line(500, start=now, tax_basis_points=1900),
    ]
    invoice = billing.invoice(user, now=now, lines=lines)
    invoice.refresh_from_db()
    # 29.00 contains 4.63 at 19 %, 7.25 contains 1.16; a price without tax is what it is.
    assert (invoice.total_minor, invoice.tax_minor, invoice.tax_treatment) == (2437 - 609 + 500, 0, "reverse_charge")
    assert (invoice.customer_company, invoice.customer_tax_number) == ("Zitrus GmbH", "DE136695976")
    assert invoice.customer_address == "Hafenstr. 1\n20359 Hamburg"
    assert list(invoice.lines.order_by("position").values_list(*LINE)) == [
        (2437, 2437, 0, 0, True),
        (-609, -609, 0, 0, True),
        (500, 500, 0, 0, False),
    ]
    assert posted(f"invoice:{invoice.pk}") == {"receivable": 2328, "revenue_deferred": -2328}
    assert explained(invoice) == [
        ("€29.00 × 1 = €29.00; without 19 % VAT = €24.37", True),
        ("− 25 % of €29.00 = -€7.25; without 19 % VAT = -€6.09", True),
        ("€5.00 × 1 = €5.00", True),
    ]
    billing.company(user, now=now, company="Renamed GmbH")
    invoice.refresh_from_db()
    assert invoice.customer_company == "Zitrus GmbH"


def test_a_line_whose_tax_or_relief_does_not_add_up_is_seen(now):
    user = customer()
    inputs = {"base_minor": 1220, "base_tax_minor": 220, "seconds_left": 1, "seconds_whole": 2}
    given = {"kind": "proration_credit", "inputs": inputs}
    lines = [
        billing.plan_line(2000, start=now),
        billing.plan_line(-610, start=now, charged_tax_minor=-110, **given),
        billing.plan_line(-610, start=now, charged_tax_minor=-109, **given),
        billing.plan_line(1000, start=now, inputs={"unit_minor": 1000, "quantity": 1, "relieved_minor": 1}),
    ]
    lines[3] = replace(lines[3], inputs={**lines[3].inputs, "relieved_basis_points": 2200})
    assert [agrees for _formula, agrees in explained(billing.invoice(user, now=now, lines=lines))] == [
        True, True, False, False,
    ]  # fmt: skip


def test_what_gives_back_keeps_its_tax_under_reverse_charge(now):
    user = customer(country="DE")
    billing.company(user, now=now)
    back = billing.plan_line(-1190, start=now, tax_basis_points=1900, charged_tax_minor=-190, kind="proration_credit")
    invoice = billing.invoice(user, now=now, lines=[back, billing.plan_line(2380, start=now, tax_basis_points=1900)])
    assert (invoice.total_minor, invoice.tax_minor, invoice.net.minor) == (810, -190, 1000)
    assert posted(f"invoice:{invoice.pk}") == {"receivable": 810, "tax_payable": 190, "revenue_deferred": -1000}
    assert invoice.tax_treatment == "reverse_charge"
    before = books()
    invoices.void(invoice.pk, reason="test", now=now)
    assert before != books() == {}


def test_at_home_and_abroad_the_number_is_printed_and_the_rate_charged(now):
    for country, number, rate, tax in (("IT", "IT00743110157", 2200, 523), ("US", "12-3456789", 0, 0)):
        user = customer(country=country)
        billing.company(user, tax_number=number, now=now)
        invoice = billing.invoice(user, now=now, lines=[billing.plan_line(2900, start=now, tax_basis_points=rate)])
        assert (invoice.customer_tax_number, invoice.tax_treatment) == (number, "standard")
        assert (invoice.total_minor, invoice.tax_minor) == (2900, tax)


def test_a_batch_reads_who_is_billed_in_one_statement(now):
    def issue(count):
        people = [customer(country="DE") for _number in range(count)]
        for user in people[::2]:
            billing.company(user, now=now)
        lines = [billing.plan_line(1190, start=now, tax_basis_points=1900)]
        with CaptureQueriesContext(connection) as captured:
            issued = invoices.issue([billing.draft(user, now=now, lines=lines) for user in people], now=now)
        assert [invoice.total_minor for invoice in issued] == [1000, 1190] * (count // 2)
        reads = [query["sql"] for query in captured if 'FROM "billing_billingdetails"' in query["sql"]]
        assert len(reads) == 1
        return len(captured)

    assert issue(20) == issue(60)


def test_a_draft_that_says_how_it_is_taxed_is_not_asked_again(now):
    user = customer(country="DE")
    billing.company(user, now=now)
    taxation = Taxation(company="As quoted")
    with CaptureQueriesContext(connection) as captured:
        invoice = billing.invoice(user, now=now, taxation=taxation, lines=[billing.plan_line(1190, start=now)])
    assert (invoice.customer_company, invoice.tax_treatment, invoice.tax_minor) == ("As quoted", "standard", 215)
    assert not [query for query in captured if "billingdetails" in query["sql"]]


def test_the_database_refuses_tax_under_reverse_charge_and_a_number_of_nobody(now):
    user = customer(country="DE")
    billing.company(user, now=now)
    good = billing.invoice(user, now=now)
    facts = Invoice.objects.filter(pk=good.pk).values().get()
    for changes in ({"tax_minor": 1}, {"customer_tax_number": ""}):
        row = Invoice(**{**facts, "id": None, "key": "x", "number": "X", "serial": 999, **changes})
        with pytest.raises(IntegrityError, match="reverse_charge"), transaction.atomic():
            row.save(force_insert=True)
    assert Invoice.objects.count() == 1


def test_the_receipt_says_reverse_charge(gateway, now):
    user = billing.payer(gateway, now=now, country="DE")
    billing.company(user, now=now)
    lines = [billing.plan_line(0, start=now), billing.plan_line(2380, start=now, tax_basis_points=1900)]
    billing.invoice(user, now=now, lines=lines)
    collection.collect_due(now=now)
    mail = Message.objects.get(kind="receipt")
    assert "Reverse charge: the customer accounts for the VAT" in mail.text
    assert "Total: €20.00" in mail.text
    assert "tax included" not in mail.text
