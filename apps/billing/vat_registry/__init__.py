"""The registry of VAT numbers in force.

`vat_registry.get()` gives the one named by settings.VAT_REGISTRY; `vat_registry.using(registry)` puts another in its
place for the current context.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .port import Answer, Invalid, Unavailable, Valid, VatRegistry

__all__ = ["Answer", "Invalid", "Unavailable", "Valid", "VatRegistry", "get", "using"]

_in_place: ContextVar[VatRegistry | None] = ContextVar("vat_registry", default=None)


def get() -> VatRegistry:
    """The registry of the current context, else the one of the settings."""
    return _in_place.get() or _configured(settings.VAT_REGISTRY, settings.VIES_URL, settings.VIES_TIMEOUT_SECONDS)


@contextmanager
def using(registry: VatRegistry) -> Generator[VatRegistry]:
    """Use `registry` in this context until the block ends."""
    token = _in_place.set(registry)
    try:
        yield registry
    finally:
        _in_place.reset(token)


@lru_cache(maxsize=4)
def _configured(name: str, url: str, timeout: int) -> VatRegistry:
    if name == "vies":
        from .vies import Vies

        return Vies(url=url, timeout=timeout)
    if name == "scripted":
        from .scripted import Scripted

        return Scripted()
    raise ImproperlyConfigured(f'VAT_REGISTRY is "vies" or "scripted", not "{name}".')
