"""What search engines and social networks read of the pages."""

import json
import re

import pytest

from apps.catalog.models import Product
from tests.factories import catalog

pytestmark = pytest.mark.django_db
SITE = "http://127.0.0.1:8000"


def data(client, path: str) -> dict[str, dict]:
    """The JSON-LD of a page by its type."""
    page = client.get(path).content.decode()
    found = re.findall(r'<script type="application/ld\+json" nonce="[^"]+">(.*?)</script>', page, re.DOTALL)
    return {row["@type"]: row for row in map(json.loads, found)}


def meta(client, path: str) -> dict[str, str]:
    return dict(re.findall(r'<meta property="(og:[a-z_]+)" content="([^"]*)">', client.get(path).content.decode()))


def test_a_product_has_an_offer_for_each_variant(client):
    pot = catalog.product(slug="pot", name="Pot", price=None, partner_name="Galli")
    catalog.variant(pot, name="Large", sku="L", price=7950, left=0)
    catalog.variant(pot, name="Small", sku="S", price=4400, member_price=3900, left=2)
    found = data(client, "/shop/pot/")["Product"]
    assert found["brand"] == {"@type": "Brand", "name": "Galli"}
    assert found["url"] == f"{SITE}/shop/pot/"
    assert [(o["sku"], o["price"], o["priceCurrency"], o["availability"]) for o in found["offers"]] == [
        ("L", "79.50", "EUR", "https://schema.org/OutOfStock"),
        ("S", "44.00", "EUR", "https://schema.org/InStock"),
    ]
    assert "aggregateRating" not in found


def test_stars_are_told_when_there_are_any(client):
    catalog.product(slug="pot", review_count=3, star_count=13)
    assert data(client, "/shop/pot/")["Product"]["aggregateRating"] == {
        "@type": "AggregateRating",
        "ratingValue": "4.3",
        "reviewCount": 3,
    }


def test_no_text_ends_the_element(client):
    evil = "</script><script>alert(1)</script>&"
    catalog.product(slug="pot", name=evil, summary=evil)
    assert data(client, "/shop/pot/")["Product"]["name"] == evil
    assert "<script>alert" not in client.get("/shop/pot/").content.decode()


def test_the_trail_is_told(client):
    room = catalog.category(slug="pots", name="Pots")
    catalog.product(slug="pot", name="Pot", category=room)
    steps = data(client, "/shop/pot/")["BreadcrumbList"]["itemListElement"]
    assert [(step["position"], step["name"], step.get("item")) for step in steps] == [
        (1, "Shop", f"{SITE}/shop/"),
        (2, "Pots", f"{SITE}/shop/c/pots/"),
        (3, "Pot", None),
    ]


@pytest.mark.parametrize(("rank", "free"), [(None, True), (2, False)])
def test_a_guide_says_whether_it_is_free(client, rank, free):
    catalog.guide(slug="soil", member_min_rank=rank)
    assert data(client, "/guides/soil/")["Article"]["isAccessibleForFree"] is free


def test_each_page_has_a_picture_for_social_networks(client, stocked):
    for path in ("/", "/shop/", "/shop/lemon-femminello/", "/shop/c/trees/", "/guides/guide-watering/", "/pricing/"):
        found = meta(client, path)
        assert found["og:url"] == f"{SITE}{path}"
        assert found["og:image"] == f"{SITE}/static/art/social.png"
        assert found["og:title"]
        assert len(found["og:description"]) > 20
    lemon = Product.objects.get(slug="lemon-femminello")
    assert meta(client, "/shop/lemon-femminello/")["og:title"] == lemon.name
