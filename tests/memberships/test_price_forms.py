"""Amounts as staff write them: whole units, comma or point, as many decimals as the currency has."""

import pytest
from django.urls import reverse

from apps.memberships.models import Price
from tests.factories import accounts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    client.force_login(accounts.staff())
    return client


def add(office, **changes):
    facts = {"currency": "EUR", "interval_unit": "month", "interval_count": 3, "trial_days": 0, "amount": "33"}
    return office.post(reverse("admin:memberships_price_add"), {"plan": make.plans()["grove"].pk, **facts, **changes})


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [
        ("EUR", "33", 3300),
        ("EUR", "33.5", 3350),
        ("EUR", "33,50", 3350),
        ("EUR", " 0,01 ", 1),
        ("eur", "12.50", 1250),
        ("JPY", "1200", 1200),
        ("JPY", "1200,0", 1200),
        ("KWD", "1.234", 1234),
        ("KWD", "1,234", 1234),
    ],
)
def test_an_amount_in_whole_units(office, currency, written, minor):
    assert add(office, currency=currency, amount=written).status_code == 302
    added = Price.objects.get(interval_count=3)
    assert (added.amount_minor, added.currency) == (minor, currency.upper())


@pytest.mark.parametrize(
    ("currency", "written"),
    [
        ("EUR", ""),
        ("EUR", "12.345"),
        ("EUR", "1,234.50"),
        ("EUR", "1.234,50"),
        ("EUR", "-1"),
        ("EUR", "1e3"),
        ("EUR", "twelve"),
        ("EUR", "12."),
        ("EUR", "٣"),
        ("EUR", "1000000000000"),
        ("JPY", "12.5"),
        ("KWD", "1.2345"),
    ],
)
def test_what_is_no_amount_is_refused(office, currency, written):
    make.plans()
    count = Price.objects.count()
    answer = add(office, currency=currency, amount=written)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["amount"]
    assert Price.objects.count() == count


def test_a_term_and_a_trial(office):
    assert add(office, interval_count=1, term_periods=6, trial_days=14, amount="11,00").status_code == 302
    added = Price.objects.get(term_periods=6)
    assert (added.version, added.trial_days, added.term_label) == (1, 14, "6 months")
    # Its own family: once more is refused, and the monthly price that renews is another.
    assert add(office, interval_count=1, term_periods=6, trial_days=14).status_code == 200
    assert Price.objects.filter(term_periods=6).count() == 1


@pytest.mark.parametrize(
    "terms",
    [
        {"amount": "0", "trial_days": 14},
        {"amount": "0", "term_periods": 6},
        {"term_periods": 0},
        {"term_periods": 121},
        {"trial_days": 731},
        {"trial_days": -1},
        {"interval_count": 0},
        {"interval_count": 61},
        {"currency": "EU"},
        {"currency": "12X"},
    ],
)
def test_terms_that_make_no_sense_are_refused(office, terms):
    make.plans()
    count = Price.objects.count()
    answer = add(office, **terms)
    assert (answer.status_code, Price.objects.count()) == (200, count)
    assert answer.context["adminform"].form.errors


def test_a_new_version_keeps_or_changes_the_trial(office):
    first = make.special_price("grove", version=50, trial_days=14, interval_count=2)
    address = reverse("admin:memberships_price_new_version", args=[first.pk])
    assert 'value="14"' in office.get(address).content.decode()
    office.post(address, {"amount": "12,50"})
    second = Price.objects.get(version=51)
    assert (second.amount_minor, second.trial_days, second.interval_count) == (1250, 14, 2)
    office.post(reverse("admin:memberships_price_new_version", args=[second.pk]), {"amount": "13", "trial_days": 0})
    assert Price.objects.get(version=52).trial_days == 0
    refused = office.post(reverse("admin:memberships_price_new_version", args=[second.pk]), {"amount": "1 3"})
    assert "without separators of thousands" in refused.content.decode()
