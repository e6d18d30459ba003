"""The rooms of the shop."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest

from apps.catalog.models import Category

from . import house


def of(request: HttpRequest) -> Sequence[Category]:
    """The rooms of the header and footer: those that are in no other one."""
    return [room for room in house.rooms(request) if room.parent_id is None]


def named(request: HttpRequest, slug: str) -> Category:
    """The room with this address, with the one that it is in and some of its guides. Raises Http404."""
    found = next((room for room in house.rooms(request) if room.slug == slug), None)
    if found is None:
        raise Http404
    return found
