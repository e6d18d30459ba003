"""What many visitors look at, kept under the edition in which it was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import caches
from django.http import HttpRequest

from apps.core.models import Edition, Marks

SECONDS = 3600
_MADE_OF = ("apps/**/*.py", "templates/**/*.html", "locale/**/*.mo")


def marks(request: HttpRequest) -> Marks:
    """The marks under which what is made for the request may be kept, asked for once: before anything is made."""
    found = getattr(request, "marks", None)
    if found is None:
        found = request.marks = Edition.objects.current()  # type: ignore[attr-defined]
    return found


def begin(request: HttpRequest, *, marks: Marks) -> None:
    """Take marks that came with something else, unless they were asked for before: what was made since then may be
    older than these."""
    if getattr(request, "marks", None) is None:
        request.marks = marks  # type: ignore[attr-defined]


def read[T](request: HttpRequest, name: str, make: Callable[[], T]) -> T:
    """What `make` finds, or found for somebody else since the last edit by staff. `name` says what it depends on.

    What `make` raises is raised, and nothing is kept.
    """
    return read_part(request, name, lambda: {name: make()})


def read_part(request: HttpRequest, name: str, make: Callable[[], Mapping[str, Any]]) -> Any:
    """One of several things, each with its name, that `make` finds together: all of them are kept."""
    key = _key(request, name)
    found = caches["near"].get(key)
    if found is None:
        found = caches["pages"].get(key)
        if found is None:
            made = make()
            caches["pages"].set_many({_key(request, each): part for each, part in made.items()}, SECONDS)
            found = made[name]
        caches["near"].set(key, found, SECONDS)
    return found


def read_many(request: HttpRequest, names: Iterable[str]) -> dict[str, Any]:
    """What is kept of these, in one question."""
    by_key = {_key(request, name): name for name in names}
    return {by_key[key]: found for key, found in caches["pages"].get_many(by_key).items()}


def keep_many(request: HttpRequest, made: Mapping[str, Any]) -> None:
    """Keep what was made of each name since the request asked for its marks."""
    if made:
        caches["pages"].set_many({_key(request, name): part for name, part in made.items()}, SECONDS)


def find(key: str, *, is_current: Callable[[Any], bool] | None = None) -> Any:
    """What is kept in the memory of this process, where it is current; else what is kept for all, which is kept in the
    memory from now on. None if nothing is."""
    near = caches["near"].get(key)
    if near is not None and (is_current is None or is_current(near)):
        return near
    found = caches["pages"].get(key)
    if found is not None:
        caches["near"].set(key, found, SECONDS)
    return found


def keep(key: str, found: Any) -> None:
    """Keep it for all processes, instead of what was there before."""
    caches["near"].set(key, found, SECONDS)
    caches["pages"].set(key, found, SECONDS)


def _key(request: HttpRequest, name: str) -> str:
    return f"{name}:{marks(request).edition}:{release()}"


@cache
def release() -> str:
    """The version of the shop, under which all is kept: another one makes other pages of the same rows, and its rows
    may have other columns."""
    digest = sha256(getattr(staticfiles_storage, "manifest_hash", "").encode())
    for kind in _MADE_OF:
        for path in sorted(settings.BASE_DIR.glob(kind)):
            digest.update(str(path.relative_to(settings.BASE_DIR)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
