"""Offers in the back office: what was offered to whom, and the rules by which it is."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from apps.core import clock
from apps.core.admin import ReadOnly

from . import services
from .models import Offer, OfferPolicy, WinbackIncentive


@admin.register(OfferPolicy)
class OfferPolicyAdmin(ModelAdmin):
    """Saving stores a new version; the older ones stay as they were, with the offers made by them."""

    list_display = [
        "kind", "version", "is_active", "holdout_percent", "valid_days", "quiet_days", "lookback_days", "min_guides",
        "min_points", "created_at",
    ]  # fmt: skip
    list_filter = ["kind"]
    fields = ["is_active", "holdout_percent", "valid_days", "quiet_days", "lookback_days", "min_guides", "min_points"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OfferPolicy | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OfferPolicy | None = None) -> bool:
        if obj is not None and OfferPolicy.objects.filter(kind=obj.kind, version__gt=obj.version).exists():
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: OfferPolicy, form, change: bool) -> None:
        if form.has_changed():
            services.revise_policy(obj, now=clock.now())


@admin.register(WinbackIncentive)
class WinbackIncentiveAdmin(ModelAdmin):
    list_display = ["reason", "plan_rule", "promotion", "points", "old_price_periods", "fallback_points", "is_active"]
    list_filter = ["is_active", "plan_rule"]
    autocomplete_fields = ["promotion"]


@admin.register(Offer)
class OfferAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "customer",
        "kind",
        "price",
        "reason_shown",
        "arm",
        "status",
        "created_at",
        "expires_at",
        "converted_at",
    ]
    list_filter = ["kind", "arm", "status", "reason_code"]
    list_select_related = ["customer", "price__plan"]
    search_fields = ["customer__email", "customer__name", "token"]
    date_hierarchy = "created_at"
    show_full_result_count = False

    @admin.display(description=_("why"))
    def reason_shown(self, offer: Offer) -> str:
        return offer.reason_text
