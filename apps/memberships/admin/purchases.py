"""Sign-ups and plan changes, for reading."""

from django.contrib import admin

from apps.memberships.models import PlanChange, Signup

from .reading import ReadOnlyAdmin


@admin.register(Signup)
class SignupAdmin(ReadOnlyAdmin):
    list_display = ["customer", "price", "promotion", "status", "created_at", "completed_at"]
    list_filter = ["status", "created_at"]
    list_select_related = ["customer", "price__plan", "promotion"]
    search_fields = ["customer__email", "customer__name"]


@admin.register(PlanChange)
class PlanChangeAdmin(ReadOnlyAdmin):
    list_display = ["subscription", "price", "status", "effective_at", "invoice", "actor"]
    list_filter = ["status", "created_at"]
    list_select_related = ["subscription__customer", "subscription__plan", "price__plan", "invoice"]
    search_fields = ["subscription__customer__email"]
