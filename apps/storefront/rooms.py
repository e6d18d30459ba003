"""The rooms of the shop, and the edition of what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Subquery
from django.http import HttpRequest

from apps.catalog.models import Category
from apps.core.models import Edition


class Rooms(NamedTuple):
    """The categories of the header and footer, and the edition under which what is made now may be kept."""

    categories: Sequence[Category]
    edition: str


def of(request: HttpRequest) -> Rooms:
    """Read once for each request, in one query. A view that keeps something of what it makes reads this first."""
    found = getattr(request, "_rooms", None)
    if found is None:
        found = request._rooms = _read()  # type: ignore[attr-defined]
    return found


def _read() -> Rooms:
    mark = Edition.objects.values("mark")[:1]
    categories = list(Category.objects.filter(parent=None).annotate(edition=Subquery(mark)))
    edition = categories[0].edition if categories else Edition.objects.values_list("mark", flat=True).first()
    return Rooms(categories, str(edition))
