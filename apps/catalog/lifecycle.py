"""Every change of a review's status.

    pending  -> published | rejected     staff have read it
    published -> rejected                staff take it back
    rejected -> published                staff think again
    published | rejected -> pending      its author has written it anew

The stars of a product are those of its published reviews. They are counted where a review begins or ceases to be one,
in the same transaction.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from .models import Product, Review, ReviewStatus


@transaction.atomic
def publish(review_id: int, *, actor: str, now: datetime) -> Review:
    """pending | rejected -> published. Safe to repeat."""
    return _move(review_id, ReviewStatus.PUBLISHED, actor=actor, now=now)


@transaction.atomic
def reject(review_id: int, *, actor: str, now: datetime) -> Review:
    """pending | published -> rejected. Safe to repeat."""
    return _move(review_id, ReviewStatus.REJECTED, actor=actor, now=now)


@transaction.atomic
def reopen(review_id: int, *, now: datetime) -> Review:
    """published | rejected -> pending: it has to be read again. Safe to repeat."""
    return _move(review_id, ReviewStatus.PENDING, actor="", now=now)


def _move(review_id: int, status: str, *, actor: str, now: datetime) -> Review:
    review = Review.objects.select_for_update().get(pk=review_id)
    if review.status == status:
        return review
    was_shown, is_shown = review.status == ReviewStatus.PUBLISHED, status == ReviewStatus.PUBLISHED
    review.status, review.moderated_at, review.moderated_by = status, now if actor else None, actor
    review.save(update_fields=["status", "moderated_at", "moderated_by"])
    change = is_shown - was_shown
    if change:
        Product.objects.filter(pk=review.product_id).update(
            review_count=F("review_count") + change, star_count=F("star_count") + change * review.rating
        )
    return review
