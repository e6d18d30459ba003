"""Checkout on one page: guests, members, cards, and what is said before anything is charged."""

from datetime import timedelta

import pytest

from apps.accounts.models import Address, Consent, User
from apps.billing.gateway.behaviours import authenticate, decline
from apps.billing.models import Card, Invoice
from apps.catalog.models import Stock
from apps.core import sweeps
from apps.mail.models import Message
from apps.orders.models import Order, OrderStatus
from tests.factories import accounts, billing, catalog
from tests.factories import orders as make
from tests.storefront.pages import said, sent_to, signed_in

pytestmark = pytest.mark.django_db
GUEST = {"email": "Gea@Example.com", **make.HOME}


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def tree():
    return catalog.product(price=5000, left=10, name="Lemon tree").variants.get()


def fill(browser, variant, quantity=1, **facts):
    """Put something in the basket, fill in the page and send it."""
    browser.post("/basket/add/", {"variant": variant.pk, "quantity": quantity})
    return send(browser, **facts)


def send(browser, **facts):
    page = browser.get("/checkout/")
    form = page.context["form"]
    rate = form.initial.get("rate", "")
    sent = {"shown": form.fingerprint, "once": str(form.initial["once"]), "rate": rate, "agree": "on", **facts}
    if "card" in form.fields:
        sent.setdefault("card", form.initial["card"])
    return browser.post("/checkout/", {name: value for name, value in sent.items() if value is not None})


def enter_card(browser, address, gateway, *, script=()):
    page = browser.get(address)
    assert page.status_code == 200
    setup_id = page.context["client_secret"].removesuffix("_secret")
    gateway.save_card(setup_id, script=script)
    return browser.post(address, {"setup_intent": setup_id}, follow=True)


def test_a_guest_orders_without_an_account(client, gateway, tree, now):
    known = accounts.customer(email="gea@example.com")
    answer = fill(client, tree, 1, **GUEST)
    order = Order.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/checkout/pay/{order.token}/")
    done = enter_card(client, answer.url, gateway)
    assert sent_to(done) == f"/checkout/done/{order.token}/"
    page = done.content.decode()
    assert "Thank you for your order" in page
    order.refresh_from_db()
    guest = order.customer
    assert (order.status, guest.is_guest, guest.is_active, order.email) == ("paid", True, False, "gea@example.com")
    assert guest != known
    assert not guest.has_usable_password()
    assert order.invoice.customer_email == "gea@example.com"
    letter = Message.objects.get(kind="order-confirmed")
    assert letter.to_email == "gea@example.com"
    assert f"/orders/{order.token}/" in letter.text
    # The account of that address knows nothing of the card, and sees the order once it has signed in.
    assert not Card.objects.of(known).exists()
    assert order.number in signed_in(known).get("/account/orders/").content.decode()
    assert signed_in(known).get(f"/account/orders/{order.number}/").status_code == 200
    assert signed_in(accounts.customer()).get(f"/account/orders/{order.number}/").status_code == 404
    # The page of the link is open to whoever has it, and the card is forgotten.
    assert order.number in client.get(f"/orders/{order.token}/").content.decode()
    assert Card.objects.of(guest).count() == 1
    sweeps.run("orders.forget_cards", now=now)
    assert Card.objects.of(guest).count() == 0


def test_a_customer_pays_with_a_saved_card_on_one_page(gateway, tree, now):
    user = billing.payer(gateway, now=now)
    browser = signed_in(user)
    browser.post("/basket/add/", {"variant": tree.pk, "quantity": 2})
    page = browser.get("/checkout/").content.decode()
    assert "Order and pay €100.00" in page
    assert "charges my card €100.00 today, once" in page
    assert " checked" not in page.split('name="agree"')[1].split(">")[0]
    done = send(browser, **make.HOME)
    order = Order.objects.get()
    assert done.url == f"/checkout/done/{order.token}/"
    assert (order.status, order.invoice.total_minor, order.customer) == ("paid", 10000, user)
    assert Address.objects.get(customer=user).city == "Sorrento"
    assert order.consent.text.startswith(
        "I agree to order what is listed here, and that Orangery charges my card €100.00"
    )
    page = browser.get(f"/account/orders/{order.number}/").content.decode()
    assert "Cancel the order" in page
    assert f"/account/invoices/{order.invoice.number}/" in page
    # The next checkout knows the address.
    browser.post("/basket/add/", {"variant": tree.pk, "quantity": 1})
    assert browser.get("/checkout/").context["form"].initial["line1"] == "Via Roma 1"


