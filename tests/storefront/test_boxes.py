"""The boxes on sale, and the way in: what is in it and where it goes, the terms, the card."""

import json
import re

import pytest
from django.test import Client

from apps.catalog import stock
from apps.memberships.models import Plan, Signup, Subscription
from apps.orders.models import BoxDelivery, BoxRecipient
from tests.factories import accounts, boxes
from tests.storefront.pages import agree, enter_card, nothing_changes, said, sent_to, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def made(db):
    return boxes.box()


def typed(made, **changes) -> dict:
    facts = {
        "rhythm": "month",
        "quantity": "1",
        "country": "IT",
        "name": "Anna Rossi",
        "line1": "Via Roma 1",
        "postal_code": "80067",
        "city": "Sorrento",
        "region": "NA",
        f"slot-{made.fruit.pk}": str(made.oranges.pk),
    }
    return {**facts, **changes}


def page_of(made) -> str:
    return f"/boxes/{made.plan.slug}/"


def test_the_shelf_says_what_is_in_them_and_what_they_cost(client, made, django_assert_num_queries):
    other = boxes.box(amount_minor=4900)
    html = client.get("/boxes/").content.decode()
    for fact in (made.plan.name, "€29.00", "€49.00", f"The fruit: {made.lemons}, {made.oranges}", page_of(other)):
        assert fact in html, fact
    data = [json.loads(found) for found in re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', html)]
    assert [(one["name"], one["offers"][0]["price"]) for one in data] == [
        (made.plan.name, "29.00"),
        (other.plan.name, "49.00"),
    ]
    boxes.box()
    with django_assert_num_queries(5):
        Client().get("/boxes/?currency=EUR")


def test_only_what_is_sold_is_shown(client, made):
    other = boxes.box()
    Plan.objects.filter(pk=other.plan.pk).update(status="closed")
    assert other.plan.name not in client.get("/boxes/").content.decode()
    assert client.get(page_of(other)).status_code == 404
    assert client.get("/boxes/nothing/").status_code == 404
    assert "No box is on sale in this currency" in client.get("/boxes/?currency=USD").content.decode()


def test_a_visitor_sees_it_and_is_asked_to_sign_in(client, made):
    html = client.get(page_of(made)).content.decode()
    assert "Each box can be changed until 2 days before it is charged." in html
    assert f"/accounts/login/?next={page_of(made)}" in html
    assert 'name="line1"' not in html
    with nothing_changes():
        client.post(page_of(made), typed(made))


def test_choose_agree_pay_and_the_first_box_is_owed(gateway, made, now):
    user = accounts.customer()
    browser = signed_in(user)
    assert 'name="line1"' in browser.get(page_of(made)).content.decode()
    answer = browser.post(page_of(made), typed(made, quantity="2"))
    assert answer.url == f"/join/{made.plan.slug}/month/?quantity=2"
    review = browser.get(answer.url).content.decode()
    for fact in (
        f"2 × {made.plan.name}, one month",
        "€58.00 today",
        "€58.00 on 10 April 2026",
        "renews every month until you cancel",
        "In your account, in three clicks",
        str(made.oranges),
        "2 × " + str(made.jam),
        "Via Roma 1",
        "until 2 days before its charge",
    ):
        assert fact in review, fact
    assert "checked" not in re.search(r'<input type="checkbox" name="agree"[^>]*>', review).group()
    begun = agree(browser, made.plan.slug, query="?quantity=2")
    done = enter_card(browser, begun, gateway).content.decode()
    for fact in ("Your first box is being packed", "Via Roma 1", "/account/boxes/seasonal-box/"):
        assert fact in done, fact
    delivery = BoxDelivery.objects.get()
    assert (delivery.subscription.customer, delivery.quantity, delivery.due_at) == (user, 2, now)
    assert BoxRecipient.objects.get().picked == {made.fruit.pk: made.oranges.pk}


def test_a_member_can_have_a_box_beside(gateway, made, now):
    from tests.factories import memberships

    member = memberships.member(gateway, "grove", now=now)
    browser = signed_in(member.customer)
    browser.post(page_of(made), typed(made))
    enter_card(browser, agree(browser, made.plan.slug), gateway)
    held = Subscription.objects.held().filter(customer=member.customer)
    assert sorted(held.values_list("plan_group", flat=True)) == ["membership", "seasonal-box"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"line1": ""}, "This field is required."),
        ({"postal_code": "1"}, "This is none of the country you chose. Please check it."),
        ({"rhythm": "week"}, "Select a valid choice."),
        ({"quantity": "6"}, "Ensure this value is less than or equal to 5."),
        ({"country": "JP"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_noted(made, changes, problem):
    browser = signed_in(accounts.customer())
    with nothing_changes():
        answer = browser.post(page_of(made), typed(made, **changes))
    assert answer.status_code == 400
    assert problem in answer.content.decode()


def test_a_slot_that_was_not_filled_is_asked_for(made):
    browser = signed_in(accounts.customer())
    with nothing_changes():
        answer = browser.post(page_of(made), typed(made, **{f"slot-{made.fruit.pk}": ""}))
    assert answer.status_code == 400
    assert said(answer) == ["Please choose for “The fruit”."]


def test_another_country_has_other_fields(made):
    browser = signed_in(accounts.customer())
    with nothing_changes():
        html = browser.post(page_of(made), typed(made, country="DE", update="1")).content.decode()
    assert 'name="region"' not in html
    assert 'value="Via Roma 1"' in html
    with nothing_changes():
        part = browser.post(page_of(made), typed(made, country="DE", update="1"), headers={"HX-Request": "true"})
    assert part.content.decode().strip().startswith('<div id="box-fields">')


def test_nobody_agrees_before_saying_where_it_goes(made):
    browser = signed_in(accounts.customer())
    answer = browser.get(f"/join/{made.plan.slug}/month/", follow=True)
    assert sent_to(answer) == page_of(made)
    with nothing_changes():
        browser.post(f"/join/{made.plan.slug}/month/", {"agree": "on"})
    assert not Signup.objects.exists()


def test_who_has_the_box_is_led_to_it_and_its_contents_stay(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now)
    browser = signed_in(subscription.customer)
    for address in ("/boxes/", page_of(made)):
        assert "You get this box" in browser.get(address).content.decode()
    with nothing_changes():
        answer = browser.post(page_of(made), typed(made), follow=True)
        assert sent_to(answer) == "/account/boxes/seasonal-box/"
        again = browser.get(f"/join/{made.plan.slug}/month/", follow=True)
    assert (sent_to(again), said(again)) == (
        "/account/boxes/seasonal-box/",
        [f"You get the {made.plan.name} already."],
    )


def test_what_is_sold_out_is_marked(client, made, now):
    for variant in (made.lemons, made.oranges):
        stock.correct(variant, available=0, key="count", now=now)
    assert "Sold out at the moment" in client.get("/boxes/").content.decode()
    assert "(sold out)" in client.get(page_of(made)).content.decode()


def test_the_page_costs_the_same_however_much_is_in_it(gateway, made, now, django_assert_num_queries):
    browser = signed_in(accounts.customer())
    browser.get(page_of(made))
    with django_assert_num_queries(11):
        browser.get(page_of(made))
    boxes.box()
    browser.get(page_of(made))
    with django_assert_num_queries(11):
        browser.get(page_of(made))


def test_search_engines_find_the_boxes(client, made):
    assert page_of(made) in client.get("/sitemap-boxes.xml").content.decode()
    assert "/boxes/</loc>" in client.get("/sitemap-pages.xml").content.decode()
