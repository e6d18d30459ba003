"""What letters and documents name is in the language of their reader, whatever the language of who makes them."""

from datetime import timedelta

import pytest
from django.utils.translation import get_language, override

from apps.accounts import letters
from apps.billing import papers
from apps.billing.models import Invoice, InvoiceLine
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import renewals, services
from apps.memberships.declarations import matching
from apps.memberships.models import Benefit, Plan, Subscription
from apps.offers.winback import _price_match
from apps.orders.models import Order, OrderPiece, ShippingRate
from apps.promotions.models import Promotion
from tests.factories import accounts, boxes, catalog, kits, orders
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def italian():
    """A customer who reads Italian; who works here reads English."""
    assert get_language() == "en"
    return accounts.customer(locale="it")


@pytest.fixture
def grove():
    plan = make.plans()["grove"]
    Plan.objects.filter(pk=plan.pk).update(i18n={"name_it": "Agrumeto"})
    Benefit.objects.filter(plan=plan, code="ask").update(i18n={"text_it": "Chiedi a un giardiniere"})
    return plan


def letter(kind: str) -> Message:
    return Message.objects.get(kind=kind)


def lines(reason: str) -> list[str]:
    found = InvoiceLine.objects.filter(invoice__reason=reason).order_by("position")
    return list(found.values_list("description", flat=True))


def test_a_letter_is_made_in_the_language_of_its_reader(italian, now):
    letters.put("account-login-code", italian, key="one", context=lambda: {"code": get_language()}, now=now)
    guest = letters.Reader("someone@example.com", None, "ro")
    letters.put("account-login-code", guest, key="two", context=lambda: {"code": get_language()}, now=now)
    letters.put("account-login-code", italian, key="three", context={"code": get_language()}, now=now)
    rows = Message.objects.order_by("pk").values_list("context__code", "to_email", "user_id", "locale")
    assert list(rows) == [
        ("it", italian.email, italian.pk, "it"),
        ("ro", "someone@example.com", None, "ro"),
        ("en", italian.email, italian.pk, "it"),
    ]
    assert get_language() == "en"


def test_a_membership_is_confirmed_and_invoiced_in_italian(gateway, grove, italian, now):
    make.join(gateway, make.price("grove"), now=now, user=italian)
    confirmation = letter("membership-confirmation")
    assert confirmation.context["plan"] == "Agrumeto"
    assert "Chiedi a un giardiniere" in confirmation.context["benefits"]
    assert "Agrumeto" in confirmation.text
    assert "Grove" not in confirmation.text
    [line] = lines("signup")
    assert "Agrumeto" in line
    assert letter("receipt").context["lines"][0]["description"] == line


def test_renewals_of_one_batch_are_each_in_their_language(gateway, grove, italian, now):
    english = accounts.customer()
    for user in (italian, english):
        make.join(gateway, make.price("grove"), now=now, user=user)
    renewals.bill_due(now=now + timedelta(days=32))
    billed = {invoice.customer: invoice.lines.get().description for invoice in Invoice.objects.filter(reason="renewal")}
    assert "Agrumeto" in billed[italian]
    assert "Grove" in billed[english]


def test_a_change_that_staff_carry_out_is_invoiced_in_the_customers_language(gateway, grove, italian, now):
    member = make.member(gateway, now=now, user=italian)
    Plan.objects.filter(slug="conservatory").update(i18n={"name_it": "Giardino d’inverno"})
    later = now + timedelta(days=3)
    services.change_plan(member.pk, make.price("conservatory").pk, customer=italian, now=later, actor="boss")
    back, charge = lines("change")
    assert ("Agrumeto" in back, "Giardino d’inverno" in charge) == (True, True)


def test_an_order_is_written_down_confirmed_and_invoiced_in_italian(gateway, italian, now):
    ShippingRate.objects.filter(name="Standard").update(i18n={"name_it": "Corriere"})
    feed = catalog.product(name="Feed", name_it="Concime", left=9)
    small = catalog.variant(feed, name="1 litre", name_it="1 litro", left=9)
    order = orders.paid(gateway, (small, 2), now=now, customer=italian, address=orders.HOME)
    assert order.lines.get().description == "Concime, 1 litro"
    assert order.shipping_name == "Corriere"
    goods, shipping = lines("order")
    assert goods == "Concime, 1 litro"
    assert "Corriere" in shipping
    confirmed = letter("order-confirmed")
    assert confirmed.context["lines"][0]["description"] == "2 × Concime, 1 litro"
    assert "Concime, 1 litro" in papers.of_invoice(Invoice.objects.with_lines().get()).lines[0].description


def test_what_is_in_a_bundle_is_written_down_in_italian(gateway, italian, now):
    kit = kits.make()
    kit.soil.product.name_it = "Terriccio"
    kit.soil.product.save()
    kits.paid(gateway, kit, kit.large, now=now, customer=italian)
    assert set(OrderPiece.objects.values_list("description", flat=True)) == {"Terriccio", "Large pot"}


def test_a_box_that_a_worker_packs_is_described_in_italian(gateway, italian, now):
    made = boxes.box()
    for row, name in ((made.box.product, "Cassetta"), (made.lemons.product, "Limoni")):
        row.name_it = name
        row.save()
    boxes.subscriber(gateway, made, now=now, user=italian, picked=made.lemons)
    sweeps.run("orders.boxes", now=now)
    assert Order.objects.get().lines.get().description == "Cassetta"
    assert OrderPiece.objects.filter(description="Limoni").count() == 1


def test_a_plan_is_found_by_the_name_that_the_customer_reads(grove):
    subscription = Subscription(plan=Plan.objects.get(pk=grove.pk), plan_group="membership")
    called = {words: matching._is_called(subscription, words) for words in ("my Grove", "il mio agrumeto", "la vigna")}
    assert called == {"my Grove": True, "il mio agrumeto": True, "la vigna": False}


def test_a_promotion_that_the_shop_makes_is_named_in_every_language(grove, now):
    paid, sold = make.price("grove"), make.price("conservatory")
    made = _price_match(paid, sold, periods=2, now=now)
    assert made.name == "Conservatory at the price of Grove"
    assert Promotion.objects.get(pk=made.pk).i18n.keys() == {"name_it", "name_fr", "name_ro"}
    with override("it"):
        assert "Agrumeto" in made.name_i18n
