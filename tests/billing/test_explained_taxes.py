"""The tax of a line is explained as it was computed: added, given back, left to the customer, rounded with others."""

import pytest
from django.utils.translation import override

from apps.billing import explanation, vat_registry
from apps.billing.models import Invoice, InvoiceLine
from apps.billing.vat_registry.scripted import Scripted
from tests.factories import billing
from tests.factories.accounts import customer

pytestmark = pytest.mark.django_db


def taxes(invoice: Invoice) -> list[tuple[str, bool]]:
    found = Invoice.objects.get(pk=invoice.pk)
    with override("en"):
        return [(one.formula, one.agrees) for one in explanation.taxes_of(found, found.lines.all())]


def test_tax_that_is_added(now):
    line = billing.plan_line(1000, start=now, tax_basis_points=2550, tax_included=False)
    assert taxes(billing.invoice(customer(), now=now, lines=[line])) == [("€10.00 × 25.5 ÷ 100 = €2.55", True)]


def test_tax_that_is_rounded_once_for_the_document(now):
    lines = [billing.plan_line(1150, start=now) for _number in range(3)]
    alone = ("€11.50 × 22 ÷ 122 = €2.07", True)
    assert taxes(billing.invoice(customer(), now=now, lines=lines)) == [alone] * 3
    billing.round_tax_by("document")
    more = ("€11.50 × 22 ÷ 122 = €2.07; rounded together with the other lines: €2.08", True)
    invoice = billing.invoice(customer(), now=now, lines=lines)
    assert taxes(invoice) == [more, alone, alone]
    # Later invoices are rounded by line again; this one keeps to what it was issued under.
    billing.round_tax_by("line")
    assert taxes(invoice) == [more, alone, alone]


def test_tax_that_the_customer_accounts_for(now):
    with vat_registry.using(Scripted({})):
        user = customer(country="DE")
        billing.company(user, now=now)
    lines = [billing.plan_line(2900, start=now, tax_basis_points=1900), billing.plan_line(1, start=now)]
    invoice = billing.invoice(user, now=now, lines=lines)
    assert taxes(invoice) == [("€0.00, the customer accounts for it", True)] * 2
    # The cent contains no whole cent of tax, and still says at which rate it was looked for.
    told = [(line.inputs["relieved_minor"], line.inputs["relieved_basis_points"]) for line in invoice.lines.all()]
    assert told == [(463, 1900), (0, 2200)]


def test_tax_without_usable_inputs_is_shown_as_it_is(now):
    broken = InvoiceLine(
        invoice=Invoice(currency="EUR"), amount_minor=-122, tax_minor=-22, tax_basis_points=2200,
        inputs={"base_tax_minor": 44},
    )  # fmt: skip
    [told] = explanation.taxes_of(broken.invoice, [broken])
    assert (told.formula, told.agrees) == ("-€0.22", False)
