"""The demo's history is lived by the real engine: what must hold in the shop holds in it."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db.models import Sum

from apps.accounts.models import User
from apps.billing import gateway as gateways
from apps.billing import tax_numbers
from apps.billing.models import Invoice, LedgerEntry, Parked, Payment, StatedTax
from apps.catalog.models import Product, Review
from apps.core import sweeps
from apps.core.models import SweepRun
from apps.memberships.models import Subscription
from apps.offers import rules
from apps.orders.models import Order
from apps.storefront.demo import deeds, reviewing, shopping, stock
from apps.storefront.demo.companies import COMPANIES
from apps.storefront.demo.history import DAY, EVENING, History
from apps.storefront.demo.people import CUSTOMER, CUSTOMERS, cast
from tests.factories import billing

END = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_demos_customer_sees_suggestions():
    """Staff comes first, then the customers in the order in which they join; the control group goes by that number."""
    emails = [person.email for person in cast(count=CUSTOMERS, days=365)]
    assert not rules.is_control(emails.index(CUSTOMER) + 2, "upgrade", holdout_percent=10)


def test_companies_of_the_demo_have_numbers_of_the_right_form():
    for country, companies in COMPANIES.items():
        for company in companies:
            assert tax_numbers.normalise(company.tax_number, country=country) == company.tax_number
    with_company = [person for person in cast(count=CUSTOMERS, days=365) if person.company]
    assert len(with_company) == sum(map(len, COMPANIES.values()))


@pytest.mark.django_db
def test_the_demo_has_rates_for_the_vat_of_whoever_pays_in_dollars(gateway):
    stock.build(now=END - 91 * DAY)
    assert [person for person in cast(count=CUSTOMERS, days=365) if person.country == "DE" and person.currency == "USD"]
    for days in (-91, 0, 365):
        at = END + days * DAY
        invoice = billing.invoice(billing.payer(gateway, now=at), now=at, currency="USD")
        stated = StatedTax.objects.get(invoice=invoice)
        assert 450 < stated.tax_minor < 510
        assert stated.rate_day.isoweekday() == 1
    assert not Parked.objects.exists()


def test_a_short_history_leaves_a_sound_shop(own_database, settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
    stock.build(now=END - 91 * DAY)
    history = History(end=END, days=90, count=20)
    assert list(history.live()) == list(range(90))

    assert User.objects.count() == 20 - len([p for p in cast(count=20, days=90) if p.joins_on >= 90])
    assert Invoice.objects.filter(reason="renewal", status="paid").count() > 0
    assert not SweepRun.objects.exclude(error="").exists()
    assert not Payment.objects.undecided().exists()
    assert not Subscription.objects.due(END).exists()
    assert LedgerEntry.objects.aggregate(sum=Sum("amount_minor"))["sum"] == 0
    call_command("replay_invoices")
    assert LedgerEntry.objects.filter(key__startswith="revenue:", account="revenue").exists()
    succeeded = Payment.objects.filter(status="succeeded").count()
    assert len(history.rehearsal.export()["payment_intents"]) == succeeded


@pytest.mark.soak
def test_no_sweep_has_work_of_which_it_does_not_say(own_database, settings, monkeypatch):
    """So the time machine and a rehearsal, which ask when something is due, miss nothing."""
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
    missed = []

    def sweep(history: History, day: int) -> None:
        history.moment = history.start + day * DAY + EVENING
        while sum(sweeps.run_due(now=history.moment).values()):
            pass
        for one in sweeps.in_order():
            due = one.next_due(now=history.moment)
            if one.run(now=history.moment) and one.name not in sweeps.housekeeping():
                missed.append((one.name, day, due))

    monkeypatch.setattr(History, "_sweep", sweep)
    stock.build(now=END - 201 * DAY)
    list(History(end=END, days=200, count=60).live())
    assert missed == []


@pytest.mark.django_db
def test_people_of_the_demo_review_what_has_come(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
    history = History(end=END, days=90, count=20)
    stock.build(now=history.start)
    [ada, bea, cleo] = [person for person in cast(count=CUSTOMERS, days=365) if reviewing.can_buy(person, days=365)][:3]
    told = {ada: reviewing.GOODS[0], bea: reviewing.GOODS[1], cleo: reviewing.GOODS[-1]}
    with gateways.using(history.rehearsal):
        for person, word in told.items():
            deeds.join(person, history)
            for deed in (reviewing.saying(word), reviewing.buying(word), shopping.send, shopping.arrive):
                history.moment += DAY
                deed(person, history)
            assert not Review.objects.filter(customer__email=person.email).exists()
            reviewing.saying(word)(person, history)
    product = Product.objects.get(slug="lemon-femminello")
    assert {word.product for word in told.values()} == {product.slug}
    found = [(review.rating, review.status, hasattr(review, "answer")) for review in product.reviews.order_by("pk")]
    assert found == [(5, "published", False), (3, "published", True), (5, "pending", False)]
    assert (product.review_count, product.rating) == (2, 4)
    assert Order.objects.filter(status="delivered").count() == 3


def test_the_year_of_the_demo_has_somebody_for_every_review():
    people = cast(count=CUSTOMERS, days=365)
    planned = list(reviewing.deeds(people, days=365))
    assert len(planned) == 4 * len(reviewing.GOODS) + len(reviewing.BOXES)
    assert all(person.joins_on < day < 365 for day, _hour, _deed, person in planned)
    assert len({person.email for *_when, person in planned}) == len(reviewing.GOODS) + len(reviewing.BOXES)
