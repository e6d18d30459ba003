"""How what a visitor types becomes a full-text query."""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchQuery

# The longest text a visitor may search for; the rest is cut off.
LONGEST = 80


def tidy(text: str) -> str:
    """The words of `text`, without control characters, in one line and not too long."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:LONGEST].strip()


def prefix_query(text: str) -> SearchQuery | None:
    """A query for texts with every word, each as the beginning of one: "lem tre" finds "lemon tree".

    None when there is no word.
    """
    found = re.findall(r"\w+", text)
    if not found:
        return None
    return SearchQuery(" & ".join(f"{word}:*" for word in found), search_type="raw", config="english")
