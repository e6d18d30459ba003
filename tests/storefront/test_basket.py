"""The basket through its pages."""

import pytest

from apps.memberships.models import MEMBER_PRICES
from apps.orders.models import Basket
from tests.factories import accounts, catalog, memberships
from tests.factories import orders as make
from tests.storefront.pages import said, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def tree():
    return catalog.product(price=5000, member_price=4000, left=10, name="Lemon tree").variants.get()


def put(browser, variant, quantity=1):
    return browser.post("/basket/add/", {"variant": variant.pk, "quantity": quantity}, follow=True)


def count_in_header(page: str) -> str:
    return page.split('id="head-basket"')[1].split("</a>")[0]


def test_a_visitor_puts_things_in_and_takes_them_out(client, tree):
    page = client.get(tree.product.get_absolute_url()).content.decode()
    assert f'name="variant" value="{tree.pk}"' in page
    answer = put(client, tree, 2)
    assert said(answer) == ["Lemon tree is in your basket."]
    page = answer.content.decode()
    assert "€100.00" in page
    assert ">2</b>" in count_in_header(client.get("/shop/").content.decode())
    line = Basket.objects.get().lines.get()
    page = client.post(f"/basket/line/{line.pk}/", {"quantity": 3}, follow=True).content.decode()
    assert "€150.00" in page
    page = client.post(f"/basket/line/{line.pk}/", {"quantity": 0}, follow=True).content.decode()
    assert "Your basket is empty" in page


def test_htmx_gets_the_part_that_changed(client, tree):
    put(client, tree)
    line = Basket.objects.get().lines.get()
    answer = client.post(f"/basket/line/{line.pk}/", {"quantity": 2}, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "<html" not in page
    assert 'hx-swap-oob="true"' in page
    assert "€100.00" in page


def test_nobody_changes_a_basket_of_others(client, tree, django_user_model):
    put(client, tree)
    line = Basket.objects.get().lines.get()
    signed_in(accounts.customer()).post(f"/basket/line/{line.pk}/", {"quantity": 9})
    line.refresh_from_db()
    assert line.quantity == 1


def test_the_basket_survives_signing_in(client, tree, now):
    other = catalog.product(price=1000).variants.get()
    user = accounts.customer()
    make.basket((tree, 98), (other, 1), now=now, customer=user)
    put(client, tree, 5)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    mine = Basket.objects.get()
    assert mine.customer == user
    assert {(line.variant_id, line.quantity) for line in mine.lines.all()} == {(tree.pk, 99), (other.pk, 1)}
    assert ">100</b>" in count_in_header(client.get("/basket/").content.decode())


def test_what_has_changed_is_said(client, tree):
    put(client, tree, 3)
    tree.prices.update(amount_minor=5500)
    tree.stock.available = 2
    tree.stock.save()
    page = client.get("/basket/").content.decode()
    assert "The price has changed since you put it in: €55.00 instead of €50.00." in page
    assert "Only 2 are left." in page
    assert "Go to checkout" not in page
    assert "The price has changed" not in client.get("/basket/").content.decode()


def test_members_pay_their_prices_and_others_are_told(client, tree, gateway, now):
    put(client, tree, 2)
    memberships.plans()
    page = client.get("/basket/").content.decode()
    assert "Members pay €20.00 less for this basket" in page
    answer = client.post("/basket/membership/", {"plan": "grove", "interval": "month"}, follow=True)
    assert "instead of €50.00, as a member" in answer.content.decode()
    member = memberships.member(gateway, "grove", now=now)
    browser = signed_in(member.customer)
    assert "instead of €50.00, as a member" in put(browser, tree).content.decode()


def test_a_plan_that_says_no_to_members_prices_has_none(client, tree, gateway, now):
    grove = memberships.plans()["grove"]
    grove.benefits.filter(code=MEMBER_PRICES).update(value=False)
    assert grove not in [price.plan for price in put(client, tree).context["member_plans"]]
    browser = signed_in(memberships.member(gateway, now=now).customer)
    assert "as a member" not in put(browser, tree).content.decode()


@pytest.mark.parametrize("facts", [{"variant": "0"}, {"variant": "x"}, {"quantity": "0"}, {"quantity": "100"}, {}])
def test_nonsense_is_refused(client, facts, db):
    answer = client.post("/basket/add/", {"quantity": "1", **facts}, follow=True)
    assert answer.status_code == 200
    assert len(said(answer)) == 1
    assert not Basket.objects.filter(lines__isnull=False).exists()


def test_a_basket_costs_the_same_however_full_it_is(client, django_assert_num_queries):
    for number in range(2):
        put(client, catalog.product(price=1000 + number).variants.get())
    # Session; basket; lines with variants and stock; prices; the rooms of the header.
    with django_assert_num_queries(5):
        client.get("/basket/")
    for number in range(5):
        put(client, catalog.product(price=2000 + number).variants.get())
    with django_assert_num_queries(5):
        client.get("/basket/")


def test_only_a_membership_is_put_in_as_one(client, tree):
    memberships.box_price()
    put(client, tree)
    assert client.post("/basket/membership/", {"plan": "small-box", "interval": "month"}).status_code == 404
    assert Basket.objects.get().price is None
