"""Rows that the shop writes and staff read."""

from unfold.admin import ModelAdmin, TabularInline

from apps.core.admin import ReadOnly


class ReadOnlyAdmin(ReadOnly, ModelAdmin):
    """A page for reading."""


class ReadOnlyInline(ReadOnly, TabularInline):
    """A table for reading."""

    extra = 0
