"""What staff see of boxes and do about them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from apps.core import sweeps
from apps.orders import fulfilling
from apps.orders.boxes import forecast
from apps.orders.models import Box, BoxDelivery, BoxStop, Order
from tests.factories import accounts, boxes, catalog, memberships, orders
from tests.storefront.pages import said

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def office(client):
    """A browser in which a member of staff is signed in."""
    client.force_login(accounts.staff(email="boss@example.com"))
    return client


@pytest.fixture
def made(db):
    return boxes.box()


def page(office, name, *args, **query) -> str:
    answer = office.get(reverse(f"admin:orders_{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_the_coming_days_need(office, gateway, made, now):
    boxes.subscriber(gateway, made, now=now, quantity=2)
    boxes.subscriber(gateway, made, now=now, picked=made.oranges)
    sweeps.run("orders.boxes", now=now)
    assert forecast.coming(made.box, now=now) == forecast.Coming(2, 0, [])
    catalog.shelves.correct(made.lemons, available=1, key="few", now=now)
    coming = forecast.coming(made.box, now=APRIL - 6 * DAY)
    assert [(need.variant, need.pieces, need.is_short) for need in coming.needs] == [
        (made.lemons, 2, True),
        (made.oranges, 1, False),
        (made.jam, 6, False),
    ]
    assert coming.parcels == 2


def test_the_page_of_a_box_shows_them(office, gateway, made, now, time_machine):
    boxes.subscriber(gateway, made, now=now, quantity=2)
    assert "1 parcel · 1 subscriber" in page(office, "box_changelist")
    text = page(office, "box_change", made.box.pk)
    assert f"4 × {made.jam}, 100 are there" in text


def test_a_box_is_of_a_plan_that_sends_goods(office, made, stocked):
    grove, bundle = memberships.plans()["grove"], catalog.bundle(("One", 1, [made.jam]))
    answer = office.post(
        reverse("admin:orders_box_add"), {"plan": grove.pk, "product": bundle.product_id, "cutoff_days": 2}
    )
    assert "This plan sends no parcel" in answer.content.decode()
    assert Box.objects.count() == 1


def test_held_boxes_come_first_and_are_tried_again(office, gateway, made, now):
    boxes.subscriber(gateway, made, now=now)
    boxes.subscriber(gateway, made, now=now, address=None)
    sweeps.run("orders.boxes", now=now)
    address = reverse("admin:orders_boxdelivery_changelist")
    rows = office.get(address).context["cl"].result_list
    assert [row.status for row in rows] == ["held", "ordered"]
    chosen = {"action": "try_again", "_selected_action": [row.pk for row in rows]}
    answer = office.post(address, chosen, follow=True)
    assert said(answer)[-1] == "The workers try 1 box again."
    assert sorted(BoxDelivery.objects.values_list("status", flat=True)) == ["due", "ordered"]


def test_the_queue_of_held_boxes(office, gateway, made, now):
    boxes.subscriber(gateway, made, now=now, address=None)
    sweeps.run("orders.boxes", now=now)
    delivery = BoxDelivery.objects.get()
    answer = office.get(reverse("admin:insights_queue", args=["held-boxes"]))
    assert "The customer has not said where to send it." in answer.content.decode()
    office.post(reverse("admin:insights_queue_act", args=["held-boxes", delivery.pk, "try-again"]))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.held_for) == ("due", "")


def test_staff_see_how_many_a_stop_touches_before_they_decide(office, gateway, made, now):
    boxes.subscriber(gateway, made, now=now)
    sweeps.run("orders.boxes", now=now)
    address = reverse("admin:orders_box_stop", args=[made.box.pk])
    wish = {"kind": "substitute", "variant": made.jam.pk, "substitute": made.oranges.pk}
    text = office.post(address, {**wish, "look": ""}).content.decode()
    assert "It touches 1 contract at most." in text
    assert "1 order that is not packed gets other pieces." in text
    assert not BoxStop.objects.exists()
    answer = office.post(address, {**wish, "decide": ""}, follow=True)
    assert said(answer) == ["It is decided. The workers carry it out and write to the customers."]
    stop = BoxStop.objects.get()
    assert (stop.variant, stop.substitute, stop.actor, stop.done_at) == (
        made.jam,
        made.oranges,
        "boss@example.com",
        None,
    )
    again = office.post(address, {**wish, "decide": ""}).content.decode()
    assert "Another decision about this box" in again
    assert BoxStop.objects.count() == 1


def test_a_pause_from_the_back_office(office, made, now):
    address = reverse("admin:orders_box_stop", args=[made.box.pk])
    assert "Say until when." in office.post(address, {"kind": "pause", "decide": ""}).content.decode()
    assert "Please choose." in office.post(address, {"kind": "substitute", "decide": ""}).content.decode()
    past = office.post(address, {"kind": "pause", "until": "2026-03-01", "decide": ""}).content.decode()
    assert "choose a day to come" in past
    assert not BoxStop.objects.exists()
    office.post(address, {"kind": "pause", "until": "2026-05-01", "decide": ""})
    assert BoxStop.objects.get().until == datetime(2026, 5, 1, tzinfo=UTC)
    assert "2026" in page(office, "boxstop_changelist")


def test_where_boxes_go(office, gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now)
    recipient = subscription.customer.boxes.get()
    assert "Via Roma 1" in page(office, "boxrecipient_changelist")
    assert f"The fruit: {made.lemons}" in page(office, "boxrecipient_change", recipient.pk)


def test_an_extra_is_on_the_slip_of_its_box(office, gateway, made, now):
    box = boxes.sent(gateway, made, now=now)
    tool = catalog.product(left=5, name="Secateurs").variants.get()
    extra = orders.paid(gateway, (tool, 1), now=now, customer=box.customer)
    Order.objects.filter(pk=extra.pk).update(goes_with=box.delivery.subscription, packed_with=box)
    text = page(office, "order_packing_list")
    assert f"In the same parcel: order {extra.number}" in text
    assert "1 × Secateurs" in text
    fulfilling.pack(box.pk, actor="staff", now=now)
    sending = office.get(reverse("admin:orders_order_send"))
    assert [form["order"].initial for form in sending.context["parcels"]] == [box.pk]


def test_an_extra_is_sent_by_itself_after_all(office, gateway, made, now):
    box = boxes.sent(gateway, made, now=now)
    extra = orders.paid(gateway, (catalog.product(left=5).variants.get(), 1), now=now, customer=box.customer)
    Order.objects.filter(pk=extra.pk).update(goes_with=box.delivery.subscription)
    act = {"action": "send_alone", "_selected_action": [extra.pk]}
    office.post(reverse("admin:orders_order_changelist"), act)
    extra.refresh_from_db()
    assert extra.goes_with is None


def test_who_may_only_look_decides_nothing(client, made):
    clerk = accounts.staff()
    clerk.is_superuser = False
    clerk.save()
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_box", "view_boxdelivery"]))
    client.force_login(clerk)
    address = reverse("admin:orders_box_stop", args=[made.box.pk])
    assert client.post(address, {"kind": "pause", "until": "2026-05-01", "decide": ""}).status_code == 403
    assert not BoxStop.objects.exists()
