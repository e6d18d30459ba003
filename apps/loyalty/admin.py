from django.contrib import admin
from unfold.admin import ModelAdmin

from .models import EarningRule, PointsAccount, PointsEntry


class ReadOnly(ModelAdmin):
    """Rows that the shop writes and staff read."""

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(EarningRule)
class EarningRuleAdmin(ModelAdmin):
    """Rules are added, never edited: points already earned were promised under the rule of their day."""

    list_display = ["valid_from", "points_per_unit", "lifetime_days"]

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(PointsAccount)
class PointsAccountAdmin(ReadOnly):
    list_display = ["customer", "balance"]
    list_select_related = ["customer"]
    search_fields = ["customer__email", "customer__name"]


@admin.register(PointsEntry)
class PointsEntryAdmin(ReadOnly):
    list_display = ["at", "customer", "kind", "points", "reason", "expires_at"]
    list_filter = ["kind", "at"]
    list_select_related = ["customer"]
    search_fields = ["customer__email", "customer__name", "reason", "key"]
