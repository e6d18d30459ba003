"""What offers holds of a person. That an offer was made stays, to measure what offers do; what it rested on goes."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.privacy import Person, Row, rows

from .models import Offer


@privacy.exports("offers", title=_("Offers to you"), why=_("To make few of them, and to measure them."))
def offers(person: Person) -> list[Row]:
    fields = ["kind", "arm", "price__plan__name", "reason_code", "reason", "status", "created_at", "decided_at"]
    return rows(Offer.objects.filter(customer=person.id), *fields)


@privacy.erases
def forget(person: Person, *, now: datetime) -> None:
    Offer.objects.filter(customer=person.id).update(reason={})
