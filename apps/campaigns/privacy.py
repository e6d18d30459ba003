"""What campaigns holds of a person. That somebody was on a campaign stays, to measure it; it names nobody."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.privacy import Person, Row, rows

from . import lifecycle
from .models import Enrollment, Outcome, ReviewRequest


@privacy.exports("campaigns", title=_("Campaigns"), why=_("To write to you in order, and not too often."))
def campaigns(person: Person) -> list[Row]:
    mine = Enrollment.objects.filter(customer=person.id)
    return rows(mine, "campaign__name", "status", "outcome", "reason", "started_at", "ended_at")


@privacy.exports("review-requests", title=_("Reviews we asked for"), why=_("To ask you about each product once."))
def review_requests(person: Person) -> list[Row]:
    return rows(ReviewRequest.objects.filter(customer=person.id), "product__name", "order__number", "at")


@privacy.erases
def forget(person: Person, *, now: datetime) -> None:
    """Nobody is written to who is not there any more."""
    for enrollment in Enrollment.objects.active().filter(customer=person.id):
        lifecycle.stop(enrollment, Outcome.NO_CONSENT, now=now)
    Enrollment.objects.filter(customer=person.id).exclude(error="").update(error="–")
    ReviewRequest.objects.filter(customer=person.id).delete()
