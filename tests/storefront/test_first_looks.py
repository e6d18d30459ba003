"""The first look at a page that nobody has looked at yet: few queries, and all of it is there."""

import pytest
from django.test import Client

from apps.catalog.models import Category, Product, ProductPicture, Review, ReviewAnswer
from apps.core.translations import languages
from tests.factories import accounts, catalog, kits, memberships
from tests.storefront.pages import signed_in

pytestmark = pytest.mark.django_db
PAGES = {
    "/shop/": "list",
    "/shop/c/trees/": "list",
    "/shop/?high=90&sort=price&stock=on": "list",
    "/shop/lemon-femminello/": "product",
    "/shop/kit/": "bundle",
}


@pytest.fixture
def kit(stocked, now) -> Product:
    """A bundle with something to choose, three pictures, and two reviews of which the shop answered one."""
    trees = Category.objects.get(slug="trees")
    bundle = kits.make(slug="kit", category=trees, description="All that a **tree** needs.").variant
    for position, alt in enumerate(["The kit", "Its soil", "Its pots"]):
        ProductPicture.objects.create(
            product=bundle.product, file=f"{alt}.webp", width=800, height=600, alt=alt, position=position,
            variant=bundle if position == 2 else None, i18n={f"alt_{code}": f"{alt} ({code})" for code in languages()},
        )  # fmt: skip
    cover = ProductPicture.objects.get(product=bundle.product, position=0)
    for name, stars in (("Ada Byron", 5), ("Bea", 2)):
        review = Review.objects.create(
            product=bundle.product, customer=accounts.customer(name=name), rating=stars, title=f"{stars} stars",
            text=f"{name} wrote this.", status="published", is_verified=True, created_at=now, moderated_at=now,
        )  # fmt: skip
    ReviewAnswer.objects.create(review=review, text="We are sorry, Bea.", author="staff", created_at=now)
    Product.objects.filter(pk=bundle.product_id).update(review_count=2, star_count=7, cover=cover)
    return bundle.product


def html(browser: Client, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture
def who(gateway, now) -> dict[str, Client]:
    """Those who are signed in: with a plan that is paid for, with the one that is free, and with none."""
    paying = memberships.member(gateway, now=now).customer
    free = memberships.free_member(now=now).customer
    return {"paying": signed_in(paying), "free": signed_in(free), "none": signed_in(accounts.customer())}


# Session, person, membership with the marks, and right after an edit the house (rooms, terms of the memberships); then
# what there is to choose from and the goods, or the product and, for who does not pay, what it would have saved them.
COSTS = {
    ("paying", "list"): (6, 3),
    ("free", "list"): (6, 3),
    ("none", "list"): (6, 3),
    ("paying", "product"): (5, 3),
    ("free", "product"): (6, 4),
    ("none", "product"): (6, 4),
    # Members pay the same for it.
    ("paying", "bundle"): (5, 3),
    ("free", "bundle"): (5, 3),
    ("none", "bundle"): (5, 3),
}


@pytest.mark.parametrize("plan", ["paying", "free", "none"])
@pytest.mark.parametrize(("path", "kind"), PAGES.items())
def test_a_look_costs_at_most_six_queries_however_full_the_shop(kit, who, plan, path, kind, django_assert_num_queries):
    first, second = COSTS[plan, kind]
    for _before_and_after in range(2):
        with django_assert_num_queries(first):
            html(who[plan], path)
        with django_assert_num_queries(second):
            html(who[plan], path)
        for number in range(30):
            catalog.product(category=kit.category, name=f"Lemon {number}")


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/shop/?page=2", 5),  # which they are, and the cards that are missing
        ("/shop/c/trees/?sort=name", 4),  # all cards are there
        ("/shop/?high=90&sort=price&stock=on", 5),
        ("/shop/lemon-femminello/", 4),
        ("/shop/kit/", 4),
    ],
)
def test_in_an_open_shop_a_first_look_costs_one_or_two_more(kit, who, path, queries, django_assert_num_queries):
    for looked_at in ("/shop/", "/shop/c/trees/", "/shop/orange-tarocco/"):
        html(who["paying"], looked_at)
    with django_assert_num_queries(queries):
        html(who["paying"], path)


def test_all_that_belongs_to_a_product_is_on_its_page(kit, now):
    page = html(Client(), "/shop/kit/")
    assert "All that a <strong>tree</strong> needs." in page
    assert [page.count(f'alt="{alt}"') for alt in ("The kit", "Its soil", "Its pots")] == [1, 1, 1]
    assert page.index("Its soil") < page.index("Its pots")
    assert page.index("Bea wrote this.") < page.index("Ada Byron wrote this.")
    assert "Ada, " in page
    assert "Byron, " not in page
    assert page.count("The shop answers") == 1
    assert page.index("We are sorry, Bea.") < page.index("Ada Byron wrote this.")
    assert [page.count(name) > 0 for name in ("Small pot", "Large pot")] == [True, True]
    related = Product.objects.published().filter(category=kit.category).exclude(pk=kit.pk).exclude(kind="guide")
    shown = list(related.order_by("position", "name", "pk")[:4])
    assert len(shown) == 4
    section = page[page.index('id="related"') :]
    places = [section.index(f'href="{product.get_absolute_url()}"') for product in shown]
    assert places == sorted(places)
    assert 'alt="Its soil (it)"' in html(Client(), "/it/shop/kit/")


def test_a_card_beside_a_product_says_what_is_left(kit, now):
    """Of the goods of its room too: their prices, and what cannot be had."""
    Product.objects.filter(category=kit.category).exclude(pk=kit.pk).update(status="draft")
    catalog.product(category=kit.category, name="Gone", price=1234, left=0)
    short = kits.make(slug="short", category=kit.category, soil=1).variant.product
    page = html(Client(), "/shop/kit/")
    section = page[page.index('id="related"') :]
    assert "€12.34" in section
    assert section.count("Sold out") == 2
    assert f'href="{short.get_absolute_url()}"' in section


def test_a_room_shows_its_first_guides_and_those_of_the_rooms_in_it(gateway, now):
    room = catalog.category(name="Glasshouse", slug="glasshouse")
    inner = catalog.category(name="Bench", slug="bench", parent=room)
    catalog.guide(name="Open to all", category=room, position=1)
    catalog.guide(name="For members", category=inner, position=2, member_min_rank=1)
    later = catalog.guide(name="For those who stay", category=room, position=3, member_min_rank=1)
    later.guide.available_after_days = 3000
    later.guide.save()
    catalog.guide(name="One too many", category=room, position=4)
    catalog.guide(name="Not there yet", category=room, position=0, status="draft")
    stranger = html(Client(), "/shop/c/glasshouse/")
    member = html(signed_in(memberships.member(gateway, now=now).customer), "/shop/c/glasshouse/")
    for page in (stranger, member):
        names = ("Open to all", "For members", "For those who stay", "One too many", "Not there yet")
        assert [f">{name}</a>" in page for name in names] == [True, True, True, False, False]
    said = ("Free to read", "In your membership", "Opens for you on")
    assert [stranger.count(word) for word in said] == [1, 0, 0]
    assert [member.count(word) for word in said] == [1, 1, 1]
    assert [f">{name}</a>" in html(Client(), "/shop/c/bench/") for name in names[:2]] == [False, True]
