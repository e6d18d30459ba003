"""Addresses by country, and people who order without an account."""

import pytest
from django.db import IntegrityError, transaction

from apps.accounts import addresses, services
from apps.accounts.models import Consent, User
from tests.factories import accounts
from tests.factories.orders import BERLIN, HOME


@pytest.mark.parametrize(
    ("address", "change", "wrong"),
    [
        (HOME, {"postal_code": "8006"}, {"postal_code": "invalid"}),
        (HOME, {"region": ""}, {"region": "required"}),
        (HOME, {"region": "ZZ"}, {"region": "invalid"}),
        (HOME, {"line1": "  "}, {"line1": "required"}),
        (BERLIN, {"city": "", "name": ""}, {"city": "required", "name": "required"}),
        (BERLIN, {"country": "XX"}, {"country": "invalid"}),
    ],
)
def test_what_is_wrong_with_an_address(address, change, wrong):
    with pytest.raises(addresses.BadAddress) as problem:
        addresses.normalise(address | change)
    assert problem.value.wrong == wrong


def test_an_address_is_tidied_and_written_as_its_country_does():
    tidy = addresses.normalise(HOME | {"line2": " Scala B ", "region": "Napoli"})
    assert (tidy["region"], tidy["city"], tidy["line2"]) == ("NA", "Sorrento", "Scala B")
    assert addresses.lines(tidy) == ["Anna Rossi", "Via Roma 1", "Scala B", "80067 SORRENTO NA", "Italy"]
    assert addresses.lines(BERLIN) == ["Bea Braun", "Hafenstr. 1", "10115 BERLIN", "Germany"]


def test_each_country_asks_for_its_own():
    assert "region" in addresses.layout("US").required
    assert "region" not in addresses.layout("DE").used
    assert ("NA", "Napoli") in addresses.layout("IT").regions
    with pytest.raises(ValueError):
        addresses.layout("XX")


@pytest.mark.django_db
def test_a_guest_touches_nobodys_account(now):
    known = accounts.customer(email="gea@example.com")
    first, second = (services.guest(email="Gea@example.com", name="", country="IT", now=now) for _each in "ab")
    assert first != second != known
    assert (first.mail_address, first.short_name, str(first)) == ("gea@example.com", "gea", "gea@example.com")
    assert first.email.endswith("@guest.invalid")
    assert known.mail_address == known.email
    assert set(User.objects.all().guests_of(known)) == {first, second}
    assert not User.objects.all().guests_of(accounts.customer()).exists()
    said = services.record_consent(
        first, kind=Consent.Kind.SUBSCRIPTION_TERMS, version="1", text="Yes", granted=True, source="order", now=now
    )
    assert said.email == "gea@example.com"


@pytest.mark.django_db
@pytest.mark.parametrize("facts", [{"is_active": True}, {"is_staff": True}, {"contact_email": ""}])
def test_the_database_lets_no_guest_in(now, facts):
    guest = services.guest(email="gea@example.com", name="Gea", country="IT", now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=guest.pk).update(**facts)
