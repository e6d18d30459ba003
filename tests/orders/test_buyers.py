"""Who may review: those to whom it came, and who kept some of it."""

import pytest

from apps.catalog import reviews
from apps.orders import fulfilling
from tests.factories import accounts, catalog, orders

pytestmark = pytest.mark.django_db
STAFF = "staff@example.com"


@pytest.fixture
def spade():
    return catalog.product(left=10)


def arrived(gateway, spade, *, now, **whose):
    order = orders.paid(gateway, (spade.variants.get(), 1), now=now, **whose)
    fulfilling.pack(order.pk, actor=STAFF, now=now)
    fulfilling.ship(order.pk, carrier="DHL", tracking_number="", actor=STAFF, now=now)
    return order


def test_what_has_been_sent_can_be_reviewed(gateway, spade, now):
    ada = accounts.customer()
    order = orders.paid(gateway, (spade.variants.get(), 1), customer=ada, now=now)
    assert not reviews.may_review(spade, ada)
    fulfilling.pack(order.pk, actor=STAFF, now=now)
    fulfilling.ship(order.pk, carrier="DHL", tracking_number="", actor=STAFF, now=now)
    assert reviews.may_review(spade, ada)
    assert not reviews.may_review(catalog.product(), ada)
    assert not reviews.may_review(spade, accounts.customer())
    assert not reviews.may_review(spade, None)


def test_an_order_as_a_guest_counts_once_the_address_is_proved(gateway, spade, now):
    arrived(gateway, spade, now=now, email="ada@example.com")
    assert reviews.may_review(spade, accounts.customer(email="ada@example.com"))
