"""Pages that are kept: quick, one visitor's never another's, and never older than the last edit."""

import re
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from apps.catalog import stock
from apps.catalog.models import Category, Product, ProductPrice
from apps.core import clock
from apps.core.models import Edition
from apps.loyalty.models import EarningRule
from apps.memberships.models import Plan
from config.forgiving_cache import ForgivingCache
from tests.factories import accounts, catalog, memberships
from tests.storefront.pages import signed_in

pytestmark = pytest.mark.django_db
PAGES = ["/", "/shop/", "/shop/c/trees/", "/shop/lemon-femminello/", "/guides/", "/guides/guide-watering/"]


def html(client, path: str, **extra) -> str:
    response = client.get(path, **extra)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_the_second_visitor_costs_one_query(stocked, path, django_assert_num_queries):
    first = html(Client(), path)
    with django_assert_num_queries(1):
        second = html(Client(), path)
    assert _impersonal(first) == _impersonal(second)


def _impersonal(page: str) -> str:
    page = re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", page)
    return re.sub(r'nonce="[^"]+"', "nonce", page)


@pytest.mark.parametrize("path", PAGES)
def test_each_visitor_has_their_own_token_and_nonce(stocked, path):
    tokens, nonces = set(), set()
    for _visitor in range(3):
        visitor = Client(enforce_csrf_checks=True)
        response = visitor.get(path)
        page = response.content.decode()
        assert "{{token}}" not in page
        assert "{{nonce}}" not in page
        [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
        [nonce] = set(re.findall(r' nonce="([^"]+)"', page))
        assert f"'nonce-{nonce}'" in response.headers["Content-Security-Policy"]
        answer = visitor.post(reverse("set_theme"), {"theme": "dark", "csrfmiddlewaretoken": token})
        assert answer.status_code == 302
        tokens.add(token)
        nonces.add(nonce)
    assert (len(tokens), len(nonces)) == (3, 3)


EDITS = {
    "a category": ("/shop/", lambda: Category.objects.filter(slug="trees").update(name="EDITED")),
    "a name": ("/shop/lemon-femminello/", lambda: Product.objects.filter(slug__startswith="lem").update(name="EDITED")),
    "a price": (
        "/shop/lemon-femminello/",
        lambda: ProductPrice.objects.filter(product__slug="lemon-femminello").update(
            amount_minor=123456, member_amount_minor=None
        ),
    ),
    "a plan": ("/", lambda: Plan.objects.filter(slug="grove").update(name="EDITED")),
    "a guide": ("/guides/", lambda: Product.objects.filter(slug="guide-watering").update(summary="EDITED")),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("who", ["a stranger", "a customer"])
def test_no_page_is_older_than_an_edit(stocked, edit, who):
    path, write = EDITS[edit]
    browser = Client() if who == "a stranger" else signed_in(accounts.customer())
    seen = "€1,234.56" if edit == "a price" else "EDITED"
    for _twice in range(2):
        assert seen not in html(browser, path)
    write()
    assert seen in html(browser, path)


def test_what_is_sold_is_seen_when_the_visitor_is_told_the_number(stocked, now):
    spade = catalog.product(slug="spade", left=8).variants.get()
    for left, said in [(7, "In stock"), (5, "Only 5 left"), (4, "Only 4 left"), (0, "Sold out"), (9, "In stock")]:
        stock.correct(spade, available=left, key=f"count:{left}", now=now)
        assert said in " ".join(html(Client(), "/shop/spade/").split())


def test_a_sale_is_no_edit_and_tells_another_number_when_few_are_left(stocked, now):
    spade = catalog.product(left=20).variants.get()
    before = Edition.objects.current()
    stock.take({spade.pk: 3}, key="order:1", now=now)
    assert Edition.objects.current() == before
    stock.take({spade.pk: 12}, key="order:2", now=now)
    after = Edition.objects.current()
    assert (after.edition == before.edition, after.counts == before.counts) == (True, False)


def test_what_a_slow_visitor_saw_before_an_edit_is_not_shown_after_it(stocked, monkeypatch):
    """The page is made of old rows, and kept when the edit is already there."""
    from apps.storefront.views import catalogue

    made = catalogue.render

    def slowly(request, *args, **kwargs):
        response = made(request, *args, **kwargs)
        Category.objects.filter(slug="trees").update(name="EDITED")
        return response

    monkeypatch.setattr(catalogue, "render", slowly)
    assert "EDITED" not in html(Client(), "/shop/")
    monkeypatch.undo()
    assert "EDITED" in html(Client(), "/shop/")


def test_what_a_visitor_chose_is_theirs_alone(stocked):
    usd, dark = Client(), Client()
    usd.cookies["currency"], dark.cookies["theme"] = "USD", "dark"
    for _twice in range(2):
        assert "$79.00" in html(usd, "/shop/lemon-femminello/")
        assert "€69.00" in html(Client(), "/shop/lemon-femminello/")
        assert 'data-theme="dark"' in html(dark, "/shop/")
        assert "data-theme" not in html(Client(), "/shop/")
    assert "$79.00" in html(Client(), "/shop/lemon-femminello/?currency=USD")
    assert "€69.00" in html(Client(), "/shop/lemon-femminello/")


def test_somebody_known_gets_no_page_of_a_stranger(stocked, gateway, now):
    html(Client(), "/shop/lemon-femminello/")
    member = signed_in(memberships.member(gateway, now=now).customer)
    assert "Your Grove price" in html(member, "/shop/lemon-femminello/")
    assert "Your Grove price" not in html(Client(), "/shop/lemon-femminello/")
    other = Client()
    other.cookies["basket"] = "7"
    assert html(other, "/shop/lemon-femminello/")
    assert "Sign in" in html(other, "/shop/")


@pytest.mark.parametrize("path", ["/shop/", "/shop/c/trees/", "/shop/lemon-femminello/"])
def test_two_who_see_the_same_have_their_own_name_basket_and_token(stocked, gateway, now, path):
    ada = memberships.member(gateway, now=now).customer
    bea = memberships.member(gateway, now=now).customer
    first, second = signed_in(ada), signed_in(bea)
    pages = [html(client, path) for client in (first, second, first)]
    for page, own, other in zip(pages, [ada, bea, ada], [bea, ada, bea], strict=True):
        assert (own.email in page, other.email in page) == (True, False)
        assert "{{" not in page
    variant = Product.objects.get(slug="lemon-femminello").variants.first()
    first.post(reverse("basket_add"), {"variant": variant.pk, "quantity": "3"})
    html(first, reverse("basket"))
    assert "3 things in it" in html(first, path)
    assert "things in it" not in html(second, path)
    tokens = [
        set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', html(who, path))) for who in (first, second)
    ]
    assert all(tokens)
    assert not tokens[0] & tokens[1]


def test_what_somebody_is_told_once_is_told_to_them_alone(stocked, gateway, now):
    ada, bea = (signed_in(memberships.member(gateway, now=now).customer) for _each in range(2))
    html(ada, "/shop/")
    variant = Product.objects.get(slug="lemon-femminello").variants.first()
    ada.post(reverse("basket_add"), {"variant": variant.pk, "quantity": "1"})
    assert "is in your basket" in html(ada, "/shop/")
    assert "is in your basket" not in html(bea, "/shop/")
    assert "is in your basket" not in html(ada, "/shop/")


def test_a_guide_that_opens_by_tenure_is_open_for_who_was_there_long_enough(stocked, gateway, now):
    guide = Product.objects.guides().filter(category__slug="trees").first() or Product.objects.guides().first()
    guide.guide.available_after_days = 30
    guide.guide.save()
    Product.objects.filter(pk=guide.pk).update(category=Category.objects.get(slug="trees"), member_min_rank=2)
    fresh = memberships.member(gateway, now=clock.now() - timedelta(days=10))
    old = memberships.member(gateway, now=clock.now() - timedelta(days=31))
    for _twice in range(2):
        pages = [html(signed_in(who.customer), "/shop/c/trees/") for who in (old, fresh)]
        assert pages[0].replace(old.customer.email, "") != pages[1].replace(fresh.customer.email, "")
        opens = date_format(fresh.started_at + timedelta(days=30), "DATE_FORMAT")
        assert [opens in page for page in pages] == [False, True]


def test_a_new_rule_of_points_is_seen_at_once(stocked, gateway, now):
    member = signed_in(memberships.member(gateway, now=now).customer)
    before = html(member, "/shop/lemon-femminello/")
    EarningRule.objects.create(points_per_unit=77, valid_from=now)
    after = html(member, "/shop/lemon-femminello/")
    assert _points(after) > _points(before)


def _points(page: str) -> int:
    return int(re.search(r"([\d,]+) points for you", page)[1].replace(",", ""))


@pytest.mark.parametrize("path", ["/shop/no-such-thing/", "/shop/c/no-such-room/"])
def test_a_page_that_is_not_there_has_the_corner_of_who_asked(stocked, gateway, now, path):
    member = memberships.member(gateway, now=now).customer
    answer = signed_in(member).get(path)
    assert answer.status_code == 404
    page = answer.content.decode()
    assert member.email in page
    assert "{{corner}}" not in page


def test_a_page_that_is_not_there_is_not_kept(stocked):
    assert Client().get("/shop/spade/").status_code == 404
    catalog.product(slug="spade")
    assert Client().get("/shop/spade/").status_code == 200


def test_without_a_cache_the_shop_is_open(stocked):
    gone = ForgivingCache("redis://127.0.0.1:9/0", {})
    usual = caches["pages"]
    caches["pages"] = gone
    try:
        for _twice in range(2):
            assert "Femminello" in html(Client(), "/shop/lemon-femminello/")
            assert "Femminello" in html(Client(), "/shop/")
    finally:
        caches["pages"] = usual
