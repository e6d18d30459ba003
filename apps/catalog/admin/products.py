"""Products and the rooms they stand in."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from apps.catalog import pictures
from apps.catalog.forms import PictureForm
from apps.catalog.models import Category, Guide, Product, ProductPicture, Variant
from apps.core.translations_admin import TranslatedAdmin, TranslatedInline

from .bundles import SlotInline


class VariantInline(TranslatedInline, TabularInline):
    model = Variant
    fields = ["sku", "name", "weight_grams", "position", "is_active"]
    extra = 0
    show_change_link = True
    tab = True


class PictureInline(TranslatedInline, TabularInline):
    model = ProductPicture
    form = PictureForm
    autocomplete_fields = ["variant"]
    extra = 0
    tab = True


class GuideInline(TranslatedInline, StackedInline):
    model = Guide
    extra = 0
    tab = True


@admin.register(Category)
class CategoryAdmin(TranslatedAdmin, ModelAdmin):
    list_display = ["name", "parent", "position"]
    list_editable = ["position"]
    prepopulated_fields = {"slug": ["name"]}
    search_fields = ["name"]


@admin.register(Product)
class ProductAdmin(TranslatedAdmin, ModelAdmin):
    translated_parts = ["variants", "pictures", "slots", "guide"]
    list_display = ["name", "kind", "category", "status", "prices_shown_to_staff", "is_featured", "position"]
    list_filter = ["status", "kind", "category", "is_featured"]
    list_editable = ["position"]
    list_select_related = ["category"]
    search_fields = ["name", "names", "slug", "summary"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["category"]
    inlines = [VariantInline, PictureInline, SlotInline, GuideInline]
    save_on_top = True

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search", "names").prefetch_related("prices")

    def save_formset(self, request, form, formset, change) -> None:
        super().save_formset(request, form, formset, change)
        if formset.model is ProductPicture:
            for removed in formset.deleted_objects:
                pictures.remove_files(removed)
            pictures.settle(form.instance)

    @admin.display(description=_("prices"))
    def prices_shown_to_staff(self, product: Product) -> str:
        return ", ".join(str(price.amount) for price in product.prices.all())
