"""What a page says about variants, their prices and what is left of them."""

import pytest

from tests.factories import catalog

pytestmark = pytest.mark.django_db


def page(client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


@pytest.mark.parametrize(
    ("left", "said"), [(None, None), (0, "Sold out"), (1, "Only 1 left"), (5, "Only 5 left"), (6, "In stock")]
)
def test_a_product_says_what_is_left(client, left, said):
    html = page(client, catalog.product(left=left, slug="spade").get_absolute_url())
    assert {word for word in ("Sold out", "Only 1 left", "Only 5 left", "In stock") if word in html} == (
        {said} if said else set()
    )


def test_each_variant_has_its_price_and_its_stock(client):
    pot = catalog.product(price=None, slug="pot")
    catalog.variant(pot, name="Large", price=7900, member_price=7100, left=0, position=2)
    catalog.variant(pot, name="Small", price=4400, left=3, position=1)
    catalog.variant(pot, name="Gone", price=100, left=3, is_active=False)
    response = client.get("/shop/pot/")
    assert [(row.variant.name, row.left, row.is_sold_out) for row in response.context["variants"]] == [
        ("Small", 3, False),
        ("Large", 0, True),
    ]
    html = " ".join(response.content.decode().split())
    assert "€44.00" in html
    assert "€71.00 for members" in html
    assert "Only 3 left" in html
    assert "Gone" not in html


def test_a_card_says_where_prices_begin_and_what_is_sold_out(client):
    room = catalog.category(slug="shed")
    rake = catalog.product(category=room, price=3000, left=0)
    catalog.variant(rake, name="Wide", price=2000, left=0)
    catalog.product(category=room, price=1000, left=2)
    html = page(client, "/shop/c/shed/")
    assert html.count(">from<") == 1
    assert html.index(">from<") < html.index("€20.00")
    assert html.count("Sold out") == 1
    assert html.count("Only 2 left") == 1


def test_variants_cost_no_query_each(client, django_assert_num_queries):
    pot = catalog.product(slug="pot", left=3)
    with django_assert_num_queries(3):
        client.get("/shop/pot/")
    for number in range(5):
        catalog.variant(pot, name=f"Size {number}", left=number)
    with django_assert_num_queries(3):
        client.get("/shop/pot/")
