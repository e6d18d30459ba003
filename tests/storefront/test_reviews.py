"""Reviews on the pages: reading, writing, and who may."""

import pytest

from apps.catalog import lifecycle, reviews
from apps.catalog.models import Review, ReviewAnswer
from tests.factories import accounts, catalog
from tests.storefront.pages import nothing_changes, signed_in

pytestmark = pytest.mark.django_db
FORM = {"rating": "5", "title": "Sharp <b>", "text": "It cuts."}


@pytest.fixture
def spade(db):
    return catalog.product(slug="spade")


@pytest.fixture
def buyer(spade):
    ada = accounts.customer(name="Ada Lovelace")
    proof = reviews.register_proof(lambda product, customer: (product, customer) == (spade, ada))
    yield ada
    reviews.forget_proof(proof)


def published(spade, buyer, now, **changes) -> Review:
    words = {"rating": 4, "title": "Sharp", "text": "It cuts.", **changes}
    return lifecycle.publish(reviews.submit(spade, customer=buyer, now=now, **words).pk, actor="staff", now=now)


def page(client, path="/shop/spade/") -> str:
    return " ".join(client.get(path).content.decode().split())


def test_a_buyer_writes_and_staff_publish(client, spade, buyer, now):
    browser = signed_in(buyer)
    response = browser.post("/shop/spade/review/", FORM, follow=True)
    assert "once somebody of the shop has read it" in response.content.decode()
    assert "Sharp &lt;b&gt;" not in page(client)
    lifecycle.publish(Review.objects.get().pk, actor="staff", now=now)
    html = page(client)
    assert "Sharp &lt;b&gt;" in html
    assert "Ada, " in html
    assert "Lovelace" not in html
    assert buyer.email not in html
    assert "1 review<" in html


def test_the_shops_answer_is_public(client, spade, buyer, now):
    review = published(spade, buyer, now)
    ReviewAnswer.objects.create(review=review, text="We sharpen it for free.", author="office", created_at=now)
    assert "We sharpen it for free." in page(client)


def test_others_are_told_why_not(client, spade, buyer):
    other = signed_in(accounts.customer())
    with nothing_changes():
        response = other.post("/shop/spade/review/", FORM, follow=True)
    assert "Only somebody who has bought it can review it." in response.content.decode()
    assert client.get("/shop/spade/review/").url.startswith("/accounts/login/")
    assert not Review.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"rating": "6"}, {"rating": ""}, {"title": ""}, {"text": ""}, {"title": "x" * 121}]
)
def test_what_is_missing_is_named(spade, buyer, changes):
    response = signed_in(buyer).post("/shop/spade/review/", {**FORM, **changes})
    assert response.status_code == 200
    assert set(response.context["form"].errors) == set(changes)
    assert not Review.objects.exists()


def test_no_guide_is_reviewed(buyer):
    guide = catalog.guide()
    assert signed_in(buyer).get(f"/shop/{guide.slug}/review/").status_code == 404


def test_many_reviews_come_in_pages_for_the_same_queries(client, spade, now, django_assert_num_queries):
    proof = reviews.register_proof(lambda product, customer: True)
    for number in range(11):
        published(spade, accounts.customer(), now, title=f"Word {number}", rating=1 + number % 5)
    reviews.forget_proof(proof)
    with django_assert_num_queries(3):
        html = page(client)
    assert html.count("Word ") == 10
    assert "2.8" in html
    assert page(client, "/shop/spade/?reviews=2").count("Word ") == 1
    assert page(client, "/shop/spade/?reviews=x").count("Word ") == 10


def test_a_card_shows_the_stars_for_no_query_more(client, spade, buyer, now, django_assert_num_queries):
    published(spade, buyer, now)
    with django_assert_num_queries(4):
        assert "4.0" in page(client, "/shop/")
