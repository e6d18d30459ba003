"""A bundle through its pages: picked on its own page, chosen again in the basket, packed by staff."""

import pytest
from django.urls import reverse

from apps.catalog import stock
from apps.catalog.models import BundleChoice
from apps.orders.models import Basket, Order, OrderStatus
from tests.factories import accounts, catalog, kits
from tests.factories import orders as make
from tests.storefront.pages import said, sent_to, signed_in
from tests.storefront.test_checkout import GUEST, enter_card, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def kit(db):
    return kits.make(slug="kit")


def put(browser, kit, pot, quantity=1):
    facts = {"variant": kit.variant.pk, "quantity": quantity, f"slot-{kit.pot}": pot.pk}
    return browser.post("/basket/add/", facts, follow=True)


def html(response) -> str:
    return " ".join(response.content.decode().split())


def test_its_page_asks_what_to_put_in(client, kit):
    stock.correct(kit.large, available=0, key="a", now=catalog.STOCKED)
    page = html(client.get("/shop/kit/"))
    assert f'<select id="slot-{kit.pot}" name="slot-{kit.pot}" required>' in page
    assert f'<option value="{kit.small.pk}">Small pot</option>' in page
    assert f'<option value="{kit.large.pk}" disabled>Large pot (sold out)</option>' in page
    assert "Add to basket" in page
    stock.correct(kit.small, available=0, key="b", now=catalog.STOCKED)
    page = html(client.get("/shop/kit/"))
    assert "Sold out" in page
    assert "Add to basket" not in page


def test_what_was_picked_is_shown(client, kit):
    assert said(put(client, kit, kit.small)) == ["Kit is in your basket."]
    page = html(put(client, kit, kit.large, 2))
    assert "In it: 2 × Soil; 1 × Small pot" in page
    assert "In each: 2 × Soil; 1 × Large pot" in page
    assert "€180.00" in page


@pytest.mark.parametrize("pick", ["", "x", "0", "9" * 30])
def test_a_pick_that_makes_no_sense_leads_back_to_the_bundle(client, kit, pick):
    facts = {"variant": kit.variant.pk, "quantity": 1, f"slot-{kit.pot}": pick}
    answer = client.post("/basket/add/", facts, follow=True)
    assert (sent_to(answer), said(answer)) == ("/shop/kit/", ["Please choose for “Pot”."])
    assert not Basket.objects.filter(lines__isnull=False).exists()


def test_it_is_chosen_again_in_the_basket(client, kit):
    put(client, kit, kit.small)
    line = Basket.objects.get().lines.get()
    BundleChoice.objects.filter(variant=kit.small).delete()
    page = html(client.get("/basket/"))
    assert "Please choose for “Pot”." in page
    assert '<details class="disclosure" open>' in page
    assert "Go to checkout" not in page
    address = reverse("basket_choices", args=[line.pk])
    answer = client.post(address, {f"slot-{kit.pot}": kit.small.pk}, headers={"HX-Request": "true"})
    assert html(answer).count("Please choose for “Pot”.") == 2
    answer = client.post(address, {f"slot-{kit.pot}": kit.large.pk}, follow=True)
    page = html(answer)
    assert "In it: 2 × Soil; 1 × Large pot" in page
    assert "Go to checkout" in page


def test_nobody_chooses_for_others(client, kit):
    put(client, kit, kit.small)
    line = Basket.objects.get().lines.get()
    address = reverse("basket_choices", args=[line.pk])
    signed_in(accounts.customer()).post(address, {f"slot-{kit.pot}": kit.large.pk})
    line.refresh_from_db()
    assert line.picked == kit.with_pot(kit.small)


def test_what_ran_out_is_named_and_what_is_taken_above_is_said(client, kit):
    put(client, kit, kit.small)
    put(client, kit, kit.large, 5)
    stock.correct(kit.small, available=0, key="a", now=catalog.STOCKED)
    page = html(client.get("/basket/"))
    assert "Sold out at the moment: Small pot. Please choose again, or take it out." in page
    stock.correct(kit.small, available=1, key="b", now=catalog.STOCKED)
    stock.correct(kit.soil, available=3, key="c", now=catalog.STOCKED)
    page = html(client.get("/basket/"))
    assert "What is above in your basket takes all that is left." in page


def test_a_guest_orders_it_and_staff_pack_what_is_in_it(client, kit, gateway):
    put(client, kit, kit.small, 2)
    page = html(client.get("/checkout/"))
    assert "In each: 2 × Soil; 1 × Small pot" in page
    answer = send(client, **GUEST)
    assert "In each: 2 × Soil; 1 × Small pot" in html(client.get(answer.url))
    done = enter_card(client, answer.url, gateway)
    assert "In each: 2 × Soil; 1 × Small pot" in html(done)
    order = Order.objects.get()
    assert (order.status, kit.left()) == (OrderStatus.PAID, (16, 3, 5))
    assert "In each: 2 × Soil; 1 × Small pot" in html(client.get(f"/orders/{order.token}/"))
    office = signed_in(accounts.staff(email="boss@example.com"))
    page = html(office.get(reverse("admin:orders_order_packing_list")))
    assert f"<td>{kit.soil.sku}</td><td>Soil (for Kit)</td>" in page
    assert f'<td class="pl-4">4</td><td>{kit.soil.sku}</td>' in page
    assert "2 × Soil" in html(office.get(reverse("admin:orders_order_change", args=[order.pk])))
    assert "2 × Soil" in html(office.get(reverse("admin:orders_order_give_back", args=[order.pk])))


def test_the_invoice_says_what_is_in_it(gateway, kit, now):
    user = accounts.customer()
    order = kits.paid(gateway, kit, kit.large, now=now, customer=user, address=make.HOME)
    page = html(signed_in(user).get(f"/account/invoices/{order.invoice.number}/"))
    assert "Kit<small>In it: 2 × Soil; 1 × Large pot</small>" in page
