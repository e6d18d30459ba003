"""Companies in other member states pay no tax, and their invoices say why: by what was supplied, goods or services."""

import pytest

from apps.billing import explanation, papers
from apps.billing.models import CreditNote, Invoice, InvoiceLine
from apps.mail.models import Message
from apps.memberships import rules
from apps.orders import refunding
from apps.orders.models import Order
from tests.factories import accounts, billing, catalog, kits, memberships, orders
from tests.storefront.pages import signed_in

pytestmark = pytest.mark.django_db
GOODS = "Intra-Community supply of goods, exempt from VAT (Directive 2006/112/EC, Art. 138)."
SERVICES = "Reverse charge: the customer accounts for the VAT (Directive 2006/112/EC, Art. 196)."


@pytest.fixture
def company(now):
    user = accounts.customer(country="DE")
    billing.company(user, now=now)
    return user


@pytest.fixture
def tree():
    return catalog.product(price=5000, left=10, name="Lemon tree").variants.get()


@pytest.fixture
def hour():
    return catalog.product(price=4000, kind="service", name="Gardener hour").variants.get()


def bought(gateway, company, *things, now, **how) -> Order:
    return orders.paid(gateway, *[(thing, 1) for thing in things], now=now, customer=company, **how)


def notes(order: Order) -> list[str]:
    return papers.of_invoice(Invoice.objects.with_lines().get(pk=order.invoice_id)).notes


def supplied(order: Order) -> list[tuple[str, str]]:
    return list(order.invoice.lines.values_list("kind", "supply"))


def test_goods(gateway, now, company, tree):
    order = bought(gateway, company, tree, now=now, address=orders.BERLIN)
    assert (order.tax_minor, notes(order)) == (0, [GOODS])
    assert supplied(order) == [("goods", "goods"), ("shipping", "goods")]
    letter = Message.objects.get(kind="receipt")
    assert (GOODS in letter.text, SERVICES in letter.text) == (True, False)


def test_a_service(gateway, now, company, hour):
    order = bought(gateway, company, hour, now=now, country="DE", address=orders.BERLIN)
    assert (order.tax_minor, notes(order), supplied(order)) == (0, [SERVICES], [("goods", "service")])


def test_both(gateway, now, company, tree, hour):
    order = bought(gateway, company, tree, hour, now=now, address=orders.BERLIN)
    assert notes(order) == [GOODS, SERVICES]
    assert supplied(order) == [("goods", "goods"), ("goods", "service"), ("shipping", "goods")]
    told = [explanation.taxes_of(order.invoice, list(order.invoice.lines.all()))[row].formula for row in (0, 1)]
    assert told == ["€0.00, goods sent to a company abroad", "€0.00, the customer accounts for it"]


def test_what_a_code_takes_off_is_supplied_like_what_it_is_taken_off(gateway, now, company, tree, hour):
    code = memberships.promotion(now=now, code="SPRING", for_goods=True, percent_basis_points=1000)
    basket = orders.basket((tree, 1), (hour, 1), now=now, customer=company)
    basket.promotion = code
    basket.save()
    begun = orders.begin(basket, customer=company, now=now, address=orders.BERLIN)
    order = orders.pay(gateway, begun, now=now)
    discounts = order.invoice.lines.filter(kind="discount").values_list("supply", flat=True)
    assert list(discounts) == ["goods", "service"]


def test_a_bundle_with_a_tree_in_it_is_goods(gateway, now, company):
    kit = kits.make()
    order = kits.paid(gateway, kit, kit.small, now=now, customer=company, address=orders.BERLIN)
    assert notes(order) == [GOODS]


def test_who_pays_tax_reads_nothing_of_it(gateway, now, tree):
    order = orders.paid(gateway, (tree, 1), now=now, address=orders.BERLIN)
    assert (order.tax_minor, notes(order)) == (988, [])


def test_a_credit_note_has_the_words_of_what_it_takes_back(gateway, now, company, tree, hour):
    order = bought(gateway, company, tree, hour, now=now, address=orders.BERLIN)
    line = order.lines.get(description="Gardener hour")
    refunding.give_back(
        order.pk, pieces={line.pk: 1}, shipping=False, restock=False, reason="Rain", actor="x", key="1", now=now
    )
    paper = papers.of_credit_note(CreditNote.objects.with_lines().get())
    assert paper.notes[1:] == [SERVICES]


def test_orders_begun_before_the_words_are_invoiced_as_before(gateway, now, company, tree):
    basket = orders.basket((tree, 1), now=now, customer=company)
    begun = orders.begin(basket, customer=company, now=now, address=orders.BERLIN)
    for line in begun.agreed["lines"]:
        del line["supply"]
    begun.save()
    order = orders.pay(gateway, begun, now=now)
    assert {supply for _kind, supply in supplied(order)} == {"service"}


def test_a_membership_is_a_service(gateway, now, company):
    memberships.plans()
    invoice = billing.invoice(company, now=now)
    assert (invoice.is_reverse_charge, InvoiceLine.objects.get().supply) == (True, "service")


def test_a_plan_that_sends_goods_supplies_goods(now):
    memberships.plans()
    code = memberships.promotion(now=now, percent_basis_points=1000)
    price = memberships.price("grove")
    for sends_goods, supply in ((False, "service"), (True, "goods")):
        price.plan.sends_goods = sends_goods
        lines = rules.price_lines(price, promotion=code, tax_basis_points=1900)
        assert [(line.kind, line.supply) for line in lines] == [("plan", supply), ("discount", supply)]


def test_the_pages_show_what_is_not_charged(gateway, now, company, tree, time_machine):
    time_machine.move_to(now, tick=False)
    orders.basket((tree, 1), now=now, customer=company)
    shown = orders.quote(company.basket, customer=company, now=now, country="DE")
    # 61.90 with 19 % in it.
    assert (shown.relieved.minor, shown.total.minor) == (988, 5202)
    begun = orders.begin(company.basket, customer=company, now=now, address=orders.BERLIN)
    order = orders.pay(gateway, begun, now=now)
    page = signed_in(company).get(f"/account/orders/{order.number}/").content.decode()
    assert "VAT that you account for" in page
    assert "−€9.88" in page
    assert "VAT that you account for: −€9.88" in Message.objects.get(kind="order-confirmed").text
