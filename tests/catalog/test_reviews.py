"""Reviews: by buyers, read by staff, counted exactly."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.catalog import lifecycle, reviews, rules
from apps.catalog.models import Product, Review, ReviewAnswer, ReviewStatus
from tests.factories import accounts, catalog

pytestmark = pytest.mark.django_db
WORDS = {"rating": 4, "title": "Sharp", "text": "It cuts."}


@pytest.fixture
def everybody_bought():
    """A shop in which everybody has bought everything."""
    proof = reviews.register_proof(lambda product, customer: True)
    yield
    reviews.forget_proof(proof)


def counted(product: Product) -> tuple[int, int]:
    product.refresh_from_db()
    return product.review_count, product.star_count


def test_only_a_buyer_may_review(now):
    spade, ada, bob = catalog.product(), accounts.customer(), accounts.customer()
    proof = reviews.register_proof(lambda product, customer: (product, customer) == (spade, ada))
    try:
        assert reviews.may_review(spade, ada)
        reviews.submit(spade, customer=ada, now=now, **WORDS)
        with pytest.raises(reviews.NotABuyer):
            reviews.submit(spade, customer=bob, now=now, **WORDS)
        with pytest.raises(reviews.NotABuyer):
            reviews.submit(catalog.product(), customer=ada, now=now, **WORDS)
    finally:
        reviews.forget_proof(proof)
    assert Review.objects.count() == 1
    assert not reviews.may_review(spade, ada)


def test_it_counts_when_staff_have_published_it(now, everybody_bought):
    spade = catalog.product()
    review = reviews.submit(spade, customer=accounts.customer(), now=now, **WORDS)
    assert (review.status, review.is_verified, counted(spade)) == (ReviewStatus.PENDING, True, (0, 0))
    for _twice in range(2):
        lifecycle.publish(review.pk, actor="ada", now=now)
    assert counted(spade) == (1, 4)
    lifecycle.reject(review.pk, actor="ada", now=now)
    assert counted(spade) == (0, 0)


def test_a_review_written_anew_waits_again(now, everybody_bought):
    spade, ada = catalog.product(), accounts.customer()
    review = reviews.submit(spade, customer=ada, now=now, **WORDS)
    lifecycle.publish(review.pk, actor="staff", now=now)
    ReviewAnswer.objects.create(review=review, text="Thank you", author="staff", created_at=now)
    again = reviews.submit(spade, customer=ada, now=now, rating=1, title="Blunt", text="Not any more.")
    assert (again.pk, again.status, again.title, counted(spade)) == (review.pk, "pending", "Blunt", (0, 0))
    assert not ReviewAnswer.objects.exists()
    lifecycle.publish(review.pk, actor="staff", now=now)
    assert counted(spade) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"rating": 6}, "catalog_one_to_five_stars"),
        ({"rating": 0}, "catalog_one_to_five_stars"),
        ({"status": "published"}, "catalog_review_shown_after_a_look"),
    ],
)
def test_the_database_refuses(now, changes, refusal):
    facts = {"product": catalog.product(), "customer": accounts.customer(), "is_verified": True, "created_at": now}
    with pytest.raises(IntegrityError, match=refusal), transaction.atomic():
        Review.objects.create(**{**facts, **WORDS, **changes})
    Review.objects.create(**facts, **WORDS)
    with pytest.raises(IntegrityError, match="catalog_one_review_for_each_buyer"):
        Review.objects.create(**facts, **WORDS)


@pytest.mark.parametrize(("stars", "count", "average"), [(9, 2, "4.5"), (13, 3, "4.3"), (17, 4, "4.3"), (5, 1, "5")])
def test_the_average_is_rounded_to_a_tenth(stars, count, average):
    assert rules.average(stars, count) == Decimal(average)


def test_staff_moderate_many_and_answer(client, now, everybody_bought):
    staff, spade = accounts.staff(), catalog.product()
    client.force_login(staff)
    first, second = (reviews.submit(spade, customer=accounts.customer(), now=now, **WORDS) for _ in range(2))
    address = reverse("admin:catalog_review_changelist")
    client.post(address, {"action": "publish", "_selected_action": [first.pk, second.pk]})
    assert counted(spade) == (2, 8)
    client.post(address, {"action": "reject", "_selected_action": [first.pk]})
    assert counted(spade) == (1, 4)
    form = {
        "answer-TOTAL_FORMS": 1,
        "answer-INITIAL_FORMS": 0,
        "answer-0-text": "Thanks!",
        "answer-0-review": second.pk,
    }
    page = reverse("admin:catalog_review_change", args=[second.pk])
    assert client.post(page, {**form, "rating": 1, "text": "changed"}).status_code == 302
    second.refresh_from_db()
    assert (second.rating, second.text, second.moderated_by) == (4, "It cuts.", staff.get_username())
    assert (second.answer.text, second.answer.author) == ("Thanks!", staff.get_username())


class Counting(TestCase):
    @settings(max_examples=25)
    @given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["publish", "reject", "reopen"])), max_size=12))
    def test_the_product_always_knows_its_published_stars(self, steps):
        spade = catalog.product()
        written = [
            Review.objects.create(
                product=spade, customer=accounts.customer(), rating=rating, title="t", text="t", is_verified=True,
                created_at=catalog.STOCKED,
            )
            for rating in (1, 3, 5)
        ]  # fmt: skip
        for number, step in steps:
            actor = {} if step == "reopen" else {"actor": "ada"}
            getattr(lifecycle, step)(written[number].pk, now=catalog.STOCKED, **actor)
        shown = Review.objects.published().filter(product=spade).values_list("rating", flat=True)
        assert counted(spade) == (len(shown), sum(shown))
