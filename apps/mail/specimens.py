"""A specimen of each kind of letter: what the shop writes, in any of its languages, before it is ever sent.

The facts of the specimens are in `specimens.toml`, a table for each kind. A table with `minor` and `currency` is an
amount, and a text that begins with "site:" the address of a page of the shop.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.core.money import Money

from . import rendering
from .rendering import Rendered

_FACTS = Path(__file__).with_name("specimens.toml")
_SITE = "site:"
_ZONE = "Europe/Rome"


def kinds() -> list[str]:
    """All kinds of letters, in the order of their names."""
    return sorted(_facts())


def render(kind: str, *, locale: str) -> Rendered:
    """The specimen of a kind in the language `locale`. Raises KeyError for a kind that there is not."""
    unsubscribe = f"{settings.SITE_URL}/mail/unsubscribe/specimen/"
    return rendering.render(kind, _read(_facts()[kind]), locale=locale, zone=_ZONE, unsubscribe_url=unsubscribe)


@cache
def _facts() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_FACTS.read_text())


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"minor", "currency"}:
            return Money(value["minor"], value["currency"])
        return {name: _read(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_read(one) for one in value]
    if isinstance(value, str) and value.startswith(_SITE):
        return settings.SITE_URL + value.removeprefix(_SITE)
    return value
