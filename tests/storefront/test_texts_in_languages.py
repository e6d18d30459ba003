"""What the merchant wrote, on the pages of each language."""

import json
import re

import pytest
from django.db.models import F, Value
from django.db.models.functions import Concat, Replace
from django.test import Client

from apps.catalog.models import BundleSlot, Category, Guide, Product, Variant
from apps.memberships.models import Benefit, Plan
from tests.factories import accounts
from tests.factories import memberships as make
from tests.storefront.pages import signed_in

pytestmark = pytest.mark.django_db
MARK = "§"
LEMON = "/it/shop/lemon-femminello/"


def html(browser: Client, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def mark(model, *fields: str) -> None:
    """Put the mark before all that is written in the original."""
    written = model.objects.all()
    for field in fields:
        written.exclude(**{field: ""}).update(**{field: Concat(Value(MARK), F(field))})


@pytest.fixture
def marked(stocked) -> None:
    """The demo's catalogue and plans, with a mark in every text of the original."""
    mark(Category, "name", "summary")
    mark(Product, "name", "summary", "description")
    Product.objects.exclude(facts_text="").update(facts_text=Replace("facts_text", Value(": "), Value(f": {MARK}")))
    mark(Guide, "body")
    mark(Variant, "name")
    mark(BundleSlot, "name")
    mark(Plan, "name", "tagline", "description")
    mark(Benefit, "text")


def walked(browser: Client, *starts: str) -> dict[str, str]:
    """Every page of the shop, of the guides and about plans that links lead to, by its address."""
    pages: dict[str, str] = {}
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path in pages:
            continue
        response = browser.get(path)
        assert response.status_code in (200, 302), path  # a stranger is asked to sign in first
        pages[path] = response.content.decode()
        waiting += re.findall(r'href="(/(?:[a-z]{2}/)?(?:shop|guides|pricing|gifts|boxes)/[^"?#]*)"', pages[path])
    return pages


@pytest.mark.parametrize("who", ["a stranger", "a member"])
def test_no_page_in_italian_shows_a_text_of_the_original(marked, gateway, now, who):
    browser = Client()
    if who == "a member":
        member = make.member(gateway, now=now, user=accounts.customer(locale="it"))
        browser = signed_in(member.customer)
    pages = walked(browser, "/it/", "/it/shop/", "/it/guides/", "/it/pricing/", "/it/gifts/")
    assert {path for path in pages if path.startswith(("/fr", "/ro"))} == set()
    assert len(pages) >= 50
    assert LEMON in pages
    assert {path for path, page in pages.items() if MARK in page} == set()


def test_in_the_original_the_marks_are_seen(marked):
    """So that the walk would find them."""
    for path in ("/", "/shop/", "/shop/c/trees/", "/shop/lemon-femminello/", "/guides/guide-watering/", "/pricing/"):
        assert MARK in html(Client(), path)


def test_what_is_not_translated_is_shown_in_the_original(client, stocked):
    lemon = Product.objects.get(slug="lemon-femminello")
    lemon.i18n = {"name_it": "Limone"}
    lemon.save()
    page = html(client, LEMON)
    assert "<h1>Limone</h1>" in page
    assert lemon.summary in page


def test_the_product_page_speaks_to_search_engines_in_its_language(client, stocked):
    page = html(client, LEMON)
    lemon = Product.objects.get(slug="lemon-femminello")
    assert f"<title>{lemon.name_it} · Orangery</title>" in page
    assert f'<meta name="description" content="{lemon.summary_it}">' in page
    assert f'<meta property="og:title" content="{lemon.name_it}">' in page
    about, trail = (json.loads(found) for found in re.findall(r'application/ld\+json"[^>]*>(.*?)</script>', page, re.S))
    assert (about["name"], about["description"]) == (lemon.name_it, lemon.summary_it)
    assert about["category"] == trail["itemListElement"][1]["name"] == "Alberi di agrumi"
    assert trail["itemListElement"][2]["name"] == lemon.name_it


def test_a_shelf_is_sorted_by_the_names_that_are_shown(client, stocked):
    shown = {
        path: re.findall(r'<h3><a href="/(?:it/)?shop/([^"/]+)/">', html(client, f"{path}?sort=name"))
        for path in ("/shop/c/feed/", "/it/shop/c/feed/")
    }
    # In Italian: Concime estivo, Concime invernale, Sapone per foglie, Terriccio per agrumi.
    assert shown == {
        "/shop/c/feed/": ["citrus-compost", "leaf-wash", "summer-feed", "winter-feed"],
        "/it/shop/c/feed/": ["summer-feed", "winter-feed", "leaf-wash", "citrus-compost"],
    }


def test_an_italian_search_finds_and_shows_italian_names(client, stocked):
    page = html(client, "/it/shop/search/?q=limoni")
    assert "Limone ‘Femminello’" in page
    assert "Lemon ‘Femminello’" not in page


@pytest.mark.parametrize("language", ["", "/it", "/fr", "/ro"])
def test_a_product_page_costs_the_same_in_every_language(stocked, language, django_assert_num_queries):
    with django_assert_num_queries(3):
        html(Client(), f"{language}/shop/lemon-femminello/")
