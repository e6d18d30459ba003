"""Sign-ups and plan changes, for reading."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from apps.memberships.models import PlanChange, Signup, TrialUse

from .reading import ReadOnlyAdmin


@admin.register(Signup)
class SignupAdmin(ReadOnlyAdmin):
    list_display = ["customer", "price", "quantity", "promotion", "status", "created_at", "completed_at"]
    list_filter = ["status", "created_at"]
    list_select_related = ["customer", "price__plan", "promotion"]
    search_fields = ["customer__email", "customer__name"]


@admin.register(PlanChange)
class PlanChangeAdmin(ReadOnlyAdmin):
    list_display = ["subscription", "price", "quantity", "status", "effective_at", "invoice", "actor"]
    list_filter = ["status", "created_at"]
    list_select_related = ["subscription__customer", "subscription__plan", "price__plan", "invoice"]
    search_fields = ["subscription__customer__email"]


@admin.register(TrialUse)
class TrialUseAdmin(ReadOnlyAdmin):
    """Who has had a free trial, and what became of it."""

    list_display = ["customer", "plan_group", "began_at", "status_shown", "subscription"]
    list_filter = ["plan_group", "began_at", "subscription__status"]
    list_select_related = ["customer", "subscription__customer", "subscription__plan"]
    search_fields = ["customer__email", "customer__name", "fingerprint"]
    date_hierarchy = "began_at"

    @admin.display(description=gettext_lazy("membership"), ordering="subscription__status")
    def status_shown(self, use: TrialUse) -> str:
        return use.subscription.get_status_display()
