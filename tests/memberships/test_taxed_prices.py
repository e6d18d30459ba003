"""Prices to which tax is added, and customers who account for the tax: the quote, the invoice and the span agree."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts import services as accounts_of
from apps.billing import explanation, vat_registry
from apps.billing.models import Invoice, InvoiceLine
from apps.billing.vat_registry import Invalid, Unavailable
from apps.billing.vat_registry.scripted import Scripted
from apps.mail.models import Message
from apps.memberships import errors, quotes, rules, services, signup
from apps.memberships.models import Period, Status, Subscription
from apps.memberships.rules import Direction
from tests.factories import accounts, billing
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)  # a month of thirty days, without a change of the clocks
HALF_WAY = JOINED + timedelta(days=15)
NUMBER = "DE136695976"


@pytest.fixture
def registry():
    with vat_registry.using(Scripted({})) as scripted:
        yield scripted


def german(registry, *, answer=None, now=JOINED):
    """A German company; its number is registered unless the registry gives another answer."""
    if answer is not None:
        registry.answers[NUMBER] = answer
    user = accounts.customer(country="DE", time_zone="Europe/Berlin")
    billing.company(user, tax_number=NUMBER, now=now)
    return user


def join(gateway, price, *, now=JOINED, **how) -> Subscription:
    return Subscription.objects.current_of(make.join(gateway, price, now=now, **how).customer)


def change(member, price, *, now=HALF_WAY, **more):
    return services.change_plan(member.pk, price.pk, customer=member.customer, now=now, **more)


def lines(invoice) -> list[tuple]:
    return list(invoice.lines.order_by("position").values_list("amount_minor", "net_minor", "tax_minor"))


def all_explained() -> bool:
    rows = InvoiceLine.objects.select_related("invoice")
    taxes = [one for each in Invoice.objects.all() for one in explanation.taxes_of(each, each.lines.all())]
    explained = [*map(explanation.of, rows), *taxes]
    return len(taxes) > 0 and all(one.agrees for one in explained)


@pytest.mark.parametrize("rounding", ["line", "document"])
def test_tax_is_added_at_sign_up(gateway, rounding):
    billing.round_tax_by(rounding)
    price = make.net_price(amount_minor=1000)
    half = make.promotion(now=JOINED, percent_basis_points=3333)
    user = accounts.customer()
    quote = quotes.first_charge(price, customer=user, promotion=half, now=JOINED)
    member = join(gateway, price, user=user, promotion=half)
    invoice = Invoice.objects.get()
    # 10.00 less 3.33: 6.67 and 1.47 of tax; each line rounded alone comes to the same here.
    assert (invoice.total_minor, invoice.tax_minor, invoice.net.minor) == (814, 147, 667)
    assert (quote.total.minor, quote.tax.minor, quote.next_total.minor) == (814, 147, 1220)
    assert quote.as_json()["adds_tax"] is True
    assert [line["amount_minor"] for line in quote.as_json()["lines"]] == [1000, -333]
    span = Period.objects.get()
    assert (span.gross_minor, span.tax_minor, span.tax_basis_points) == (814, 147, 2200)
    assert quotes.next_total(member, now=JOINED).minor == 1220
    assert all_explained()
    mail = Message.objects.get(kind="membership-confirmation")
    assert "Price: €10.00 a month plus VAT" in mail.text
    assert "€12.20" in mail.text
    assert "tax included" not in mail.text


def test_a_change_gives_back_what_was_charged_with_its_tax(gateway):
    grove, conservatory = make.net_price("grove", amount_minor=1000), make.net_price("conservatory", amount_minor=2000)
    member = join(gateway, grove)
    preview = quotes.change(member, conservatory, now=HALF_WAY)
    assert change(member, conservatory, quoted_at=HALF_WAY, quoted_minor=610).status == "done"
    invoice = Invoice.objects.get(reason="change")
    assert lines(invoice) == [(-610, -500, -110), (1220, 1000, 220)]
    assert (preview.due_now.minor, preview.credit.minor, preview.charge.minor) == (610, 610, 1220)
    assert (preview.tax.minor, preview.charge_tax.minor, invoice.tax_minor) == (110, 220, 110)
    assert preview.next_total.minor == 2440
    first, second = Period.objects.order_by("start")
    assert (first.credited_minor, second.gross_minor, second.tax_minor) == (610, 1220, 220)
    assert all_explained()


def test_prices_with_and_without_tax_compare_by_what_is_paid(gateway):
    member = make.member(gateway, "grove", now=JOINED)  # 12.00 with tax
    dearer = make.net_price("conservatory", amount_minor=984)  # 12.0048
    cheaper = make.net_price("estate", amount_minor=983)  # 11.9926
    assert rules.direction(member.price, dearer, tax_basis_points=2200) == Direction.UP
    assert quotes.change(member, dearer, now=HALF_WAY).direction == Direction.UP
    assert quotes.change(member, cheaper, now=HALF_WAY).direction == Direction.DOWN
    assert quotes.change(member, cheaper, now=HALF_WAY).next_total.minor == 1199


def test_who_accounts_for_the_tax_pays_the_price_without_their_countrys(gateway, registry):
    user = german(registry)
    quote = quotes.first_charge(make.price("grove"), customer=user, now=JOINED)
    member = join(gateway, make.price("grove"), user=user)
    invoice = Invoice.objects.get()
    # 12.00 contains 1.92 at 19 %.
    assert (invoice.total_minor, invoice.tax_minor, invoice.tax_treatment) == (1008, 0, "reverse_charge")
    assert (quote.total.minor, quote.tax.minor, quote.next_total.minor, quote.tax_basis_points) == (1008, 0, 1008, 0)
    span = Period.objects.get()
    assert (span.gross_minor, span.tax_minor, span.tax_basis_points) == (1008, 0, 0)

    preview = quotes.change(member, make.price("conservatory"), now=HALF_WAY)
    change(member, make.price("conservatory"))
    assert lines(Invoice.objects.get(reason="change")) == [(-504, -504, 0), (1008, 1008, 0)]
    assert (preview.due_now.minor, preview.tax.minor, preview.next_total.minor) == (504, 0, 2017)
    assert all_explained()


def test_a_net_price_is_paid_as_it_is_under_reverse_charge(gateway, registry):
    member = join(gateway, make.net_price(amount_minor=1000), user=german(registry))
    assert Invoice.objects.values_list("total_minor", "tax_minor", "tax_treatment").get() == (1000, 0, "reverse_charge")
    assert quotes.next_total(member, now=JOINED).minor == 1000


def test_a_number_confirmed_later_holds_from_the_next_invoice_and_gives_the_tax_back(gateway, registry):
    user = german(registry, answer=Unavailable("TIMEOUT"))
    member = join(gateway, make.price("grove"), user=user)
    assert Invoice.objects.values_list("total_minor", "tax_minor", "tax_treatment").get() == (1200, 192, "standard")
    registry.answers.clear()
    billing.company(user, tax_number="DE129273398", now=HALF_WAY)
    change(member, make.price("conservatory"))
    invoice = Invoice.objects.get(reason="change")
    # Half of the 12.00 back with half of its 1.92 of tax; half of 24.00 without the 1.92 in it.
    assert lines(invoice) == [(-600, -504, -96), (1008, 1008, 0)]
    assert (invoice.total_minor, invoice.tax_minor, invoice.tax_treatment) == (408, -96, "reverse_charge")
    assert Invoice.objects.get(reason="signup").tax_minor == 192
    assert all_explained()


def test_a_number_found_unregistered_means_vat_on_the_new_charge_alone(gateway, registry):
    user = german(registry)
    member = join(gateway, make.price("grove"), user=user)
    registry.answers["DE129273398"] = Invalid()
    billing.company(user, tax_number="DE129273398", now=HALF_WAY)
    change(member, make.price("conservatory"))
    invoice = Invoice.objects.get(reason="change")
    assert lines(invoice) == [(-504, -504, 0), (1200, 1008, 192)]
    assert (invoice.tax_treatment, invoice.customer_tax_number) == ("standard", "DE129273398")


def test_a_preview_is_not_charged_once_the_customer_is_taxed_in_another_way(gateway, registry):
    user = german(registry, answer=Unavailable("TIMEOUT"))
    member = join(gateway, make.price("grove"), user=user)
    shown = quotes.change(member, make.price("conservatory"), now=HALF_WAY).due_now.minor
    registry.answers.clear()
    billing.company(user, tax_number="DE129273398", now=HALF_WAY)
    with pytest.raises(errors.QuoteChanged):
        change(member, make.price("conservatory"), quoted_at=HALF_WAY, quoted_minor=shown)
    assert not Invoice.objects.filter(reason="change").exists()
    member.refresh_from_db()
    assert (member.plan.slug, member.changing_since) == ("grove", None)


def test_a_sign_up_is_not_charged_once_the_yes_is_too_old(gateway, registry, settings):
    settings.TAX_NUMBER_RECHECK_DAYS = settings.TAX_NUMBER_TRUST_DAYS = 1
    user = german(registry, now=JOINED - timedelta(hours=23))
    begun, setup_id = make.begin(gateway, make.price("grove"), user=user, now=JOINED)
    assert begun.quote["total_minor"] == 1008
    with pytest.raises(errors.QuoteChanged):
        signup.complete(begun.token, user=user, setup_id=setup_id, now=JOINED + timedelta(hours=2))
    assert not Invoice.objects.exists()
    assert not Subscription.objects.filter(status=Status.ACTIVE).exists()


def test_a_change_where_the_taxes_are_unknown_is_refused(gateway):
    member = make.member(gateway, now=JOINED)
    accounts_of.set_country(member.customer, country="ZZ")
    with pytest.raises(errors.Refused, match="taxes of your country"):
        change(member, make.price("conservatory"))
    assert quotes.next_total(member, now=HALF_WAY).minor == 1200
    assert Invoice.objects.count() == 1
