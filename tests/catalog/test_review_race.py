"""Two who publish one review at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from apps.catalog import lifecycle
from apps.catalog.models import Review
from tests.factories import accounts, catalog


def test_two_who_publish_at_once_count_once(own_database, now):
    spade = catalog.product()
    facts = {"rating": 4, "title": "Sharp", "text": "It cuts.", "is_verified": True, "created_at": now}
    review = Review.objects.create(product=spade, customer=accounts.customer(), **facts)
    start = Barrier(4)

    def publish(_number: int) -> None:
        try:
            start.wait()
            lifecycle.publish(review.pk, actor="ada", now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(publish, range(4)))
    spade.refresh_from_db()
    assert (spade.review_count, spade.star_count) == (1, 4)
