"""What many visitors look at, kept under the edition in which it was read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.core.cache import caches
from django.http import HttpRequest

from apps.core.models import Edition

SECONDS = 600


def edition(request: HttpRequest) -> str:
    """The edition under which what is made for the request may be kept, asked for once: before anything is made."""
    found = getattr(request, "edition", None)
    if found is None:
        found = request.edition = Edition.objects.current()  # type: ignore[attr-defined]
    return found


def begin(request: HttpRequest, *, edition: str) -> None:
    """Take an edition that came with something else, unless one was asked for before: what was made since then may be
    older than this one."""
    if getattr(request, "edition", None) is None:
        request.edition = edition  # type: ignore[attr-defined]


def read[T](request: HttpRequest, name: str, make: Callable[[], T]) -> T:
    """What `make` finds, or found for somebody else since the last edit by staff. `name` says what it depends on.

    What `make` raises is raised, and nothing is kept.
    """
    key = f"{name}:{edition(request)}:{_shape()}"
    found = find(key, seconds=SECONDS)
    if found is None:
        found = make()
        caches["pages"].set(key, found, SECONDS)
    return found


def find(key: str, *, seconds: int) -> Any:
    """What is kept for all processes, and from now on for `seconds` in the memory of this one; None if nothing is."""
    near = caches["near"]
    found = near.get(key)
    if found is None:
        found = caches["pages"].get(key)
        if found is not None:
            near.set(key, found, seconds)
    return found


@cache
def _shape() -> str:
    """The columns of the models in this version of the shop: rows that another version kept may lack some."""
    columns = [str(field) for model in apps.get_models() for field in model._meta.concrete_fields]
    return sha256("\n".join(columns).encode()).hexdigest()[:16]
