from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.core.admin import ReadOnly

from .models import EarningRule, PointsAccount, PointsEntry


@admin.register(EarningRule)
class EarningRuleAdmin(ModelAdmin):
    """Rules are added, never edited: points already earned were promised under the rule of their day."""

    list_display = ["valid_from", "points_per_unit", "lifetime_days"]

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(PointsAccount)
class PointsAccountAdmin(ReadOnly, ModelAdmin):
    list_display = ["customer", "balance"]
    list_select_related = ["customer"]
    search_fields = ["customer__email", "customer__name"]


@admin.register(PointsEntry)
class PointsEntryAdmin(ReadOnly, ModelAdmin):
    list_display = ["at", "customer", "kind", "points", "reason", "expires_at"]
    list_filter = ["kind", "at"]
    list_select_related = ["customer"]
    search_fields = ["customer__email", "customer__name", "reason", "key"]
