"""The texts of the demo's catalogue in the other languages of the shop, as columns of new rows.

Each language has a folder in `demo_data` with the files that the original has: tables by slug. Variants and slots are
found by their names in the original.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from apps.core import translations

_DATA = Path(__file__).parent / "demo_data"
_PRODUCTS = ("trees", "care", "services", "guides", "boxes")
# The column of each text of a product.
_COLUMNS = {
    "name": "name",
    "summary": "summary",
    "keywords": "keywords",
    "description": "description",
    "facts": "facts_text",
}


def category(slug: str) -> dict[str, str]:
    return {
        f"{text}_{language}": said
        for language in translations.languages()
        for text, said in _read(language, "categories")[slug].items()
    }


def product(slug: str) -> dict[str, str]:
    return {
        f"{_COLUMNS[text]}_{language}": said.strip()
        for language in translations.languages()
        for text, said in _product(language, slug).items()
        if text in _COLUMNS
    }


def variant(slug: str, name: str) -> dict[str, str]:
    """Of a variant by its product; nothing where the only one has no name."""
    return _part(slug, "variants", name) if name else {}


def slot(slug: str, name: str) -> dict[str, str]:
    """Of a place in a bundle, by the bundle."""
    return _part(slug, "slots", name)


def guide(slug: str) -> dict[str, str]:
    return {
        f"body_{language}": (_DATA / language / "guides" / f"{slug}.md").read_text()
        for language in translations.languages()
    }


def _part(slug: str, kind: str, name: str) -> dict[str, str]:
    return {f"name_{language}": _product(language, slug)[kind][name] for language in translations.languages()}


def _product(language: str, slug: str) -> dict:
    return next(read[slug] for shelf in _PRODUCTS if slug in (read := _read(language, shelf)))


@cache
def _read(language: str, name: str) -> dict:
    return tomllib.loads((_DATA / language / f"{name}.toml").read_text())
