"""Who read which guide."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.catalog.models import GuideView

from .reading import Uneditable


@admin.register(GuideView)
class GuideViewAdmin(Uneditable, ModelAdmin):
    list_display = ["at", "customer", "product", "locked"]
    list_filter = ["locked", "product"]
    list_select_related = ["customer", "product"]
    date_hierarchy = "at"
