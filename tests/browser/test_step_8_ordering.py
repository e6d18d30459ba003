"""Step 8: from the shelf to the door, as a guest, and with a membership in the same checkout."""

import re

from django.utils.translation import override
from playwright.sync_api import Page, expect

from apps.accounts.models import User
from apps.billing.models import Invoice
from apps.catalog.models import Product
from apps.memberships.models import MEMBER_PRICES, Plan, Subscription
from apps.orders.models import Order
from apps.storefront import agreed

from . import looks, people
from .visits import AT_HOME, EVERY_VISIT, Visit

ASKS = "4000002760003184"
TREE = "/shop/lemon-femminello/"


def put_in(page: Page, visit: Visit = AT_HOME, *, address: str = TREE) -> None:
    page.goto(visit.path(address))
    page.get_by_role("button", name=visit.says("Add to basket")).click()
    page.wait_for_url("**/basket/")


def fill_address(page: Page, visit: Visit = AT_HOME, *, name: str) -> None:
    for label, value in {
        "Name": name,
        "Street and number": "Via Roma 1",
        "Postcode": "80067",
        "City": "Sorrento",
    }.items():
        page.get_by_label(visit.says(label)).first.fill(value)
    page.get_by_label(visit.says("Province or state")).select_option(label="Napoli")


def agree(page: Page) -> None:
    for box in page.get_by_role("checkbox").all():
        box.check()


def order_and_pay(page: Page, visit: Visit, total: str) -> None:
    page.get_by_role("button", name=visit.says("Go on to the card")).click()
    page.wait_for_url("**/checkout/pay/**")
    people.type_card(page)
    page.get_by_role("button", name=visit.says("Order and pay %(total)s", total=total)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(visit.says("Thank you for your order"))


def look(page: Page, name: str, snap, visit: Visit) -> None:
    """In all four ways, and then on as wide a screen as before."""
    looks.check(page, name, snap)
    page.set_viewport_size({"width": visit.width, "height": 900})


@EVERY_VISIT
def test_a_guest_buys_a_tree(shop, open_page, snap, visit):
    says = visit.says
    page = open_page(width=visit.width)
    put_in(page, visit)
    expect(page.get_by_role("link", name=re.compile(says("Basket")))).to_contain_text("1")
    # The quantity changes at once, without another page.
    lemon = visit.called(Product, "Lemon ‘Femminello’")
    quantity = page.get_by_label(re.compile(says("How many of %(name)s", name=lemon)))
    quantity.fill("2")
    quantity.press("Tab")
    expect(page.locator("#head-basket")).to_contain_text("2")
    look(page, "basket", snap, visit)
    page.get_by_role("link", name=says("Go to checkout")).click()
    page.wait_for_url("**/checkout/")
    total = page.locator("[data-today]")
    before = total.inner_text()
    page.get_by_label(says("Country")).select_option("DE")
    expect(page.locator("#checkout")).to_contain_text(_vat(visit, percent=19))
    expect(page.get_by_label(says("Province or state"))).to_have_count(0)
    page.get_by_label(says("Country")).select_option("IT")
    expect(page.locator("#checkout")).to_contain_text(_vat(visit, percent=22))
    expect(total).to_have_text(before)
    email = f"guest-{visit}@example.com"
    page.get_by_label(says("E-mail address")).fill(email)
    fill_address(page, visit, name="Gea Guest")
    look(page, "checkout", snap, visit)
    _summary_is_where_it_belongs(page, visit)
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    agree(page)
    order_and_pay(page, visit, before)
    look(page, "thanks", snap, visit)
    order = Order.objects.select_related("customer").get(email=email)
    with override(visit.language):
        assert (order.status, order.customer.is_guest, order.total.format()) == ("paid", True, before)
    assert order.customer.locale == visit.language
    assert not User.objects.filter(email=email).exists()
    page.get_by_role("link", name=says("See your order")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(says("Order %(number)s", number=order.number))
    look(page, "order", snap, visit)
    page.get_by_role("button", name=says("Cancel the order")).click()
    expect(page.get_by_text(says("Your order is cancelled. All you paid goes back."))).to_be_visible()


@EVERY_VISIT
def test_goods_and_a_membership_in_one_checkout(shop, open_page, snap, visit):
    user = people.customer(shop, name="Olga Orto", locale=visit.language)
    page = open_page(width=visit.width)
    put_in(page, visit)
    page.locator("form", has=page.locator("input[name=plan]")).get_by_role("button").first.click()
    with override(visit.language):
        grove = (
            Plan.objects.get(slug="grove").prices.get(currency="EUR", interval_unit="month", version=1).amount.format()
        )
    expect(page.locator("#basket")).to_contain_text(grove)
    people.sign_in(page, user, then="/checkout/", visit=visit)
    expect(page.get_by_role("heading", name=visit.says("Today"))).to_be_visible()
    expect(page.get_by_role("heading", name=visit.says("Then, from %(date)s", date=""))).to_be_visible()
    fill_address(page, visit, name="Olga Orto")
    agree(page)
    look(page, "both", snap, visit)
    today = page.locator("[data-today]").inner_text()
    order_and_pay(page, visit, today)
    order = Order.objects.get(customer=user)
    member = Subscription.objects.open().get(customer=user)
    assert member.plan.benefit(MEMBER_PRICES)
    paid = Invoice.objects.filter(customer=user, status="paid")
    assert sum(invoice.total_minor for invoice in paid) == _minor(today)
    assert order.lines.get().is_member_price
    page.goto(visit.path("/account/orders/"))
    expect(page.get_by_role("link", name=order.number)).to_be_visible()
    look(page, "orders", snap, visit)


def test_the_bank_asks(shop, open_page):
    user = people.customer(shop, name="Berta Bank")
    page = open_page()
    people.sign_in(page, user)
    put_in(page)
    page.get_by_role("link", name="Go to checkout").click()
    fill_address(page, name="Berta Bank")
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


def _summary_is_where_it_belongs(page: Page, visit: Visit) -> None:
    """Beside the form where there is room; above the button on a phone."""
    summary = page.locator(".checkout__sum").bounding_box()
    form = page.locator(".checkout__form").bounding_box()
    button = page.get_by_role("button", name=visit.says("Go on to the card")).bounding_box()
    if visit.width == 1280:
        assert summary["x"] >= form["x"] + form["width"]
    else:
        assert form["y"] + form["height"] <= summary["y"]
        assert summary["y"] + summary["height"] <= button["y"]


def _minor(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def _vat(visit: Visit, *, percent: int) -> str:
    with override(visit.language):
        rate = agreed.percent(percent * 100)
    return visit.says("of the goods VAT at %(rate)s", rate=rate)
