"""Narrowing and ordering a shelf: what is found, and that no parameter breaks it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.catalog.models import Kind, ProductPrice
from tests.factories import catalog

pytestmark = pytest.mark.django_db
ALL = ["Spade", "Rake", "Pot", "Visit"]


@pytest.fixture
def room(db):
    room = catalog.category(slug="shed", name="Shed")
    spade = catalog.product(name="Spade", category=room, price=3000, member_price=2500, left=3, position=1)
    catalog.variant(spade, name="Gold", price=90000)
    catalog.variant(spade, name="Gone", price=1, is_active=False)
    catalog.product(name="Rake", category=room, price=2000, left=0, position=2)
    catalog.product(name="Pot", category=room, price=2000, partner_name="Galli", left=1, position=3)
    visit = catalog.product(name="Visit", category=room, price=9000, kind=Kind.SERVICE, position=4)
    ProductPrice.objects.create(variant=visit.variants.get(), currency="USD", amount_minor=100)
    catalog.product(name="Elsewhere", price=2000)
    return room


def shown(client, query: str) -> list[str]:
    response = client.get(f"/shop/c/shed/?{query}")
    assert response.status_code == 200
    names = names_on(response)
    assert response.context["shelf"].page.paginator.count == len(names)
    return names


def names_on(response) -> list[str]:
    """The names on the cards, in their order."""
    return re.findall(r'<h3><a href="[^"]+">([^<]+)</a></h3>', response.content.decode())


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ALL),
        ("kind=service", ["Visit"]),
        ("kind=service&kind=physical", ALL),
        ("low=20&high=30", ["Spade", "Rake", "Pot"]),
        ("low=20.01&high=30", ["Spade"]),
        ("low=899", ["Spade"]),
        ("high=1", []),
        ("high=1&currency=USD", ["Visit"]),
        ("members=on", ["Spade"]),
        ("stock=on", ["Spade", "Pot", "Visit"]),
        ("partner=Galli", ["Pot"]),
        ("partner=Nobody", []),
        ("kind=physical&stock=on&high=25", ["Pot"]),
        ("sort=price", ["Rake", "Pot", "Spade", "Visit"]),
        ("sort=-price", ["Visit", "Spade", "Pot", "Rake"]),
        ("sort=name", ["Pot", "Rake", "Spade", "Visit"]),
        ("sort=newest", ["Visit", "Pot", "Rake", "Spade"]),
    ],
)
def test_what_is_asked_for_is_shown(client, room, query, names):
    assert shown(client, query) == names


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("low=x", "Enter a number."),
        ("low=-1", "greater than or equal to 0"),
        ("low=30&high=20", "The highest price is below the lowest one."),
        ("kind=bird", "bird is not one of the available choices"),
        ("sort=luck", "luck is not one of the available choices"),
        ("high=1e9", "less than or equal to 1000000"),
        ("low=NaN", "Enter a number."),
    ],
)
def test_what_makes_no_sense_is_named_and_left_aside(client, room, query, said):
    response = client.get(f"/shop/c/shed/?{query}&stock=on")
    assert response.status_code == 200
    assert said in response.content.decode()
    names = names_on(response)
    assert names in (["Spade", "Pot", "Visit"], ["Spade", "Visit"])


def test_the_form_offers_what_the_room_has(client, room):
    html = client.get("/shop/c/shed/").content.decode()
    assert "goods (3)" in html
    assert "service (1)" in html
    assert "bundle" not in html
    assert '<option value="Galli">' in html


def test_htmx_gets_the_shelf_alone(client, room):
    response = client.get("/shop/c/shed/?kind=service", headers={"HX-Request": "true"})
    html = response.content.decode()
    assert "Visit" in html
    assert "<html" not in html
    assert "HX-Request" in response.headers["Vary"]
    back = client.get("/shop/c/shed/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in back.content.decode()


def test_the_next_page_keeps_what_was_asked(client, room):
    for _number in range(30):
        catalog.product(category=room, price=700)
    html = client.get("/shop/c/shed/?high=10&sort=price").content.decode()
    assert "30 things" in html
    assert "high=10&amp;sort=price&amp;page=2" in html


def test_nothing_found_says_so_and_leads_back(client, room):
    html = client.get("/shop/c/shed/?high=1").content.decode()
    assert "Nothing here is like that" in html
    assert 'href="/shop/c/shed/"' in html


@pytest.mark.parametrize("query", ["", "?high=50&sort=price&members=on&stock=on&kind=physical"])
def test_a_shelf_costs_the_same_however_full(client, room, django_assert_num_queries, query):
    with django_assert_num_queries(4):
        client.get(f"/shop/{query}")
    for number in range(10):
        catalog.product(category=room, partner_name=f"Partner {number}")
    with django_assert_num_queries(4):
        client.get(f"/shop/{query}")


def test_suggestions_are_products_guides_and_rooms(client, room, django_assert_num_queries):
    catalog.guide(name="Spades and how to sharpen them", slug="sharpen")
    catalog.product(name="Spade in the drawer", status="draft")
    with django_assert_num_queries(2):
        html = client.get("/shop/search/suggestions/?q=spad").content.decode()
    assert "/guides/sharpen/" in html
    assert ">Spade</a>" in html
    assert "drawer" not in html
    assert "/shop/c/shed/" in client.get("/shop/search/suggestions/?q=shedd").content.decode()
    assert ">Spade</a>" in client.get("/shop/search/suggestions/?q=spaed").content.decode()
    assert client.get("/shop/search/suggestions/?q=").content.decode().strip() == ""
    assert "<b>" not in client.get("/shop/search/suggestions/", {"q": "spade <b>"}).content.decode()


class AnyParameters(TestCase):
    @given(
        st.dictionaries(
            st.sampled_from(["kind", "low", "high", "partner", "members", "stock", "sort", "page", "currency"]),
            st.text(max_size=20) | st.sampled_from(["0", "-0", "1e5", "Infinity", "9" * 20, "1.999", "on", "price"]),
        )
    )
    def test_no_parameter_breaks_the_shelf(self, query):
        assert self.client.get("/shop/", query).status_code == 200
