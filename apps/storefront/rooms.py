"""The rooms of the shop, and the edition of what is in them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Subquery
from django.http import HttpRequest
from django.utils.functional import cached_property

from apps.catalog.models import Category
from apps.core.models import Edition


class Rooms:
    """The categories of the header and footer, and the edition under which what is made now may be kept."""

    def __init__(self) -> None:
        mark = Edition.objects.values("mark")[:1]
        rooms = list(Category.objects.filter(parent=None).annotate(mark=Subquery(mark)))
        self._mark = rooms[0].mark if rooms else None
        self.categories: Sequence[Category] = rooms

    @cached_property
    def edition(self) -> str:
        """It came with the categories; a shop without any asks once more."""
        return str(self._mark or Edition.objects.values_list("mark", flat=True).first())


def of(request: HttpRequest) -> Rooms:
    """Read once for each request, in one query. A view that keeps something of what it makes reads this first."""
    found = getattr(request, "_rooms", None)
    if found is None:
        found = request._rooms = Rooms()  # type: ignore[attr-defined]
    return found
