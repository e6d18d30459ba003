"""What the pages of the back office share."""

from django.http import HttpRequest


class ReadOnly:
    """For pages and tables of rows that the shop writes and staff read; stands before ModelAdmin or TabularInline."""

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False
