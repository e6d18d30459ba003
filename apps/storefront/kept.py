"""What many visitors look at, kept under the edition in which it was read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256

from django.apps import apps
from django.core.cache import caches
from django.http import HttpRequest

from . import rooms

SECONDS = 600


def read[T](request: HttpRequest, name: str, make: Callable[[], T]) -> T:
    """What `make` finds, or found for somebody else since the last edit by staff. `name` says what it depends on.

    The edition is read before `make` is called. What `make` raises is raised, and nothing is kept.
    """
    key = f"{name}:{rooms.of(request).edition}:{_shape()}"
    found = caches["pages"].get(key)
    if found is None:
        found = make()
        caches["pages"].set(key, found, SECONDS)
    return found


@cache
def _shape() -> str:
    """The columns of the catalogue in this version of the shop: rows that another version kept may lack some."""
    models = apps.get_app_config("catalog").get_models()
    columns = [str(field) for model in models for field in model._meta.concrete_fields]
    return sha256("\n".join(columns).encode()).hexdigest()[:16]
