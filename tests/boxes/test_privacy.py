"""What boxes hold of a person is in their copy, stands in the way while one is owed, and goes with them."""

from datetime import timedelta

import pytest

from apps.accounts import erasing
from apps.core import privacy, sweeps
from apps.core.privacy import Person
from apps.memberships import services
from apps.orders import fulfilling
from apps.orders.models import BoxDelivery, BoxRecipient, Order
from tests.factories import accounts, boxes
from tests.privacy import stories

pytestmark = pytest.mark.django_db
OWED = "A box is paid for and has not been sent yet. Wait until it has arrived, or write to us."


@pytest.fixture
def subscription(gateway, now):
    user = accounts.customer(email=stories.EMAIL, name=stories.NAME)
    home = {**boxes.WHERE, "name": stories.NAME}
    return boxes.subscriber(gateway, boxes.box(), now=now, user=user, address=home)


def person(user) -> Person:
    return Person(id=user.pk, email=user.email, name=user.name, emails=(user.email,))


def exported(user, name) -> list[dict]:
    return next(list(part.rows(person(user))) for part in privacy.parts() if part.name == name)


def test_the_copy_says_where_boxes_go_and_which_were_sent(subscription, now):
    user = subscription.customer
    sweeps.run("orders.boxes", now=now)
    [recipient], [delivery] = exported(user, "boxes"), exported(user, "box-deliveries")
    assert (recipient["address"]["name"], recipient["plan_group"]) == (stories.NAME, "seasonal-box")
    assert (delivery["number"], delivery["status"]) == (0, "ordered")
    assert delivery["order__number"] == Order.objects.get().number
    other = accounts.customer()
    assert (exported(other, "boxes"), exported(other, "box-deliveries")) == ([], [])


def test_not_while_a_box_is_owed_and_then_nothing_names_them(subscription, now):
    user, later = subscription.customer, now + timedelta(days=40)
    services.request_cancel(subscription.pk, customer=user, now=now)
    sweeps.run("memberships.end", now=later)
    assert erasing.obstacles(user) == [OWED]
    sweeps.run("orders.boxes", now=later)
    order = Order.objects.get()
    fulfilling.pack(order.pk, actor="staff", now=later)
    fulfilling.ship(order.pk, carrier="DHL", actor="staff", now=later)
    fulfilling.deliver(order.pk, actor="staff", now=later)
    assert erasing.obstacles(user) == []
    assert "orders_boxrecipient" in stories.who_names(stories.NAME)

    erasing.confirm(erasing.request(user, now=later).secret, now=later)
    sweeps.run("mail.deliver", now=later)
    assert erasing.carry_out_due(now=later + timedelta(hours=2)) == 1
    assert set(stories.who_names(stories.NAME, stories.EMAIL)) <= {"billing_invoice"}
    assert (BoxRecipient.objects.count(), BoxDelivery.objects.count()) == (0, 1)
