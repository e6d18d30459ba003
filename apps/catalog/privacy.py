"""What the catalogue holds of a person."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.privacy import Person, Row, rows

from .models import GuideView


@privacy.exports("guides", title=_("Guides you opened"), why=_("To suggest a plan that fits."))
def guides(person: Person) -> list[Row]:
    return rows(GuideView.objects.filter(customer=person.id), "product__name", "locked", "at")


@privacy.erases
def forget(person: Person, *, now: datetime) -> None:
    GuideView.objects.filter(customer=person.id).delete()
