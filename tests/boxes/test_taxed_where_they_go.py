"""Boxes are taxed in the country to which they go, from the first quote to the last renewal."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.billing.models import BillingDetails, Invoice, NumberStatus, TaxRate
from apps.core import sweeps
from apps.core.money import Money
from apps.memberships import quotes, renewals
from apps.memberships.gifts import redeeming
from apps.memberships.models import Period
from apps.memberships.services import promises
from apps.orders.boxes import joining, planning
from apps.orders.errors import NotSentThere
from apps.orders.models import Order
from tests.factories import accounts, boxes, gifts, memberships
from tests.factories import promises as promised
from tests.storefront.pages import nothing_changes, signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)
BERLIN = boxes.WHERE | {"line1": "Hafenstr. 1", "postal_code": "10115", "city": "Berlin", "region": "", "country": "DE"}
PARIS = BERLIN | {"line1": "1 rue du Port", "postal_code": "75001", "city": "Paris", "country": "FR"}


@pytest.fixture
def made(db):
    return boxes.box()


def charged(**which) -> tuple[int, int, str]:
    return Invoice.objects.filter(**which).values_list("total_minor", "tax_minor", "customer_country").get()


def test_the_first_box_is_taxed_where_it_goes(gateway, made, now):
    """Of an Italian whose boxes go to Berlin: 19 % of 29.00 is 4.63, where Italy's 22 % would be 5.23."""
    user = accounts.customer()
    boxes.prepare(user, made, address=BERLIN, now=now)
    quote = quotes.first_charge(made.price, customer=user, now=now)
    assert (quote.sent_to, quote.total.minor, quote.tax.minor, quote.tax_basis_points) == ("DE", 2900, 463, 1900)
    memberships.join(gateway, made.price, now=now, user=user)
    assert charged() == (2900, 463, "DE")
    assert Period.objects.get().tax_basis_points == 1900
    sweeps.run("orders.boxes", now=now)
    assert Order.objects.values_list("country", "tax_minor", "tax_basis_points").get() == ("DE", 463, 1900)


def test_who_has_not_said_where_is_taxed_where_they_live(gateway, made, now):
    boxes.subscriber(gateway, made, now=now, address=None)
    assert charged() == (2900, 523, "IT")


def test_another_address_taxes_the_next_box_and_no_membership(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now, address=BERLIN)
    memberships.join(gateway, memberships.price("grove"), user=subscription.customer, now=now)
    home = boxes.subscriber(gateway, made, now=now)
    planning.set_address(subscription.pk, customer=subscription.customer, address=PARIS, now=now + DAY)
    assert Invoice.objects.filter(customer=subscription.customer, tax_minor=463).count() == 1
    renewals.bill_due(now=APRIL)
    renewed = Invoice.objects.filter(reason="renewal").order_by("customer_country", "total_minor")
    assert list(renewed.values_list("customer", "total_minor", "tax_minor", "customer_country")) == [
        (subscription.customer_id, 2900, 483, "FR"),
        (subscription.customer_id, 1200, 216, "IT"),
        (home.customer_id, 2900, 523, "IT"),
    ]


def test_a_price_without_tax_costs_what_its_country_adds(gateway, now):
    made = boxes.box(amount_minor=2000, tax_included=False)
    subscription = boxes.subscriber(gateway, made, now=now, address=BERLIN)
    assert charged() == (2380, 380, "DE")
    planning.set_address(subscription.pk, customer=subscription.customer, address=PARIS, now=now)
    subscription = boxes.of(subscription.customer)
    assert quotes.next_total(subscription, now=now) == Money(2400, "EUR")
    assert planning.upcoming(subscription, now=now).total == Money(2400, "EUR")
    planning.order_now(subscription.pk, customer=subscription.customer, now=now + DAY)
    assert charged(reason="renewal") == (2400, 400, "FR")


