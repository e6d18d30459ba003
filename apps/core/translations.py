"""What the merchant writes, in the shop's languages.

A model keeps what is written in `settings.LANGUAGE_CODE` in its own columns, and the rest beside it in one column,
`i18n`: `name` is the original, `name_it` the Italian text, and `name_i18n` that of the active language, or the original
where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, F, ForeignObjectRel, Model, OuterRef, Q, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, NullIf
from django.db.models.lookups import Exact
from django.utils.translation import get_language, override
from modeltrans.fields import TranslationField

if TYPE_CHECKING:
    from django.db.models import QuerySet as TranslatedQuerySet
else:
    # A queryset that knows `name_it` and `name_i18n` where it filters and sorts.
    from modeltrans.manager import MultilingualQuerySet as TranslatedQuerySet

__all__ = [
    "TranslatedQuerySet",
    "active",
    "all_of",
    "fields",
    "has",
    "in_each",
    "languages",
    "missing",
    "text",
    "written_in",
]

_NOTHING = Value("", TextField())


def languages() -> dict[str, str]:
    """The languages that are translated into, each with its name in its own words."""
    return {code: name for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE}


def active() -> str:
    """The language of the reader; the original one where theirs is none of the shop's."""
    code = get_language() or settings.LANGUAGE_CODE
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def in_each(name: str, write: Callable[[], str]) -> dict[str, str]:
    """The columns of a new row for a field that the shop itself writes: what `write` says in each language."""
    columns = {}
    for code, _own_name in settings.LANGUAGES:
        with override(code):
            columns[name if code == settings.LANGUAGE_CODE else f"{name}_{code}"] = write()
    return columns


def all_of(row: Model, name: str) -> list[str]:
    """What a field of the row says, in the original language and in those it is translated into."""
    said = [getattr(row, name), *(getattr(row, f"{name}_{code}") for code in languages())]
    return list(dict.fromkeys(filter(None, said)))


def has(model: type[Model], path: str) -> bool:
    """Whether a field, of the model or over relations ("product__name"), is written in several languages."""
    first, _separator, rest = path.partition("__")
    if rest:
        related = model._meta.get_field(first).related_model
        return related is not None and has(related, rest)
    return first in fields(model)


def fields(model: type[Model]) -> Sequence[str]:
    """The fields of a model that are written in several languages; none of most models."""
    return next((field.fields for field in model._meta.concrete_fields if isinstance(field, TranslationField)), ())


def written_in(language: str, path: str) -> Combinable:
    """The text of a field in one language, for the database: null where it is not written. `path` may lead to the field
    over relations: "product__name"."""
    if language == settings.LANGUAGE_CODE:
        return F(path)
    row, _separator, name = path.rpartition("__")
    return NullIf(KeyTextTransform(f"{name}_{language}", f"{row}__i18n" if row else "i18n"), _NOTHING)


def text(path: str) -> Combinable:
    """The text of a field in the active language, for the database: the original where it is not written."""
    language = active()
    if language == settings.LANGUAGE_CODE:
        return F(path)
    return Coalesce(written_in(language, path), F(path), output_field=TextField())


def missing(model: type[Model], language: str, parts: Iterable[str] = ()) -> Q:
    """Rows of a model of which something is written that is not written in this language too: of themselves, or of
    their `parts`, the names of relations to the rows that belong to them."""
    found = _missing(model, language)
    for part in parts:
        relation = model._meta.get_field(part)
        assert isinstance(relation, ForeignObjectRel), "parts belong to their row"
        belonging = relation.related_model._default_manager.filter(_missing(relation.related_model, language))
        found |= Q(Exists(belonging.filter(**{relation.field.name: OuterRef("pk")})))
    return found


def _missing(model: type[Model], language: str) -> Q:
    found = Q()
    for name in fields(model):
        found |= ~Q(**{name: ""}) & Q(Exact(Coalesce(written_in(language, name), _NOTHING), _NOTHING))
    return found
