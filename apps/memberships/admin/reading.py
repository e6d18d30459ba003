"""Rows that the shop writes and staff read."""

from unfold.admin import ModelAdmin, TabularInline


class _ReadOnly:
    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class ReadOnlyAdmin(_ReadOnly, ModelAdmin):
    """A page for reading."""


class ReadOnlyInline(_ReadOnly, TabularInline):
    """A table for reading."""

    extra = 0
