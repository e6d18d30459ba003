"""Pages for everybody: they answer, find things, and cost the same number of queries however full the shop is."""

import re

import pytest
from django.urls import reverse

from apps.catalog.models import Category, Product
from tests.factories import accounts, catalog, memberships

pytestmark = pytest.mark.django_db

PAGES = [
    "/", "/pricing/", "/pricing/?interval=year&currency=USD", "/shop/", "/shop/c/trees/", "/shop/lemon-femminello/",
    "/shop/search/", "/shop/search/?q=lemon", "/shop/search/?q=xyzzy", "/guides/", "/guides/guide-watering/",
    "/guides/guide-winter/", "/legal/terms/", "/legal/privacy/", "/legal/withdrawal/", "/legal/imprint/",
]  # fmt: skip
# The first look at a page after an edit: the edition and the rooms of the header are two of them.
QUERIES = {
    "/": 7, "/pricing/": 5, "/shop/": 4, "/shop/c/trees/": 4, "/shop/lemon-femminello/": 3,
    "/shop/search/?q=lemon": 4, "/shop/search/?q=lmon": 5, "/guides/": 3, "/guides/guide-watering/": 4,
    "/guides/guide-winter/": 5, "/legal/terms/": 2,
}  # fmt: skip


def page(client, path: str, **extra) -> str:
    response = client.get(path, **extra)
    assert response.status_code == 200, path
    return response.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_each_page_has_its_own_head_and_the_way_out(client, stocked, path):
    html = page(client, path)
    assert re.search(r"<title>.+ · .+</title>", html)
    assert re.search(r'<meta name="description" content=".{20,}">', html)
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{path.partition("?")[0]}">' in html
    assert len(re.findall(r"<h1[ >]", html)) == 1
    assert f'<a class="site-foot__cancel" href="{reverse("contract_cancel")}">Cancel contract here</a>' in html
    assert f'<a class="site-foot__cancel" href="{reverse("contract_withdraw")}">Withdraw from contract here</a>' in html
    assert not re.search(r"<[^>]+\sstyle=|<style|\son\w+=", html)
    assert "'unsafe-inline'" not in client.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize(("path", "queries"), QUERIES.items())
def test_queries_do_not_grow_with_the_shop(client, stocked, django_assert_num_queries, path, queries):
    with django_assert_num_queries(queries):
        page(client, path)
    trees = Category.objects.get(slug="trees")
    for number in range(8):
        catalog.category(position=10)
        catalog.product(category=trees, name=f"Lemon {number}", is_featured=True)
        catalog.guide(category=trees, is_featured=True)
    with django_assert_num_queries(queries):
        page(client, path)


def test_a_member_costs_three_queries_more(client, stocked, gateway, now, django_assert_num_queries):
    member = memberships.member(gateway, now=now).customer
    client.force_login(member)
    with django_assert_num_queries(QUERIES["/pricing/"] + 3):
        page(client, "/pricing/")


def test_an_edit_by_staff_is_seen_at_once(client, stocked):
    page(client, "/")
    Category.objects.filter(slug="trees").update(name="Trees in pots")
    assert "Trees in pots" in page(client, "/")


def test_a_product_shows_both_prices(client, stocked):
    html = page(client, "/shop/lemon-femminello/")
    assert "€69.00" in html
    assert "€62.00 with a paid membership" in html
    assert reverse("pricing") in html


def test_a_member_sees_their_own_price(client, stocked, gateway, now):
    client.force_login(memberships.member(gateway, now=now).customer)
    html = page(client, "/shop/lemon-femminello/")
    assert "Your Grove price: €7.00 less than the ordinary one" in html
    assert "Ordinary price €69.00" in html
    assert "See what membership gives" not in html


def test_the_free_plan_has_the_ordinary_price(client, stocked, now):
    client.force_login(memberships.free_member(now=now).customer)
    assert "€62.00 with a paid membership" in page(client, "/shop/lemon-femminello/")


@pytest.mark.parametrize("path", ["/shop/nothing/", "/shop/c/nothing/", "/guides/nothing/", "/legal/nothing/"])
def test_what_is_not_there_is_404(client, stocked, path):
    response = client.get(path)
    assert response.status_code == 404
    assert "This page has been pruned" in response.content.decode()


def test_what_is_not_published_is_404(client, stocked):
    Product.objects.update(status="draft")
    assert client.get("/shop/lemon-femminello/").status_code == 404
    assert client.get("/guides/guide-watering/").status_code == 404
    assert "This shelf is empty today" in page(client, "/shop/")


def test_a_guide_has_one_address(client, stocked):
    response = client.get("/shop/guide-watering/")
    assert (response.status_code, response.url) == (302, "/guides/guide-watering/")


def test_the_search_answers_htmx_with_the_results_alone(client, stocked):
    html = page(client, "/shop/search/?q=secateurs", headers={"HX-Request": "true"})
    assert "Secateurs No. 4" in html
    assert "<html" not in html


def test_the_search_guesses_what_was_mistyped_and_escapes_it(client, stocked):
    assert "Did you mean one of these?" in page(client, "/shop/search/?q=sekateurs")
    html = page(client, "/shop/search/", data={"q": "<script>x</script>"})
    assert "<script>x" not in html
    assert "&lt;script&gt;x" in html


def test_pages_of_the_shop(client, stocked):
    assert "Page 1 of 2" in page(client, "/shop/")
    assert "Page 2 of 2" in page(client, "/shop/?page=2")
    assert "Page 2 of 2" in page(client, "/shop/?page=99")


def test_a_page_of_an_error_keeps_its_way_out(client, stocked):
    strict = type(client)(enforce_csrf_checks=True)
    response = strict.post(reverse("set_theme"), {"theme": "dark"})
    assert response.status_code == 403
    html = response.content.decode()
    assert "That form had gone stale" in html
    assert reverse("contract_cancel") in html


def test_staff_page_is_refused_with_our_own_page(client, stocked):
    client.force_login(accounts.customer())
    assert client.get("/admin/").status_code == 302
