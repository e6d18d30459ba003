"""Billing details, and asking about VAT numbers: nothing but a yes on record frees anybody from tax."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.accounts import services as accounts
from apps.billing import billing_details, tax, vat_registry
from apps.billing.models import BillingDetails, Seller, TaxNumberCheck
from apps.billing.tax_numbers import NotATaxNumber
from apps.billing.vat_registry import Invalid, Unavailable, Valid
from apps.billing.vat_registry.scripted import Scripted
from apps.core import sweeps
from apps.mail.models import Message
from tests.factories import billing
from tests.factories.accounts import customer

NUMBER = "DE136695976"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def registry():
    with vat_registry.using(Scripted({})) as scripted:
        yield scripted


@pytest.fixture
def user(db):
    return customer(country="DE")


def verdict(details: BillingDetails) -> tuple:
    details.refresh_from_db()
    return details.number_status, details.checked_at, details.valid_until, details.next_check_at


def treatment(user, *, now) -> str:
    return tax.Assessor([user], now=now).taxation(user).treatment


def test_a_registered_number_of_another_state_is_reverse_charge(registry, user, now):
    Seller.objects.update(tax_number="IT 00743110157")
    details = billing.company(user, now=now)
    assert verdict(details) == ("valid", now, now + 60 * DAY, now + 30 * DAY)
    taxation = tax.Assessor([user], now=now).taxation(user)
    assert (taxation.treatment, taxation.tax_number, taxation.company) == ("reverse_charge", NUMBER, "Zitrus GmbH")
    assert taxation.address == "Hafenstr. 1\n20359 Hamburg"
    assert registry.asked == [(NUMBER, "IT00743110157")]
    evidence = TaxNumberCheck.objects.get()
    assert (evidence.outcome, evidence.name, evidence.asked_at) == ("valid", f"Company {NUMBER}", now)
    assert (evidence.requester_number, evidence.consultation_number) == ("IT00743110157", f"SCRIPTED-{NUMBER}")


@pytest.mark.parametrize("answer", [Invalid("W1"), Unavailable("MS_UNAVAILABLE")])
def test_any_other_answer_means_vat(registry, user, now, answer):
    registry.answers[NUMBER] = answer
    billing.company(user, now=now)
    assert treatment(user, now=now) == "standard"
    assert TaxNumberCheck.objects.get().outcome == type(answer).__name__.lower()


@pytest.mark.parametrize(("country", "number"), [("IT", "IT00743110157"), ("US", "12-3456789")])
def test_at_home_and_outside_the_union_nobody_is_asked(registry, db, now, country, number):
    user = customer(country=country)
    details = billing.company(user, tax_number=number, now=now)
    assert registry.asked == []
    assert details.number_status == "unchecked"
    taxation = tax.Assessor([user], now=now).taxation(user)
    assert (taxation.treatment, taxation.tax_number) == ("standard", number)
    assert billing_details.check_due(now=now + DAY) == 0


def test_who_moves_away_from_the_number_pays_vat(registry, user, now):
    billing.company(user, now=now)
    accounts.set_country(user, country="FR")
    assert treatment(user, now=now) == "standard"
    accounts.set_country(user, country="IT")
    assert treatment(user, now=now) == "standard"
    accounts.set_country(user, country="DE")
    assert treatment(user, now=now) == "reverse_charge"
    Seller.objects.update(country="DE")
    assert treatment(user, now=now) == "standard"
    Seller.objects.update(country="CH")
    assert treatment(user, now=now) == "standard"


def test_another_number_is_not_covered_by_the_old_yes(registry, user, now):
    details = billing.company(user, now=now)
    same = billing_details.save(user, now=now + HOUR, company="New GmbH", line1="A 1", city="Kiel", tax_number=NUMBER)
    assert (same.pk, same.number_status) == (details.pk, "valid")
    assert billing_details.check_if_needed(same, now=now + HOUR) is None

    billing_details.save(user, now=now + HOUR, company="New GmbH", line1="A 1", city="Kiel", tax_number="DE129273398")
    assert verdict(details) == ("unchecked", None, None, now + HOUR)
    assert treatment(user, now=now + HOUR) == "standard"
    billing_details.save(user, now=now + HOUR, company="New GmbH")
    assert verdict(details) == ("unchecked", None, None, None)
    assert billing_details.check(details.pk, now=now) is None
    assert TaxNumberCheck.objects.count() == 1


def test_senseless_details_are_refused_and_change_nothing(registry, user, now):
    for facts, error in (
        ({"tax_number": NUMBER}, billing_details.NumberOfNobody),
        ({"tax_number": "DE1", "company": "X", "line1": "Y", "city": "Z"}, NotATaxNumber),
    ):
        with pytest.raises(error):
            billing_details.save(user, now=now, **facts)
    assert not BillingDetails.objects.exists()


def test_the_sweep_asks_again_when_nobody_answered_and_tells_the_customer(registry, user, now):
    registry.answers[NUMBER] = Unavailable("TIMEOUT")
    details = billing.company(user, now=now)
    assert verdict(details) == ("unchecked", None, None, now + HOUR)
    assert sweeps.get("billing.tax_numbers").next_due(now=now) == now + HOUR
    assert billing_details.check_due(now=now + HOUR - timedelta(seconds=1)) == 0
    assert billing_details.check_due(now=now + HOUR) == 1
    assert verdict(details)[0] == "unchecked"
    assert not Message.objects.filter(kind="tax-number-checked").exists()

    registry.answers.clear()
    assert billing_details.check_due(now=now + 2 * HOUR) == 1
    assert verdict(details)[:2] == ("valid", now + 2 * HOUR)
    mail = Message.objects.get(kind="tax-number-checked")
    assert "we charge no VAT" in mail.text
    assert NUMBER in mail.subject
    outcomes = TaxNumberCheck.objects.order_by("pk").values_list("outcome", "reason")
    assert list(outcomes) == [("unavailable", "TIMEOUT"), ("unavailable", "TIMEOUT"), ("valid", "")]


def test_a_yes_is_asked_for_again_and_does_not_last_for_ever(registry, user, now, settings):
    settings.TAX_NUMBER_RECHECK_DAYS, settings.TAX_NUMBER_TRUST_DAYS = 10, 25
    details = billing.company(user, now=now)
    assert billing_details.check_due(now=now + 10 * DAY) == 1
    assert verdict(details) == ("valid", now + 10 * DAY, now + 35 * DAY, now + 20 * DAY)
    assert not Message.objects.filter(kind="tax-number-checked").exists()

    registry.answers[NUMBER] = Unavailable("TIMEOUT")
    assert billing_details.check_due(now=now + 20 * DAY) == 1
    assert verdict(details)[1:] == (now + 10 * DAY, now + 35 * DAY, now + 20 * DAY + HOUR)
    assert treatment(user, now=now + 35 * DAY - timedelta(seconds=1)) == "reverse_charge"
    assert treatment(user, now=now + 35 * DAY) == "standard"

    registry.answers[NUMBER] = Invalid()
    assert billing_details.check_due(now=now + 36 * DAY) == 1
    assert verdict(details) == ("invalid", now + 36 * DAY, None, None)
    assert "we have to charge VAT" in Message.objects.get(kind="tax-number-checked").text
    assert billing_details.check_due(now=now + 99 * DAY) == 0


def test_a_registry_that_is_down_is_not_hammered(registry, now, monkeypatch, db):
    monkeypatch.setattr(billing_details, "BATCH", 2)
    numbers = ["DE136695976", "DE129273398", "DE811000004", "DE811000012", "DE811000029"]
    for number in numbers:
        registry.answers[number] = Unavailable("TIMEOUT")
        billing.company(customer(country="DE"), tax_number=number, now=now)
    registry.asked.clear()
    assert billing_details.check_due(now=now + DAY) == 2
    assert len(registry.asked) == 2
    registry.answers.clear()
    assert billing_details.check_due(now=now + DAY) == 3
    assert billing_details.check_due(now=now + DAY + HOUR) == 2
    assert BillingDetails.objects.filter(number_status="valid").count() == 5


def test_an_answer_about_a_number_that_was_changed_meanwhile_decides_nothing(registry, user, now):
    details = billing.company(user, now=now, tax_number="")

    class Slow(Scripted):
        def check(self, number, *, requester):
            BillingDetails.objects.filter(pk=details.pk).update(tax_number="DE129273398")
            return Valid()

    BillingDetails.objects.filter(pk=details.pk).update(tax_number=NUMBER, next_check_at=now)
    with vat_registry.using(Slow({})):
        billing_details.check(details.pk, now=now)
    assert verdict(details) == ("unchecked", None, None, now)
    assert TaxNumberCheck.objects.values_list("tax_number", "outcome").get() == (NUMBER, "valid")


def test_an_older_answer_does_not_overtake_a_newer_one(registry, user, now):
    details = billing.company(user, now=now)
    registry.answers[NUMBER] = Invalid()
    billing_details.check(details.pk, now=now - HOUR)
    assert verdict(details)[:2] == ("valid", now)
    assert TaxNumberCheck.objects.count() == 2


def test_the_database_keeps_the_evidence_and_refuses_a_yes_without_end(registry, user, now):
    details = billing.company(user, now=now)
    rows = BillingDetails.objects.filter(pk=details.pk)
    for columns in (
        {"valid_until": None},
        {"checked_at": None},
        {"number_status": "sure"},
        {"number_status": "unchecked"},
        {"tax_number": ""},
        {"company": ""},
        {"line1": ""},
        {"city": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**columns)
    for act in (TaxNumberCheck.objects.all().delete, lambda: TaxNumberCheck.objects.update(outcome="invalid")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()


def test_two_workers_ask_about_each_number_once(own_database, now, monkeypatch):
    monkeypatch.setattr(billing_details, "BATCH", 1)
    numbers = ["DE136695976", "DE129273398", "DE811000004", "DE811000012", "DE811000029"]
    asked: list[str] = []
    for number in numbers:
        user = customer(country="DE")
        billing_details.save(user, now=now, company="X", line1="Y", city="Z", tax_number=number)

    def work() -> None:
        try:
            with vat_registry.using(Scripted({})) as registry:
                billing_details.check_due(now=now)
                asked.extend(number for number, _requester in registry.asked)
        finally:
            connection.close()

    threads = [Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(asked) == sorted(numbers)
    assert BillingDetails.objects.filter(number_status="valid").count() == TaxNumberCheck.objects.count() == 5
