"""What the catalogue holds of a person."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.privacy import Person, Row, rows

from . import lifecycle
from .models import GuideView, Review, ReviewAnswer


@privacy.exports("guides", title=_("Guides you opened"), why=_("To suggest a plan that fits."))
def guides(person: Person) -> list[Row]:
    return rows(GuideView.objects.filter(customer=person.id), "product__name", "locked", "at")


@privacy.exports("reviews", title=_("Reviews"), why=_("To show others what you said."))
def reviews(person: Person) -> list[Row]:
    mine = Review.objects.filter(customer=person.id)
    return rows(mine, "product__name", "rating", "title", "text", "status", "created_at", "answer__text")


@privacy.erases
def forget(person: Person, *, now: datetime) -> None:
    GuideView.objects.filter(customer=person.id).delete()
    for review_id in Review.objects.filter(customer=person.id).values_list("pk", flat=True):
        lifecycle.reopen(review_id, now=now)  # the product's stars without it
    ReviewAnswer.objects.filter(review__customer=person.id).delete()
    Review.objects.filter(customer=person.id).delete()