def company(user, now) -> None:
    """In Germany, with a number that was found registered."""
    user.country = "DE"
    user.save(update_fields=["country"])
    facts = {"company": "Zitrus GmbH", "line1": "Hafenstr. 1", "city": "Hamburg", "tax_number": "DE136695976"}
    valid = {"number_status": NumberStatus.VALID, "checked_at": now, "valid_until": now + 365 * DAY, "updated_at": now}
    BillingDetails.objects.create(customer=user, **facts, **valid)


@pytest.mark.parametrize(
    ("address", "expected"), [(BERLIN, (2437, 0, "DE", "reverse_charge")), (PARIS, (2900, 483, "FR", "standard"))]
)
def test_a_companys_number_counts_where_it_is(gateway, made, now, address, expected):
    user = accounts.customer()
    company(user, now)
    subscription = boxes.subscriber(gateway, made, now=now, user=user, address=address)
    renewals.bill_due(now=APRIL)
    columns = ["total_minor", "tax_minor", "customer_country", "tax_treatment"]
    assert list(Invoice.objects.values_list(*columns)) == [expected, expected]
    assert quotes.next_total(subscription, now=now).minor == expected[0]


def test_a_given_box_is_taxed_where_it_goes(gateway, made, now):
    friend = accounts.customer()
    boxes.prepare(friend, made, address=BERLIN, now=now)
    gift = gifts.bought(gateway, now=now, price=made.price, periods=3)
    redeeming.redeem(gift.code, customer=friend, shown="starts", now=now)
    assert charged(customer=friend) == (8700, 1389, "DE")
    assert Period.objects.get(invoice__customer=friend).tax_basis_points == 1900


def test_another_size_is_shown_with_the_same_tax(gateway, made, now):
    larger = boxes.box(amount_minor=4000, tax_included=False)
    subscription = boxes.subscriber(gateway, made, now=now, address=BERLIN)
    preview = quotes.change(subscription, larger.price, now=now)
    assert (preview.sent_to, preview.next_total) == ("DE", Money(4760, "EUR"))


def test_where_the_tax_is_unknown_nothing_is_sent(gateway, made, now):
    TaxRate.objects.filter(country="DE").delete()
    with pytest.raises(NotSentThere), nothing_changes():
        joining.prepare(
            accounts.customer(), made.plan, address=BERLIN, choices={made.fruit.pk: made.lemons.pk}, now=now
        )
    subscription = boxes.subscriber(gateway, made, now=now)
    with pytest.raises(NotSentThere), nothing_changes():
        planning.set_address(subscription.pk, customer=subscription.customer, address=BERLIN, now=now)


def test_a_batch_asks_once_where_its_boxes_go(gateway, made, now):
    def statements(count: int, *, of) -> int:
        for _each in range(count):
            of()
        with CaptureQueriesContext(connection) as captured:
            renewals.bill_due(now=APRIL)
        asked = [query for query in captured if 'FROM "orders_boxrecipient"' in query["sql"]]
        assert len(asked) == (1 if count and of is box else 0)
        return len(captured)

    def box() -> None:
        boxes.subscriber(gateway, made, now=now, address=BERLIN)

    def member() -> None:
        memberships.member(gateway, now=now)

    assert statements(2, of=box) == statements(9, of=box)
    assert statements(4, of=member)


def test_the_page_names_the_country(time_machine, made, now):
    time_machine.move_to(now, tick=False)
    user = accounts.customer()
    boxes.prepare(user, made, address=BERLIN, now=now)
    page = " ".join(signed_in(user).get(f"/join/{made.plan.slug}/month/").content.decode().split())
    assert "The VAT is that of Germany, where the boxes go." in page
    assert "where you live" not in page
    assert "€4.63" in page


def test_a_forecast_of_a_new_price_is_without_the_tax_of_each_country(gateway, made, now):
    boxes.subscriber(gateway, made, now=now, address=BERLIN)
    boxes.subscriber(gateway, made, now=now)
    change = promised.draft(made.price, promised.new_version(made.price, 3500, now=now), now=now)
    assert promises.forecast(change, now=now).revenue.now == Money(2437 + 2377, "EUR")
