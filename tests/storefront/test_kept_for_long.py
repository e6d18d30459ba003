"""Pages stay until something on them changes: an edit, a number that is told, or what begins by the clock."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.catalog import stock
from apps.catalog.models import Category, Product, ProductPrice
from apps.loyalty.models import EarningRule
from tests.factories import accounts, catalog, kits, memberships
from tests.storefront.pages import signed_in

pytestmark = pytest.mark.django_db


def html(browser: Client, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture
def member(stocked, gateway, time_machine, now) -> Client:
    time_machine.move_to(now, tick=False)
    return signed_in(memberships.member(gateway, now=now).customer)


@pytest.mark.parametrize("path", ["/shop/", "/shop/c/trees/", "/shop/lemon-femminello/", "/shop/search/?q=lemon"])
def test_a_page_is_there_for_an_hour(member, time_machine, now, path, django_assert_num_queries):
    html(member, path)
    for minutes in (1, 30, 59):
        time_machine.move_to(now + timedelta(minutes=minutes), tick=False)
        with django_assert_num_queries(3):
            html(member, path)


def test_what_a_membership_costs_is_that_of_the_moment(stocked, time_machine, now):
    time_machine.move_to(now, tick=False)
    price = memberships.price("grove")
    cheaper = price.amount_minor - 100
    begins, ends = now + timedelta(minutes=20), now + timedelta(minutes=30)
    memberships.special_price("grove", version=9, amount_minor=cheaper, available_from=begins, closed_at=ends)
    usual, special = f"Grove costs {price.amount} a month", f"Grove costs €{cheaper / 100:.2f} a month"
    for minutes, seconds, said in [
        (0, 0, usual), (19, 59, usual), (20, 0, special), (29, 59, special), (30, 0, usual), (31, 0, usual),
    ]:  # fmt: skip
        time_machine.move_to(now + timedelta(minutes=minutes, seconds=seconds), tick=False)
        for browser in (Client(), signed_in(accounts.customer())):
            page = html(browser, "/shop/lemon-femminello/")
            assert [words in page for words in (usual, special)] == [words == said for words in (usual, special)]


def test_a_rule_of_points_begins_at_its_instant(member, time_machine, now):
    EarningRule.objects.create(points_per_unit=77, valid_from=now + timedelta(minutes=10))
    seen = []
    for minutes in (0, 9, 10, 11):
        time_machine.move_to(now + timedelta(minutes=minutes), tick=False)
        seen.append(html(member, "/shop/lemon-femminello/").split(" points for you")[0].rsplit(">", 1)[1].strip())
    assert seen[0] == seen[1] != seen[2] == seen[3]


def test_a_guide_opens_at_its_instant(member, time_machine, now):
    guide = catalog.guide(name="Grafting", category=Category.objects.get(slug="trees"), member_min_rank=1, position=0)
    guide.guide.available_after_days = 1
    guide.guide.save()
    Product.objects.guides().exclude(pk=guide.pk).update(status="draft")
    for seconds, opens in ((-1, True), (0, False)):
        time_machine.move_to(now + timedelta(days=1, seconds=seconds), tick=False)
        assert ("Opens for you on" in html(member, "/shop/c/trees/")) is opens


@pytest.fixture
def spade(member) -> Product:
    return catalog.product(name="Spade", slug="spade", left=5, category=Category.objects.get(slug="trees"))


@pytest.mark.parametrize("path", ["/shop/", "/shop/c/trees/", "/shop/spade/", "/shop/search/?q=spade"])
def test_a_sale_elsewhere_costs_one_question_and_no_page(member, spade, now, path, django_assert_num_queries):
    other = catalog.product(name="Rake", left=3, category=catalog.category(slug="shed", name="Shed"), position=9000)
    assert "Only 5 left" in html(member, path)
    Product.objects.filter(pk=other.pk).update(name="Far rake")
    ProductPrice.objects.filter(product=other).update(amount_minor=999_999)
    html(member, path)
    for left in (2, 1):
        stock.correct(other.variants.get(), available=left, key=f"rake:{left}", now=now)
        # Where everything is, the rake is too.
        if path != "/shop/":
            with django_assert_num_queries(4):
                assert "Only 5 left" in html(member, path)
            with django_assert_num_queries(3):
                html(member, path)
    stock.take({spade.variants.get().pk: 1}, key="spade", now=now)
    page = html(member, path)
    assert ("Only 4 left" in page, "Only 5 left" in page) == (True, False)


def test_what_is_narrowed_to_what_is_there_is_found_anew_with_each_sale(member, spade, now):
    path = "/shop/c/trees/?stock=on"
    assert ">Spade</a>" in html(member, path)
    for left, is_there in ((0, False), (3, True)):
        stock.correct(spade.variants.get(), available=left, key=f"spade:{left}", now=now)
        assert (">Spade</a>" in html(member, path)) is is_there


def test_a_card_says_what_is_left_now_wherever_it_is_shown(member, spade, now):
    """Cards are kept one by one, and are put together in lists that nobody has looked at."""
    variant = spade.variants.get()
    for left, order in ((4, "name"), (3, "newest"), (4, "price"), (9, "-price"), (2, "")):
        stock.correct(variant, available=left, key=f"spade:{left}:{order}", now=now)
        page = html(member, f"/shop/c/trees/?sort={order}&page=1")
        card = page[page.index(">Spade</a>") :].split("</article>")[0]
        assert (f"Only {left} left" in card) is (left < 6)


def test_a_card_is_of_the_language_and_the_currency(member, spade):
    ProductPrice.objects.create(variant=spade.variants.get(), currency="USD", amount_minor=777)
    Product.objects.filter(pk=spade.pk).update(i18n={"name_it": "Vanga"})
    for _twice in range(2):
        assert ">Vanga</a>" in html(Client(), "/it/shop/c/trees/?sort=newest")
        page = html(Client(), "/shop/c/trees/?sort=newest")
        assert (">Spade</a>" in page, "$7.77" in page) == (True, False)
        dollars = Client()
        dollars.cookies["currency"] = "USD"
        assert "$7.77" in html(dollars, "/shop/c/trees/?sort=newest")


def test_a_sale_between_the_question_and_the_card_is_not_kept_under_the_old_number(member, spade, now, monkeypatch):
    """Which goods they are is read first, and their cards a moment later."""
    from apps.storefront import cards

    variant = spade.variants.get()
    html(member, "/shop/c/trees/")
    stock.correct(variant, available=3, key="before", now=now)
    keep, sold = cards._keep, []

    def slowly(request, products):
        stock.correct(variant, available=2, key="between", now=now)
        sold.append(True)
        return keep(request, products)

    monkeypatch.setattr(cards, "_keep", slowly)
    html(member, "/shop/c/trees/?sort=newest")
    monkeypatch.undo()
    assert sold == [True]
    for left in (2, 3):
        stock.correct(variant, available=left, key=f"after:{left}", now=now)
        for order in ("newest", "name"):
            assert f"Only {left} left" in html(member, f"/shop/c/trees/?sort={order}")


def test_a_bundle_says_what_is_left_of_what_is_in_it(member, now):
    kit = kits.make(slug="kit", small=5, large=0, category=Category.objects.get(slug="trees"))
    other = catalog.product(left=3).variants.get()
    paths = ["/shop/c/trees/?sort=newest", "/shop/kit/"]
    before = [html(member, path).count("Sold out") for path in paths]
    for left, more in ((0, True), (1, False)):
        stock.correct(kit.small, available=left, key=f"small:{left}", now=now)
        assert [html(member, path).count("Sold out") > said for path, said in zip(paths, before, strict=True)] == [
            more,
            more,
        ]
        stock.correct(other, available=left + 1, key=f"other:{left}", now=now)


@pytest.mark.parametrize(
    ("path", "queries"),
    [("/shop/", 3), ("/shop/search/?q=lemon", 3), ("/shop/c/feed/", 4), ("/shop/lemon-femminello/", 4)],
)
def test_who_sees_the_same_is_shown_the_same_page(member, gateway, now, path, queries, django_assert_num_queries):
    """A shelf is the same for all who are signed in; guides open by rank, and a product shows what the plan gives."""
    html(member, path)
    yearly = signed_in(memberships.member(gateway, unit="year", now=now - timedelta(days=3)).customer)
    with django_assert_num_queries(3):
        html(yearly, path)
    for other in (memberships.member(gateway, "conservatory", now=now), memberships.free_member(now=now)):
        browser = signed_in(other.customer)
        with django_assert_num_queries(queries + ("lemon-f" in path and other.price.is_free)):
            assert other.customer.email in html(browser, path)
