"""Pure arithmetic of texts, pieces and pictures."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from apps.core.money import round_half_up

# An adult reads 238 words of English non-fiction a minute: Brysbaert, "How many words do we read per minute?", 2019.
WORDS_PER_MINUTE = 238
# So many pieces or fewer are told to the visitor, and to staff as what has to be ordered again.
FEW = 5
# Widths in pixels in which pictures are kept, and the one that suits a card best.
WIDTHS = (320, 640, 960)
CARD_WIDTH = 640
# The folder of the uploaded pictures.
PICTURES = "products"


def sized(name: str, width: int) -> str:
    """The name of the file with a picture in another width: "products/ab.webp" in 320 is "products/ab-320.webp"."""
    stem, _dot, ending = name.rpartition(".")
    return f"{stem}-{width}.{ending}"


def reading_minutes(text: str) -> int:
    """Whole minutes to read `text`, rounded up, at least 1."""
    return max(1, -(-len(re.findall(r"\w+", text)) // WORDS_PER_MINUTE))


def facts(text: str) -> list[tuple[str, str]]:
    """Pairs of label and value from lines such as "Height: 60 cm". A line without a colon is left out."""
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return [(label.strip(), value.strip()) for label, value in pairs]


def headings(markdown: str) -> list[str]:
    """The second-level headings of a Markdown text, in order: what a reader will find in it."""
    return [line.removeprefix("## ").strip() for line in markdown.splitlines() if line.startswith("## ")]


def average(stars: int, reviews: int) -> Decimal:
    """The average of stars, to a tenth, rounded half up. Raises ZeroDivisionError without a review."""
    return Decimal(round_half_up(Fraction(stars * 10, reviews))) / 10
