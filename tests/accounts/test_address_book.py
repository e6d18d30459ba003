"""The addresses that a customer keeps: each once, one of them first, and not without end."""

import pytest

from apps.accounts import address_book, addresses
from apps.accounts.models import Address
from tests.factories import accounts
from tests.factories.orders import BERLIN, HOME
from tests.memberships.together import together
from tests.storefront.pages import nothing_changes

HOME, BERLIN = (addresses.normalise(one) | {"phone": ""} for one in (HOME, BERLIN))


def at(number: int) -> dict[str, str]:
    return HOME | {"line1": f"Via Roma {number}"}


def kept(user) -> list[tuple[str, bool]]:
    return [(one.line1, one.is_default) for one in Address.objects.of(user)]


@pytest.fixture
def user(db):
    return accounts.customer()


def test_what_is_ordered_to_is_kept_once_and_used_first(user):
    first = address_book.use(user, HOME)
    address_book.use(user, BERLIN)
    assert address_book.use(user, HOME) == first
    assert kept(user) == [("Via Roma 1", True), ("Hafenstr. 1", False)]


def test_what_is_added_does_not_push_itself_forward(user):
    address_book.add(user, HOME)
    address_book.add(user, BERLIN)
    address_book.add(user, HOME)
    assert kept(user) == [("Via Roma 1", True), ("Hafenstr. 1", False)]
    address_book.choose(user, Address.objects.get(country="DE").pk)
    assert kept(user) == [("Hafenstr. 1", True), ("Via Roma 1", False)]


def test_it_is_corrected(user):
    row = address_book.add(user, HOME)
    address_book.change(user, row.pk, BERLIN | {"phone": "030 1"})
    row.refresh_from_db()
    assert (row.as_json(), row.is_default) == (BERLIN | {"phone": "030 1"}, True)


@pytest.mark.parametrize("which", [0, 1])
def test_two_that_become_the_same_are_one(user, which):
    rows = [address_book.add(user, one) for one in (HOME, BERLIN)]
    address_book.change(user, rows[which].pk, [BERLIN, HOME][which])
    assert kept(user) == [(rows[1 - which].line1, True)]


def test_it_is_removed_and_the_newest_is_used_first(user):
    rows = [address_book.add(user, at(number)) for number in (1, 2, 3)]
    address_book.remove(user, rows[0].pk)
    assert kept(user) == [("Via Roma 3", True), ("Via Roma 2", False)]
    address_book.remove(user, rows[1].pk)
    assert kept(user) == [("Via Roma 3", True)]
    address_book.remove(user, rows[2].pk)
    assert kept(user) == []


def test_nobody_touches_those_of_others(user):
    other = accounts.customer()
    mine = address_book.add(user, HOME)
    with nothing_changes():
        for act in (address_book.choose, lambda *who: address_book.change(*who, BERLIN)):
            with pytest.raises(Address.DoesNotExist):
                act(other, mine.pk)
        address_book.remove(other, mine.pk)


def test_not_more_than_so_many(user):
    for number in range(address_book.MOST):
        address_book.add(user, at(number))
    with pytest.raises(address_book.BookFull, match="You have saved 20 addresses"), nothing_changes():
        address_book.add(user, BERLIN)
    assert address_book.add(user, at(3)).line1 == "Via Roma 3"
    # What is ordered to is kept all the same; the first that is not used first is forgotten.
    address_book.use(user, BERLIN)
    lines = [line for line, _first in kept(user)]
    assert (len(lines), lines[0], lines[-1]) == (20, "Hafenstr. 1", "Via Roma 1")


def test_many_windows_make_one_book(own_database):
    user = accounts.customer()
    assert together(*[lambda: address_book.add(user, HOME)] * 4, *[lambda: address_book.use(user, BERLIN)] * 4) == []
    assert sorted(one.is_default for one in Address.objects.of(user)) == [False, True]
