"""What promotions holds of a person. That a code was used stays: it names nobody."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.privacy import Person, Row, rows

from .models import Redemption


@privacy.exports("promotions", title=_("Promotions"), why=_("So that a code is used once."))
def promotions(person: Person) -> list[Row]:
    return rows(Redemption.objects.filter(customer=person.id), "promotion__name", "at", "released_at")
