"""What loyalty holds of a person. The entries stay for the books: they name nobody."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.privacy import Person, Row, rows

from .models import PointsEntry


@privacy.exports("points", title=_("Points"), why=_("To know what you have."))
def points(person: Person) -> list[Row]:
    return rows(PointsEntry.objects.filter(customer=person.id), "points", "reason", "at")
