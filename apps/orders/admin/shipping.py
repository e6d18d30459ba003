"""What sending a parcel costs: edited by staff, for the orders to come."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from apps.core.translations_admin import TranslatedAdmin
from apps.orders.models import ShippingRate


@admin.register(ShippingRate)
class ShippingRateAdmin(TranslatedAdmin, ModelAdmin):
    list_display = [
        "name",
        "zone",
        "currency",
        "up_to_grams",
        "amount_shown",
        "free_from_minor",
        "position",
        "is_active",
    ]
    list_filter = ["currency", "is_active"]
    search_fields = ["name", "detail"]

    @admin.display(description=_("countries"))
    def zone(self, rate: ShippingRate) -> str:
        first = ", ".join(rate.countries[:6])
        more = len(rate.countries) - 6
        return f"{first} +{more}" if more > 0 else first

    @admin.display(description=_("price"), ordering="amount_minor")
    def amount_shown(self, rate: ShippingRate) -> str:
        return str(rate.amount)
