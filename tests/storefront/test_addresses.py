"""The page of saved addresses."""

import pytest

from apps.accounts import address_book, addresses
from apps.accounts.models import Address
from tests.factories import accounts, catalog
from tests.factories import orders as make
from tests.storefront.pages import nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db
BOOK = "/account/addresses/"
FORM = {name: value for name, value in make.HOME.items() if value} | {"phone": "081 1"}


@pytest.fixture
def user():
    return accounts.customer()


@pytest.fixture
def browser(user):
    return signed_in(user)


def saved(user, address=make.HOME) -> Address:
    return address_book.add(user, addresses.normalise(address) | {"phone": ""})


def test_it_is_reached_from_the_settings_and_from_checkout(user, browser):
    assert f'href="{BOOK}"' in browser.get("/account/settings/").content.decode()
    saved(user)
    browser.post("/basket/add/", {"variant": catalog.product().variants.get().pk})
    assert f'href="{BOOK}"' in browser.get("/checkout/").content.decode()


def test_one_is_added_changed_chosen_and_removed(user, browser):
    assert "You have not saved an address yet" in browser.get(BOOK).content.decode()
    answer = browser.post(f"{BOOK}new/", FORM, follow=True)
    assert (sent_to(answer), said(answer)) == (BOOK, ["Saved."])
    assert "Via Roma 1<br>80067 SORRENTO NA<br>Italy<br>081 1" in answer.content.decode()
    first = Address.objects.get()
    browser.post(f"{BOOK}{first.pk}/", FORM | {"line1": "Via Roma 2", "line2": "Scala B"})
    first.refresh_from_db()
    assert (first.line1, first.line2, first.is_default) == ("Via Roma 2", "Scala B", True)
    second = saved(user, make.BERLIN)
    browser.post(f"{BOOK}{second.pk}/first/")
    assert [one.pk for one in Address.objects.of(user)] == [second.pk, first.pk]
    page = browser.post(f"{BOOK}{second.pk}/remove/", follow=True).content.decode()
    assert "Hafenstr" not in page
    assert Address.objects.get() == first


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"postal_code": "1"}, {"region": "ZZ"}, {"country": "XX"}, {"line1": "x" * 200}]
)
def test_bad_input_changes_nothing(user, browser, wrong):
    one = saved(user)
    for address in (f"{BOOK}new/", f"{BOOK}{one.pk}/"):
        with nothing_changes():
            page = browser.post(address, FORM | wrong)
        assert page.status_code == 400
        assert 'class="errorlist"' in page.content.decode()


def test_another_country_has_other_fields_and_saves_nothing(user, browser):
    one = saved(user)
    assert "Province or state" in browser.get(f"{BOOK}{one.pk}/").content.decode()
    for headers in ({}, {"HX-Request": "true"}):
        with nothing_changes():
            answer = browser.post(f"{BOOK}{one.pk}/", FORM | {"country": "DE", "update": "1"}, headers=headers)
        page = answer.content.decode()
        assert "Province or state" not in page
        assert 'value="Via Roma 1"' in page
        assert ("<html" in page) is not bool(headers)


def test_those_of_others_are_not_there(user):
    one = saved(user)
    other = signed_in(accounts.customer())
    with nothing_changes():
        assert other.get(f"{BOOK}{one.pk}/").status_code == 404
        for address in (f"{BOOK}{one.pk}/", f"{BOOK}{one.pk}/first/", f"{BOOK}{one.pk}/remove/"):
            assert other.post(address, FORM).status_code == 404


def test_without_signing_in_there_is_nothing(client, user):
    one = saved(user)
    for address in (BOOK, f"{BOOK}new/", f"{BOOK}{one.pk}/"):
        assert client.get(address).url.startswith("/accounts/login/")


def test_a_full_book_takes_no_more(user, browser):
    for number in range(address_book.MOST):
        saved(user, make.HOME | {"line1": f"Via Napoli {number}"})
    page = browser.get(BOOK).content.decode()
    assert f'href="{BOOK}new/"' not in page
    with nothing_changes():
        answer = browser.post(f"{BOOK}new/", FORM)
    assert "You have saved 20 addresses." in answer.content.decode()


def test_the_page_costs_the_same_however_many(user, browser, django_assert_num_queries):
    saved(user)
    browser.get(BOOK)
    with django_assert_num_queries(4):
        browser.get(BOOK)
    for number in range(5):
        saved(user, make.HOME | {"line1": f"Via Napoli {number}"})
    with django_assert_num_queries(4):
        browser.get(BOOK)
