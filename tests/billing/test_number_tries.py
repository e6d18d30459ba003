"""How many VAT numbers one person can have the registry asked about, and what need not be asked twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from stdnum.iso7064 import mod_11_10

from apps.billing import billing_details, number_tries, vat_registry
from apps.billing.models import BillingDetails, TaxNumberCheck, TaxNumberTry
from apps.billing.vat_registry import Invalid, Unavailable
from apps.billing.vat_registry.scripted import Scripted
from apps.core import sweeps
from tests.factories.accounts import customer
from tests.storefront.pages import signed_in

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADDRESS = {"company": "Zitrus GmbH", "line1": "Hafenstr. 1", "city": "Hamburg"}


def number(serial: int) -> str:
    """German numbers of the right form, with their check digit."""
    digits = str(13_669_000 + serial)
    return f"DE{digits}{mod_11_10.calc_check_digit(digits)}"


@pytest.fixture
def registry():
    with vat_registry.using(Scripted({})) as scripted:
        yield scripted


@pytest.fixture
def user(db):
    return customer(country="DE", time_zone="Europe/Berlin")


def type_in(user, serial: int, now) -> BillingDetails:
    details = billing_details.save(user, tax_number=number(serial), **ADDRESS, now=now)
    billing_details.check_if_needed(details, now=now)
    details.refresh_from_db()
    return details


def test_ten_other_numbers_an_hour_and_then_nothing_changes(registry, user, now):
    for serial in range(10):
        assert type_in(user, serial, now + serial * MINUTE).number_status == "valid"
    before = BillingDetails.objects.values().get()
    later = now + 30 * MINUTE
    with pytest.raises(billing_details.TooManyNumbers) as refusal:
        type_in(user, 10, later)
    assert refusal.value.until == now + HOUR
    assert BillingDetails.objects.values().get() == before
    assert (len(registry.asked), TaxNumberCheck.objects.count(), TaxNumberTry.objects.count()) == (10, 10, 10)
    # What is known already, no number, and another address cost nothing.
    assert type_in(user, 3, later).number_status == "valid"
    billing_details.save(user, **{**ADDRESS, "city": "Bremen"}, now=later)
    assert type_in(user, 10, now + HOUR).tax_number == number(10)
    assert len(registry.asked) == 11


def test_thirty_a_day(registry, user, now):
    for serial in range(30):
        type_in(user, serial, now + serial * 7 * MINUTE)
    with pytest.raises(billing_details.TooManyNumbers) as refusal:
        type_in(user, 30, now + 20 * HOUR)
    assert refusal.value.until == now + DAY
    assert type_in(user, 30, now + DAY).number_status == "valid"
    assert len(registry.asked) == 31
    type_in(customer(country="DE"), 1, now)
    assert len(registry.asked) == 32


@pytest.mark.parametrize(("answer", "status"), [(None, "valid"), (Invalid("W1"), "invalid")])
def test_an_answer_of_this_day_holds(registry, user, now, answer, status):
    if answer:
        registry.answers[number(1)] = answer
    first = type_in(user, 1, now)
    verdict = (first.number_status, first.checked_at, first.valid_until, first.next_check_at)
    type_in(user, 2, now + HOUR)
    again = type_in(user, 1, now + 2 * HOUR)
    assert again.number_status == status
    assert (again.number_status, again.checked_at, again.valid_until, again.next_check_at) == verdict
    assert [asked for asked, _by in registry.asked] == [number(1), number(2)]
    type_in(user, 2, now + 3 * HOUR)
    assert type_in(user, 1, now + DAY).checked_at == now + DAY
    assert len(registry.asked) == 3


def test_a_number_that_is_not_answered_is_asked_about_once_an_hour(registry, user, now):
    registry.answers |= {number(1): Unavailable("DOWN"), number(2): Unavailable("DOWN")}
    for turn in range(6):
        details = type_in(user, 1 + turn % 2, now + turn * MINUTE)
    assert len(registry.asked) == 2
    assert (details.number_status, details.next_check_at) == ("unchecked", now + MINUTE + HOUR)


def test_tries_are_forgotten(registry, user, now):
    type_in(user, 1, now)
    sweeps.get("billing.prune").run(now=now + 30 * DAY)
    assert TaxNumberTry.objects.count() == 1
    sweeps.get("billing.prune").run(now=now + 30 * DAY + MINUTE)
    assert not TaxNumberTry.objects.exists()
    assert TaxNumberCheck.objects.count() == 1


def test_many_pages_at_once_are_counted_one_after_the_other(own_database, now):
    user = customer(country="DE")
    barrier = Barrier(15)

    def send(serial):
        try:
            barrier.wait()
            return billing_details.save(user, tax_number=number(serial), **ADDRESS, now=now)
        except billing_details.TooManyNumbers as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(15) as pool:
        results = list(pool.map(send, range(15)))
    assert sum(isinstance(result, BillingDetails) for result in results) == TaxNumberTry.objects.count() == 10
    assert number_tries.LIMITS[0] == (HOUR, 10)


@pytest.mark.parametrize("address", ["/account/billing/", "/join/grove/month/"])
def test_the_page_says_when_another_number_is_taken(registry, user, now, time_machine, address):
    from tests.factories import memberships as make

    time_machine.move_to(now, tick=False)
    make.plans()
    for serial in range(10):
        type_in(user, serial, now)
    before = BillingDetails.objects.values().get()
    browser = signed_in(user)
    form = {**ADDRESS, "line2": "", "postcode": "", "tax_number": number(11)}
    answer = browser.post(address, {**form, "city": "Bremen"})
    text = answer.content.decode()
    assert "You have tried many VAT numbers. You can try another one after 10 Mar 2026, 11:30" in text
    assert BillingDetails.objects.values().get() == before
    assert len(registry.asked) == 10


def test_the_page_tells_what_is_known_already(registry, user, now, time_machine):
    time_machine.move_to(now, tick=False)
    registry.answers[number(1)] = Invalid("W1")
    type_in(user, 1, now)
    type_in(user, 2, now)
    form = {**ADDRESS, "line2": "", "postcode": "", "tax_number": number(1)}
    answer = signed_in(user).post("/account/billing/", form, follow=True)
    assert "does not know this VAT number, so VAT is charged" in answer.content.decode()
    assert len(registry.asked) == 2