def test_the_country_decides_fields_tax_and_shipping(client, tree):
    client.post("/basket/add/", {"variant": tree.pk, "quantity": 1})
    page = client.get("/checkout/")
    assert (page.context["due"].format(), "region" in page.context["form"].fields) == ("€55.90", True)
    form = page.context["form"]
    again = client.post("/checkout/", {"update": "1", "country": "DE", "email": "x@example.com", "line1": "Kept 1"})
    assert (again.status_code, again.context["due"].format()) == (200, "€61.90")
    assert "region" not in again.context["form"].fields
    assert "VAT at 19%" in again.content.decode()
    assert 'value="Kept 1"' in again.content.decode()
    # Sent without looking at the new total: nothing is ordered, the page is shown again.
    sent = {
        "shown": form.fingerprint,
        "once": str(form.initial["once"]),
        "agree": "on",
        **make.BERLIN,
        "email": "a@b.de",
    }
    stale = client.post("/checkout/", sent)
    assert stale.status_code == 409
    assert said(stale) == ["Something has changed since you saw this page. Please look it over again."]
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"postal_code": "12"}, {"city": ""}, {"name": ""}, {"email": "nobody"}, {"agree": None}, {"region": "ZZ"}]
)
def test_what_is_wrong_is_said_and_nothing_is_ordered(client, tree, wrong):
    answer = fill(client, tree, **{**GUEST, **wrong})
    assert answer.status_code == 400
    assert answer.context["form"].errors
    assert not Order.objects.exists()
    assert not User.objects.filter(is_guest=True).exists()
    assert not Consent.objects.exists()


def test_a_price_that_changes_meanwhile_is_shown_again(client, tree):
    client.post("/basket/add/", {"variant": tree.pk, "quantity": 1})
    form = client.get("/checkout/").context["form"]
    tree.prices.update(amount_minor=5100)
    sent = {"shown": form.fingerprint, "once": str(form.initial["once"]), "rate": form.initial["rate"], "agree": "on"}
    answer = client.post("/checkout/", sent | GUEST)
    assert answer.status_code == 409
    assert "€51.00" in answer.content.decode()
    assert not Order.objects.exists()


def test_a_declined_card_leaves_the_basket_full(client, gateway, tree):
    answer = fill(client, tree, 3, **GUEST)
    page = enter_card(client, answer.url, gateway, script=(decline("insufficient_funds"),)).content.decode()
    assert "Your order did not go through" in page
    assert "Nothing was charged" in page
    assert Stock.objects.get(variant=tree).available == 10
    assert "€150.00" in client.get("/basket/").content.decode()
    assert fill(client, tree, 1, **GUEST).status_code == 302


def test_the_bank_asks_and_the_order_waits(client, gateway, tree):
    answer = fill(client, tree, **GUEST)
    page = enter_card(client, answer.url, gateway, script=(authenticate(),))
    assert "Confirm with your bank" in page.content.decode()
    order = Order.objects.get()
    assert order.status == OrderStatus.PENDING
    payment = order.invoice.payments.get()
    gateway.confirm(payment.gateway_id)
    done = client.post(f"/checkout/done/{order.token}/", follow=True)
    assert "Thank you for your order" in done.content.decode()
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID


def test_orders_of_customers_are_theirs(client, gateway, tree, now):
    order = make.paid(gateway, (tree, 1), now=now, customer=accounts.customer())
    assert client.get(f"/checkout/done/{order.token}/").url.startswith("/accounts/login/")
    assert client.get(f"/orders/{order.token}/").status_code == 404
    assert client.get(f"/orders/{order.token}/invoice/").status_code == 404
    assert signed_in(accounts.customer()).get(f"/checkout/done/{order.token}/").status_code == 404


def test_cancelling_until_it_is_packed(client, gateway, tree, now):
    order = make.paid(gateway, (tree, 1), now=now)
    answer = client.post(f"/orders/{order.token}/", {"act": "cancel"}, follow=True)
    assert said(answer) == ["Your order is cancelled. All you paid goes back."]
    order.refresh_from_db()
    assert (order.status, order.refunded.minor) == ("cancelled", order.total_minor)
    assert Stock.objects.get(variant=tree).available == 10
    sweeps.run("billing.refund", now=now + timedelta(minutes=1))
    assert order.invoice.payments.get().refunds.get().status == "succeeded"
    assert Invoice.objects.get().credit_notes.get().total_minor == order.total_minor


def test_an_empty_basket_has_no_checkout(client):
    assert client.get("/checkout/").url == "/basket/"


def test_the_pages_cost_the_same_however_much_is_bought(client, gateway, now, django_assert_max_num_queries):
    def fill_up(count):
        for _each in range(count):
            client.post("/basket/add/", {"variant": catalog.product(price=1000, left=9).variants.get().pk})

    fill_up(2)
    client.get("/checkout/")
    with django_assert_max_num_queries(12) as first:
        client.get("/checkout/")
    fill_up(6)
    client.get("/checkout/")
    with django_assert_max_num_queries(12) as second:
        client.get("/checkout/")
    assert len(first) == len(second)
    pieces = [(catalog.product(left=5).variants.get(), 1) for _each in range(5)]
    order = make.paid(gateway, *pieces, now=now)
    with django_assert_max_num_queries(12):
        client.get(f"/orders/{order.token}/")


def test_the_list_of_orders_costs_the_same_however_long_it_is(gateway, tree, now, django_assert_num_queries):
    user = accounts.customer()
    browser = signed_in(user)
    make.paid(gateway, (tree, 1), now=now, customer=user)
    browser.get("/account/")
    # Session, person, count, orders, the edition.
    with django_assert_num_queries(5):
        browser.get("/account/orders/")
    for _each in range(3):
        make.paid(gateway, (tree, 1), now=now, customer=user)
    with django_assert_num_queries(5):
        browser.get("/account/orders/")
