"""How what a visitor types becomes a full-text query."""

from __future__ import annotations

import re

from django.conf import settings
from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery

from apps.core import translations

# How PostgreSQL stems the words of each language of the shop, the original one first.
CONFIGS = {"en": "english", "it": "italian", "fr": "french", "ro": "romanian"}
# The longest text a visitor may search for; the rest is cut off.
LONGEST = 80


def tidy(text: str) -> str:
    """The words of `text`, without control characters, in one line and not too long."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:LONGEST].strip()


def prefix_query(text: str) -> SearchQuery | CombinedSearchQuery | None:
    """A query for texts with every word, each as the beginning of one: "lem tre" finds "lemon tree".

    The words are of the active language or of the original one. None when there is no word.
    """
    found = re.findall(r"\w+", text)
    if not found:
        return None
    prefixes = " & ".join(f"{word}:*" for word in found)
    original, active = settings.LANGUAGE_CODE, translations.active()
    query = SearchQuery(prefixes, search_type="raw", config=CONFIGS[original])
    return query if active == original else SearchQuery(prefixes, search_type="raw", config=CONFIGS[active]) | query
