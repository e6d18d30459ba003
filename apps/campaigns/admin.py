"""Campaigns in the back office: the journeys, who is on them, and the notices given."""

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from apps.core.admin import ReadOnly

from .models import Campaign, Enrollment, Notice, ReviewRequest, Step


class StepInline(TabularInline):
    model = Step
    extra = 0


@admin.register(Campaign)
class CampaignAdmin(ModelAdmin):
    list_display = ["name", "trigger", "is_active"]
    list_filter = ["trigger", "is_active"]
    inlines = [StepInline]

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Enrollment)
class EnrollmentAdmin(ReadOnly, ModelAdmin):
    list_display = ["customer", "campaign", "status", "outcome", "position", "next_at", "started_at", "ended_at"]
    list_filter = ["campaign", "status", "outcome"]
    list_select_related = ["customer", "campaign"]
    search_fields = ["customer__email", "customer__name", "key"]
    date_hierarchy = "started_at"
    show_full_result_count = False


@admin.register(Notice)
class NoticeAdmin(ReadOnly, ModelAdmin):
    list_display = ["subscription", "period_end", "days", "sent_at"]
    list_filter = ["days"]
    list_select_related = ["subscription__customer", "subscription__plan"]
    search_fields = ["subscription__customer__email", "key"]
    date_hierarchy = "period_end"
    show_full_result_count = False


@admin.register(ReviewRequest)
class ReviewRequestAdmin(ReadOnly, ModelAdmin):
    list_display = ["customer", "product", "order", "at"]
    list_select_related = ["customer", "product", "order"]
    search_fields = ["customer__email", "product__name", "order__number"]
    date_hierarchy = "at"
    show_full_result_count = False
