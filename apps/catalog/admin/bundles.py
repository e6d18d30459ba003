"""What is in a bundle."""

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from apps.catalog.models import BundleChoice, BundleSlot
from apps.core.translations_admin import TranslatedAdmin, TranslatedInline


class SlotInline(TranslatedInline, TabularInline):
    model = BundleSlot
    extra = 0
    show_change_link = True
    tab = True


class ChoiceInline(TabularInline):
    model = BundleChoice
    autocomplete_fields = ["variant"]
    extra = 0


@admin.register(BundleSlot)
class BundleSlotAdmin(TranslatedAdmin, ModelAdmin):
    list_display = ["product", "name", "quantity", "position"]
    list_select_related = ["product"]
    search_fields = ["product__name", "name"]
    inlines = [ChoiceInline]
