"""The customer finds boxes among their orders, and chooses the next box at checkout."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import sweeps
from apps.memberships.gifts import redeeming
from apps.orders.boxes import extras
from apps.orders.models import Order
from tests.factories import accounts, boxes, catalog, gifts, orders
from tests.storefront.pages import nothing_changes, said, signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock(time_machine, now):
    time_machine.move_to(now, tick=False)


def test_a_box_is_among_the_orders_and_is_not_cancelled_there(gateway, now):
    order = boxes.sent(gateway, boxes.box(), now=now)
    browser = signed_in(order.customer)
    assert order.number in browser.get("/account/orders/").content.decode()
    address = f"/account/orders/{order.number}/"
    text = browser.get(address).content.decode()
    assert str(order.lines.get().variant) in text
    assert f"/{order.invoice.number}/" in text
    assert "Cancel this order" not in text
    answer = browser.post(address, follow=True)
    assert said(answer) == ["A box cannot be cancelled by itself. You can skip the next one, or cancel the contract."]
    order.refresh_from_db()
    assert order.status == "paid"


def test_a_given_box_has_a_page_without_an_invoice(gateway, now):
    made, friend = boxes.box(), accounts.customer()
    boxes.prepare(friend, made, now=now)
    gift = gifts.bought(gateway, now=now, price=made.price, periods=1)
    redeeming.redeem(gift.code, customer=friend, shown="starts", now=now)
    sweeps.run("orders.boxes", now=now)
    order = Order.objects.get()
    text = signed_in(friend).get(f"/account/orders/{order.number}/").content.decode()
    assert order.number in text


def test_the_next_box_is_chosen_at_checkout(gateway, now):
    subscription = boxes.subscriber(gateway, boxes.box(), now=now)
    sweeps.run("orders.boxes", now=now)
    customer = subscription.customer
    tool = catalog.product(price=2000, left=10).variants.get()
    orders.basket((tool, 1), now=now, customer=customer)
    browser = signed_in(customer)
    with nothing_changes():
        form = browser.get("/checkout/").context["form"]
    assert form["rate"].field.choices[-1] == (
        str(extras.NEXT_BOX),
        "With your next box on 10 April 2026 · to Via Roma 1, Sorrento · free",
    )
    home = {**orders.HOME, "rate": str(extras.NEXT_BOX)}
    form = browser.post("/checkout/", {**home, "update": ""}).context["form"]
    assert form.quote.way.pk == extras.NEXT_BOX
    card = str(customer.billing_profile.default_card_id)
    agreed = {"shown": form.fingerprint, "once": str(form.initial["once"]), "agree": "on", "card": card}
    browser.post("/checkout/", {**home, **agreed}, follow=True)
    order = Order.objects.get(kind="shop")
    assert (order.status, order.goes_with, order.shipping_minor) == ("paid", subscription, 0)
    assert order.shipping_name == "With your next box on 10 April 2026"
    page = browser.get(f"/account/orders/{order.number}/").content.decode()
    assert "It is sent with your next box." in page
    box = Order.objects.get(kind="box")
    Order.objects.filter(pk=order.pk).update(packed_with=box)
    page = browser.get(f"/account/orders/{order.number}/").content.decode()
    assert "It is sent with your box" in page
    assert f"/account/orders/{box.number}/" in page
