"""What people asked about their own data. The file itself is for them alone."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.core.admin import ReadOnly

from .models import DataExport, Erasure


@admin.register(DataExport)
class DataExportAdmin(ReadOnly, ModelAdmin):
    list_display = ["user", "status", "requested_at", "ready_at", "expires_at"]
    list_filter = ["status", "requested_at"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    exclude = ["content"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("content")


@admin.register(Erasure)
class ErasureAdmin(ReadOnly, ModelAdmin):
    list_display = ["user", "requested_at", "confirmed_at", "done_at", "problem", "stuck_for"]
    list_filter = ["requested_at", "done_at"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    exclude = ["secret"]
