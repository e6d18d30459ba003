"""How staff write in several languages: each beside the original, and a list that says what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Model, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from modeltrans.fields import TranslatedVirtualField

from . import translations


class _Translated:
    """The fields of the other languages in the forms of one model, and what they are called."""

    model: type[Model]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and isinstance(db_field, TranslatedVirtualField):
            original: Any = db_field.original_field
            names = {"field": capfirst(original.verbose_name), "language": translations.languages()[db_field.language]}
            field.label = _("%(field)s (%(language)s)") % names
            field.help_text = original.help_text
            # What is not written is not kept as an empty text: the original is shown in its place.
            field.empty_value = None
        return field

    def _of(self, name: str) -> list[str]:
        """The fields in which the other languages of a field are."""
        if name not in translations.fields(self.model):
            return []
        return [f"{name}_{code}" for code in translations.languages()]


class TranslatedInline(_Translated):
    """Rows within the page of another, the languages of a text beside it; stands before TabularInline or
    StackedInline."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        names = super().get_fields(request, obj)  # type: ignore[misc]
        others = {other for name in names for other in self._of(name)}
        return [field for name in names if name not in others for field in (name, *self._of(name))]


class UntranslatedFilter(admin.SimpleListFilter):
    """What is not written in a language yet."""

    title = gettext_lazy("missing translation")
    parameter_name = "untranslated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(translations.languages().items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(**{lacking(self.value()): True}) if self.value() else queryset


class TranslatedAdmin(_Translated):
    """A page with one tab for each other language, and a list that says in which languages all is written; stands
    before ModelAdmin. `translated_parts` are relations to what is written as a part of it."""

    translated_parts: Sequence[str] = ()

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[tuple[Any, dict[str, Any]]]:
        others = {other for name in translations.fields(self.model) for other in self._of(name)}
        own = [
            (title, {**options, "fields": [name for name in options["fields"] if name not in others]})
            for title, options in super().get_fieldsets(request, obj)  # type: ignore[misc]
        ]
        return [*own, *self.language_tabs()]

    def language_tabs(self) -> list[tuple[Any, dict[str, Any]]]:
        """One set of fields for each other language."""
        written = translations.fields(self.model)
        return [
            (language, {"classes": ["tab"], "fields": [f"{name}_{code}" for name in written]})
            for code, language in translations.languages().items()
        ]

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return [*super().get_list_display(request), "languages_complete"]  # type: ignore[misc]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_filter(request), UntranslatedFilter]  # type: ignore[misc]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        lacks = {
            lacking(code): ExpressionWrapper(
                translations.missing(self.model, code, self.translated_parts), BooleanField()
            )
            for code in translations.languages()
        }
        return super().get_queryset(request).annotate(**lacks)  # type: ignore[misc]

    @admin.display(description=gettext_lazy("languages complete"))
    def languages_complete(self, row: Model) -> str:
        complete = [name for code, name in translations.languages().items() if not getattr(row, lacking(code))]
        return ", ".join(complete) or "–"


def lacking(language: str | None) -> str:
    """The column of a list that says whether something is missing in a language."""
    return f"lacks_{language}"
