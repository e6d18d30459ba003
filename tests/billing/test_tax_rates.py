"""Dated rates in the back office: clear words for nonsense, and a new rate takes over on its day."""

from datetime import date

import pytest
from django.urls import reverse

from apps.billing import tax
from apps.billing.models import BillingDetails, TaxRate
from apps.billing.vat_registry import Invalid, using
from apps.billing.vat_registry.scripted import Scripted
from tests.factories import billing
from tests.factories.accounts import customer, staff

pytestmark = pytest.mark.django_db
ADD = "/admin/billing/taxrate/add/"


@pytest.fixture
def office(client, time_machine, now):
    time_machine.move_to(now, tick=False)
    client.force_login(staff())
    return client


def rows() -> list[tuple]:
    return list(TaxRate.objects.order_by("pk").values_list())


def rate(**changes) -> dict:
    return {"country": "IT", "category": "standard", "basis_points": "2300", "valid_from": "2026-06-01", **changes}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"country": "ZZ"}, "Give the two letters of a country, such as IT."),
        ({"country": "1T"}, "Give the two letters of a country, such as IT."),
        ({"basis_points": "10001"}, "This is more than 100 %. Give basis points: 2200 is 22 %."),
        ({"basis_points": "22"}, "This is less than 1 %. Give basis points: 2200 is 22 %."),
        ({"basis_points": "-1"}, "greater than or equal to 0"),
        ({"valid_to": "2026-06-01"}, "A rate ends after it begins."),
        ({"valid_to": "2026-05-01"}, "A rate ends after it begins."),
        ({"valid_from": "2026-03-10"}, "IT 22 % applies from 2022-01-01 on already. End it first, or begin later."),
        ({"valid_from": "2026-03-01"}, "IT 22 % applies from 2022-01-01 on already. End it first, or begin later."),
        ({"valid_from": "2021-01-01"}, "IT 22 % applies from 2022-01-01 on already. End it first, or begin later."),
        ({"valid_to": "2026-07-01"}, "IT 22 % applies from 2022-01-01 on already. End it first, or begin later."),
        ({"valid_from": "soon"}, "Enter a valid date."),
    ],
)
def test_nonsense_is_refused_in_clear_words_and_changes_nothing(office, changes, error):
    before = rows()
    answer = office.post(ADD, rate(**changes))
    assert answer.status_code == 200
    assert error in answer.content.decode()
    assert rows() == before


def test_a_new_rate_ends_the_one_before_it(office):
    assert office.post(ADD, rate(country="it")).status_code == 302
    italian = TaxRate.objects.filter(country="IT").order_by("valid_from")
    assert list(italian.values_list("basis_points", "valid_from", "valid_to")) == [
        (2200, date(2022, 1, 1), date(2026, 6, 1)),
        (2300, date(2026, 6, 1), None),
    ]
    assert tax.rate_for("IT", date(2026, 5, 31)).basis_points == 2200
    assert tax.rate_for("IT", date(2026, 6, 1)).basis_points == 2300
    before = rows()
    assert b"IT 22 % applies from 2022-01-01 on already" in office.post(ADD, rate(valid_from="2026-05-01")).content
    assert b"IT 23 % applies from 2026-06-01 on already" in office.post(ADD, rate(valid_from="2026-06-01")).content
    assert rows() == before


def test_a_rate_that_has_applied_can_only_be_ended(office):
    old = TaxRate.objects.get(country="IT")
    change = reverse("admin:billing_taxrate_change", args=[old.pk])
    assert office.post(change, rate(basis_points="100", valid_to="2026-12-31")).status_code == 302
    old.refresh_from_db()
    assert (old.basis_points, old.valid_from, old.valid_to) == (2200, date(2022, 1, 1), date(2026, 12, 31))
    assert b"A rate ends after it begins." in office.post(change, {"valid_to": "2021-12-31"}).content
    assert office.post(reverse("admin:billing_taxrate_delete", args=[old.pk]), {"post": "yes"}).status_code == 403
    assert TaxRate.objects.filter(pk=old.pk).exists()


def test_a_rate_to_come_can_be_corrected_and_removed(office):
    office.post(ADD, rate())
    new = TaxRate.objects.get(country="IT", basis_points=2300)
    change = reverse("admin:billing_taxrate_change", args=[new.pk])
    assert office.post(change, rate(basis_points="2400")).status_code == 302
    assert b"IT 22 % applies from 2022-01-01" in office.post(change, rate(valid_from="2026-05-01")).content
    new.refresh_from_db()
    assert (new.basis_points, new.valid_from) == (2400, date(2026, 6, 1))
    assert office.post(reverse("admin:billing_taxrate_delete", args=[new.pk]), {"post": "yes"}).status_code == 302
    assert not TaxRate.objects.filter(pk=new.pk).exists()


def test_staff_see_the_evidence_and_ask_again(office, now):
    user = customer(country="DE")
    with using(Scripted({})) as registry:
        details = billing.company(user, now=now)
        page = reverse("admin:billing_billingdetails_change", args=[details.pk])
        assert "Company DE136695976" in office.get(page).content.decode()
        registry.answers["DE136695976"] = Invalid("W-1")
        office.post(reverse("admin:billing_billingdetails_ask_registry", args=[details.pk]), {"_form_submitted": "on"})
    assert BillingDetails.objects.get().number_status == "invalid"
    text = office.get(page).content.decode()
    assert "W-1" in text
    assert "not registered" in text
