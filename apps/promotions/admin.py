from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from apps.core.admin import ReadOnly
from apps.core.money import Money
from apps.core.translations_admin import TranslatedAdmin

from .models import Promotion, Redemption


@admin.register(Promotion)
class PromotionAdmin(TranslatedAdmin, ModelAdmin):
    """Promotions. What the discount is cannot be changed after the first redemption: customers were promised it."""

    list_display = ["name", "code", "discount", "duration", "valid_from", "valid_to", "used", "is_active"]
    list_filter = ["is_active", "duration"]
    search_fields = ["name", "code"]
    readonly_fields = ["redeemed"]
    promised = ["code", "percent_basis_points", "amount_minor", "currency", "duration", "periods"]

    def get_readonly_fields(self, request, obj=None):
        fixed = self.promised if obj is not None and obj.redemptions.exists() else []
        return [*self.readonly_fields, *fixed]

    def save_model(self, request, obj, form, change) -> None:
        obj.code = (obj.code or "").strip().upper() or None
        super().save_model(request, obj, form, change)

    @admin.display(description=_("discount"))
    def discount(self, promotion: Promotion) -> str:
        if promotion.percent_basis_points is not None:
            return f"{promotion.percent_basis_points / 100:g} %"
        return str(Money(promotion.amount_minor or 0, promotion.currency or ""))

    @admin.display(description=_("used"))
    def used(self, promotion: Promotion) -> str:
        return f"{promotion.redeemed} / {promotion.max_redemptions or '∞'}"


@admin.register(Redemption)
class RedemptionAdmin(ReadOnly, ModelAdmin):
    """Who used which promotion; for reading."""

    list_display = ["promotion", "customer", "at", "released_at"]
    list_select_related = ["promotion", "customer"]
    list_filter = ["promotion"]
    search_fields = ["customer__email", "promotion__name", "promotion__code"]
