"""What staff do with orders: pack, send, give back."""

import pytest
from django.urls import reverse

from apps.catalog.models import Stock
from apps.orders import fulfilling
from apps.orders.models import Order, OrderRefund, OrderStatus, ShippingRate
from tests.factories import accounts, catalog, orders
from tests.storefront.pages import nothing_changes, said

pytestmark = pytest.mark.django_db
LIST = reverse("admin:orders_order_changelist")


@pytest.fixture
def office(client):
    """A browser in which a member of staff is signed in."""
    client.force_login(accounts.staff(email="boss@example.com"))
    return client


@pytest.fixture
def tree():
    return catalog.product(price=5000, left=10, name="Lemon tree").variants.get()


@pytest.fixture
def paid(gateway, now, tree):
    return [orders.paid(gateway, (tree, 1), now=now) for _each in range(3)]


def act(office, action, chosen):
    return office.post(LIST, {"action": action, "_selected_action": [order.pk for order in chosen]}, follow=True)


def statuses() -> list[str]:
    return list(Order.objects.order_by("pk").values_list("status", flat=True))


def test_orders_are_packed_and_sent_many_at_a_time(office, paid, now):
    first, second, third = paid
    page = act(office, "choose_packing_list", [first, second]).content.decode()
    assert first.number in page
    assert third.number not in page
    assert "Via Roma 1" in page
    assert "SKU-" in page
    act(office, "pack", [first, second])
    assert statuses() == ["packed", "packed", "paid"]
    page = act(office, "choose_to_send", paid)
    assert [form["order"].initial for form in page.context["parcels"]] == [first.pk, second.pk]
    rows = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "form-0-order": first.pk, "form-1-order": second.pk}
    url = "https://parcels.example/77"
    sent = {**rows, "form-0-carrier": "DHL", "form-0-tracking_number": "77", "form-0-tracking_url": url}
    assert said(office.post(reverse("admin:orders_order_send"), sent, follow=True)) == ["1 order is on its way."]
    assert statuses() == ["shipped", "packed", "paid"]
    shipment = first.shipments.get()
    assert (shipment.tracking_url, shipment.actor) == (url, "boss@example.com")
    act(office, "deliver", [first, third])
    assert statuses() == ["delivered", "packed", "paid"]


def test_staff_cancel(office, paid, tree):
    act(office, "cancel", paid[:2])
    assert statuses() == ["cancelled", "cancelled", "paid"]
    assert Stock.objects.get(variant=tree).available == 9


def test_money_is_given_back_by_component(office, paid, tree):
    order = paid[0]
    line = order.lines.get()
    address = reverse("admin:orders_order_give_back", args=[order.pk])
    form = office.get(address).context["form"]
    facts = {
        "once": str(form["once"].initial),
        f"line-{line.pk}": "1",
        "shipping": "on",
        "reason": "Frost",
        "restock": "",
    }
    answer = office.post(address, facts, follow=True)
    assert said(answer) == ["€55.90 goes back, and the customer has been written to."]
    office.post(address, facts, follow=True)
    refund = OrderRefund.objects.get()
    assert (refund.amount_minor, refund.shipping_minor, refund.reason) == (5590, 590, "Frost")
    with nothing_changes():
        again = office.post(address, {**facts, "once": "0" * 32})
    assert again.status_code == 200
    assert office.get(reverse("admin:orders_order_change", args=[order.pk])).status_code == 200


def test_the_queue_of_what_waits_to_be_packed(office, paid, now):
    address = reverse("admin:insights_queue", args=["orders-to-pack"])
    page = office.get(address).content.decode()
    assert all(order.number in page for order in paid)
    fulfilling.pack(paid[0].pk, actor="x", now=now)
    assert paid[0].number not in office.get(address).content.decode()


def test_staff_who_may_only_look_do_nothing(client, paid):
    from django.contrib.auth.models import Permission

    looker = accounts.customer(email="looker@example.com")
    looker.is_staff = True
    looker.save()
    looker.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(looker)
    assert client.get(LIST).status_code == 200
    act(client, "pack", paid)
    assert client.get(reverse("admin:orders_order_send")).status_code == 403
    assert client.post(reverse("admin:orders_order_give_back", args=[paid[0].pk]), {}).status_code == 403
    assert statuses() == [OrderStatus.PAID] * 3


def test_shipping_rates_are_edited(office):
    rate = ShippingRate.objects.first()
    address = reverse("admin:orders_shippingrate_change", args=[rate.pk])
    facts = {"name": "Slow", "countries": "IT,FR", "currency": "EUR", "amount_minor": "100", "position": "0"}
    assert office.post(address, facts | {"countries": "Italy"}).status_code == 200
    assert office.post(address, facts).status_code == 302
    rate.refresh_from_db()
    assert (rate.name, rate.countries) == ("Slow", ["IT", "FR"])


def test_who_packs_reads_their_own_language(office, gateway, now):
    buyer = accounts.customer(locale="it")
    feed = catalog.product(name="Feed", name_it="Concime", left=5)
    small = catalog.variant(feed, name="1 litre", name_it="1 litro", left=5)
    order = orders.paid(gateway, (small, 1), now=now, customer=buyer)
    assert order.lines.get().description == "Concime, 1 litro"
    page = act(office, "choose_packing_list", [order]).content.decode()
    assert "Feed, 1 litre" in page
    assert "Concime" not in page
