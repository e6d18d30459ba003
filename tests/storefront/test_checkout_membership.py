"""Goods and a membership in one checkout: two charges, one click, never added up with what comes later."""

import pytest

from apps.billing.gateway.behaviours import authenticate, decline
from apps.billing.models import Invoice, Payment
from apps.catalog.models import Stock
from apps.mail.models import Message
from apps.memberships.models import Subscription
from apps.orders import buying
from apps.orders.models import Order, OrderStatus
from tests.factories import accounts, billing, catalog
from tests.factories import memberships as members
from tests.factories import orders as make
from tests.storefront.pages import said, signed_in
from tests.storefront.test_checkout import enter_card, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    members.plans()


@pytest.fixture
def tree():
    return catalog.product(price=5000, member_price=4000, left=10, name="Lemon tree").variants.get()


def choose(browser, tree, plan="grove"):
    browser.post("/basket/add/", {"variant": tree.pk, "quantity": 1})
    browser.post("/basket/membership/", {"plan": plan, "interval": "month"})


def is_member(user) -> bool:
    return Subscription.objects.open().filter(customer=user, plan__slug="grove", status="active").exists()


def test_todays_charge_and_the_next_one_are_kept_apart(gateway, tree, now):
    browser = signed_in(billing.payer(gateway, now=now))
    choose(browser, tree)
    page = browser.get("/checkout/")
    text = page.content.decode()
    # 40.00 as a member, 5.90 shipping, 12.00 for the first month.
    assert page.context["due"].format() == "€57.90"
    assert "Order and pay €57.90" in text
    then = text.split("checkout__then")[1].split("</section>")[0]
    assert "Then, from 10 April 2026" in then
    assert "€12.00" in then
    assert "until I cancel" in text
    assert "€69.90" not in text


def test_both_are_bought_with_one_click(gateway, tree, now):
    user = billing.payer(gateway, now=now)
    browser = signed_in(user)
    choose(browser, tree)
    done = browser.get(send(browser, **make.HOME, agree_plan="on").url).content.decode()
    assert "Your Grove membership has begun" in done
    order = Order.objects.get()
    assert (order.status, order.signup.status, order.lines.get().is_member_price) == ("paid", "completed", True)
    assert [invoice.total_minor for invoice in Invoice.objects.order_by("pk")] == [1200, 4590]
    assert is_member(user)
    kinds = set(Message.objects.values_list("kind", flat=True))
    assert {"order-confirmed", "membership-confirmation"} <= kinds
    assert "Your basket is empty" in browser.get("/basket/").content.decode()


def test_both_with_a_new_card(gateway, tree):
    user = accounts.customer()
    browser = signed_in(user)
    choose(browser, tree)
    answer = send(browser, **make.HOME, agree_plan="on")
    page = enter_card(browser, answer.url, gateway).content.decode()
    assert "Thank you for your order" in page
    assert is_member(user)
    assert Order.objects.get().status == OrderStatus.PAID


def test_without_the_second_box_nothing_happens(gateway, tree, now):
    browser = signed_in(billing.payer(gateway, now=now))
    choose(browser, tree)
    assert send(browser, **make.HOME).status_code == 400
    assert not Order.objects.exists()


def test_a_declined_membership_sells_no_goods_at_its_prices(gateway, tree, now):
    user = billing.payer(gateway, now=now, script=(decline("insufficient_funds"),))
    browser = signed_in(user)
    choose(browser, tree)
    page = browser.get(send(browser, **make.HOME, agree_plan="on").url).content.decode()
    assert "Your order did not go through" in page
    assert "Nothing was charged" in page
    order = Order.objects.get()
    assert (order.status, order.invoice, is_member(user)) == (OrderStatus.CANCELLED, None, False)
    assert Stock.objects.get(variant=tree).available == 10
    # All of it is still in the basket.
    page = browser.get("/basket/").content.decode()
    assert "Grove membership" in page
    assert "Lemon tree" in page


def test_the_bank_asks_for_the_membership_first(gateway, tree, now):
    user = billing.payer(gateway, now=now, script=(authenticate(),))
    browser = signed_in(user)
    choose(browser, tree)
    page = browser.get(send(browser, **make.HOME, agree_plan="on").url).content.decode()
    assert "confirm the payment of €12.00" in page
    order = Order.objects.get()
    gateway.confirm(buying.payment_of(order).gateway_id)
    browser.post(f"/checkout/done/{order.token}/")
    order.refresh_from_db()
    assert is_member(user)
    assert order.invoice is not None
    assert Payment.objects.filter(invoice=order.invoice).count() == 1


def test_goods_that_fail_leave_the_membership_and_say_so(gateway, tree, now):
    user = billing.payer(gateway, now=now)
    browser = signed_in(user)
    choose(browser, tree)
    sold = []

    def sell_out(**kwargs):
        if not sold:
            sold.append(Stock.objects.filter(variant=tree).update(available=0))

    from apps.billing.signals import invoices_paid

    invoices_paid.connect(sell_out)
    try:
        page = browser.get(send(browser, **make.HOME, agree_plan="on").url).content.decode()
    finally:
        invoices_paid.disconnect(sell_out)
    assert "Your Grove membership has begun and was charged, as you agreed. The goods were not charged." in page
    assert is_member(user)
    assert [invoice.total_minor for invoice in Invoice.objects.all()] == [1200]
    assert "Grove membership" not in browser.get("/basket/").content.decode()


def test_a_guest_needs_an_account_for_a_membership(client, tree):
    choose(client, tree)
    page = client.get("/checkout/").content.decode()
    assert "Please sign in first" in page
    assert "Go on to the card" not in page
    answer = send(client, email="x@example.com", **make.HOME)
    assert answer.status_code == 400
    assert not Order.objects.exists()


def test_a_member_buys_no_second_membership(gateway, tree, now):
    member = members.member(gateway, "grove", now=now)
    browser = signed_in(member.customer)
    answer = browser.post("/basket/membership/", {"plan": "grove", "interval": "month"}, follow=True)
    assert said(answer) == ["You are a member already."]
