"""How the database finds a product by its words, and by a name that was mistyped, in all languages of the shop."""

from __future__ import annotations

from functools import reduce
from operator import add
from unicodedata import combining, normalize

from django.conf import settings
from django.contrib.postgres.search import SearchVector, TrigramWordSimilarity
from django.db.models import F, Func, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Concat, Upper

from . import words

# How much a word counts in no part (D), the description (C), the summary and keywords (B), and the name (A).
WEIGHTS = [0.02, 0.05, 0.4, 1.0]
# Below this share of common trigrams a name is not what somebody mistyped.
SIMILAR_ENOUGH = 0.4
# Quotation marks, apostrophe and dashes of print: by the locale of the database, PostgreSQL may take them for letters.
_PRINTED = "‘’‚“”„«»‹›–—…·"
# Letters that many leave without their marks when they type, and how they are compared.
_MARKED = "àâäáăãçèéêëìîïíòôöóùûüúșşțţÀÂÄÁĂÃÇÈÉÊËÌÎÏÍÒÔÖÓÙÛÜÚȘŞȚŢ"
_PLAIN = "AAAAAACEEEEIIIIOOOOUUUUSSTTAAAAAACEEEEIIIIOOOOUUUUSSTT"


class Typed(Func):
    """What somebody typed, for the operator that compares names, which from here on calls similar what is
    SIMILAR_ENOUGH: until the end of the statement, or of the transaction around it. An index serves the operator, and
    none a function that is compared with a number."""

    template = "(SELECT %(expressions)s::text FROM set_config('pg_trgm.word_similarity_threshold', '%(least)s', true))"
    output_field = TextField()


def vector() -> SearchVector:
    """The words of a product in every language of the shop, each stemmed as its language does."""
    parts = []
    for code, config in words.CONFIGS.items():
        name, summary, keywords, description = (
            _unprinted(_field(field, code)) for field in ("name", "summary", "keywords", "description")
        )
        parts += [
            SearchVector(name, weight="A", config=config),
            SearchVector(summary, keywords, weight="B", config=config),
            SearchVector(description, weight="C", config=config),
        ]
    return reduce(add, parts)


def _unprinted(text: str | KeyTextTransform) -> Func:
    return Func(text, Value(_PRINTED), Value(" " * len(_PRINTED)), function="translate", output_field=TextField())


def names() -> Func:
    """The names of a row in every language, one after the other, in plain capitals."""
    text = TextField()
    together: F | Concat = F("name")
    for code in words.CONFIGS:
        if code != settings.LANGUAGE_CODE:
            another = Coalesce(_field("name", code), Value(""), output_field=text)
            together = Concat(together, Value(" "), another, output_field=text)
    return Func(Upper(together), Value(_MARKED), Value(_PLAIN), function="translate", output_field=text)


def typed(text: str) -> Typed:
    """What the names of a row are compared with."""
    return Typed(Value(_plain(text)), least=SIMILAR_ENOUGH)


def likeness(text: str, where: str | Combinable = "names") -> TrigramWordSimilarity:
    """How much the text resembles a part of the names: 1 is the same."""
    return TrigramWordSimilarity(_plain(text), where)


def _plain(text: str) -> str:
    """In capitals without marks, as `names` has it."""
    return "".join(letter for letter in normalize("NFKD", text) if not combining(letter)).upper()


def _field(name: str, code: str) -> str | KeyTextTransform:
    return name if code == settings.LANGUAGE_CODE else KeyTextTransform(f"{name}_{code}", "i18n")
