"""Step 8: from the shelf to the door, as a guest, and with a membership in the same checkout."""

import re

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.models import User
from apps.billing.models import Invoice
from apps.memberships.models import Subscription
from apps.orders.models import Order
from apps.orders.rules import MEMBER_PRICES

from . import looks, people

ASKS = "4000002760003184"
TREE = "/shop/lemon-femminello/"


def put_in(page: Page, address: str = TREE) -> None:
    page.goto(address)
    page.get_by_role("button", name="Add to basket").click()
    page.wait_for_url("**/basket/")


def fill_address(page: Page, **changes: str) -> None:
    for label, value in {
        "Name": "Gea Guest",
        "Street and number": "Via Roma 1",
        "Postcode": "80067",
        "City": "Sorrento",
        **changes,
    }.items():
        page.get_by_label(label).first.fill(value)


def agree(page: Page) -> None:
    for box in page.get_by_role("checkbox").all():
        box.check()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_guest_buys_a_tree(shop, open_page, snap, width):
    page = open_page(width=width)
    put_in(page)
    expect(page.get_by_role("link", name=re.compile("Basket"))).to_contain_text("1")
    # The quantity changes at once, without another page.
    page.get_by_label(re.compile("How many of")).fill("2")
    page.get_by_label(re.compile("How many of")).press("Tab")
    expect(page.locator("#head-basket")).to_contain_text("2")
    looks.check(page, "basket", snap)
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("link", name="Go to checkout").click()
    page.wait_for_url("**/checkout/")
    total = page.locator("[data-today]")
    before = total.inner_text()
    page.get_by_label("Country").select_option("DE")
    expect(page.locator("#checkout")).to_contain_text("VAT at 19%")
    expect(page.get_by_label("Province or state")).to_have_count(0)
    page.get_by_label("Country").select_option("IT")
    expect(page.locator("#checkout")).to_contain_text("VAT at 22%")
    expect(total).to_have_text(before)
    email = f"guest{width}@example.com"
    page.get_by_label("E-mail address").fill(email)
    fill_address(page)
    page.get_by_label("Province or state").select_option(label="Napoli")
    looks.check(page, "checkout", snap)
    page.set_viewport_size({"width": width, "height": 900})
    _summary_is_where_it_belongs(page, width)
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    agree(page)
    page.get_by_role("button", name="Go on to the card").click()
    page.wait_for_url("**/checkout/pay/**")
    people.type_card(page)
    page.get_by_role("button", name=f"Order and pay {before}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for your order")
    looks.check(page, "thanks", snap)
    order = Order.objects.get(email=email)
    assert (order.status, order.customer.is_guest, order.total.format()) == ("paid", True, before)
    assert not User.objects.filter(email=email).exists()
    page.get_by_role("link", name="See your order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {order.number}")
    looks.check(page, "order", snap)
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_text("Your order is cancelled. All you paid goes back.")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_goods_and_a_membership_in_one_checkout(shop, open_page, snap, width):
    user = people.customer(shop, name="Olga Orto")
    page = open_page(width=width)
    put_in(page)
    page.get_by_role("button", name=re.compile("^Add Grove|^Add Conservatory")).first.click()
    expect(page.locator("#basket")).to_contain_text("membership")
    expect(page.locator("#basket")).to_contain_text("as a member")
    people.sign_in(page, user, then="/checkout/")
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^Then, from"))).to_be_visible()
    fill_address(page, Name="Olga Orto")
    page.get_by_label("Province or state").select_option(label="Napoli")
    agree(page)
    looks.check(page, "both", snap)
    page.set_viewport_size({"width": width, "height": 900})
    today = page.locator("[data-today]").inner_text()
    page.get_by_role("button", name="Go on to the card").click()
    page.wait_for_url("**/checkout/pay/**")
    people.type_card(page)
    page.get_by_role("button", name=f"Order and pay {today}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for your order")
    order = Order.objects.get(customer=user)
    member = Subscription.objects.open().get(customer=user)
    assert member.plan.benefit(MEMBER_PRICES)
    paid = Invoice.objects.filter(customer=user, status="paid")
    assert sum(invoice.total_minor for invoice in paid) == _minor(today)
    assert order.lines.get().is_member_price
    page.goto("/account/orders/")
    expect(page.get_by_role("link", name=order.number)).to_be_visible()
    looks.check(page, "orders", snap)


def test_the_bank_asks(shop, open_page):
    user = people.customer(shop, name="Berta Bank")
    page = open_page()
    people.sign_in(page, user)
    put_in(page)
    page.get_by_role("link", name="Go to checkout").click()
    fill_address(page, Name="Berta Bank")
    page.get_by_label("Province or state").select_option(label="Napoli")
    agree(page)
    page.get_by_role("button", name="Go on to the card").click()
    people.type_card(page, ASKS)
    page.get_by_role("button", name=re.compile("^Order and pay")).click()
    bank = people.bank(page).get_by_role("button", name="Complete authentication")
    bank.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm with your bank")
    assert Order.objects.get(customer=user).status == "pending"
    page.get_by_role("button", name="Confirm the payment").click()
    bank.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for your order")


def _summary_is_where_it_belongs(page: Page, width: int) -> None:
    """Beside the form where there is room; above the button on a phone."""
    summary = page.locator(".checkout__sum").bounding_box()
    form = page.locator(".checkout__form").bounding_box()
    button = page.get_by_role("button", name="Go on to the card").bounding_box()
    if width == 1280:
        assert summary["x"] >= form["x"] + form["width"]
    else:
        assert form["y"] + form["height"] <= summary["y"]
        assert summary["y"] + summary["height"] <= button["y"]


def _minor(text: str) -> int:
    return int(re.sub(r"\D", "", text))
