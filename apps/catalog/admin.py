"""The catalogue in the back office."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from .models import Category, Guide, GuideView, Product, ProductPrice


class PriceInline(TabularInline):
    model = ProductPrice
    extra = 0
    tab = True


class GuideInline(StackedInline):
    model = Guide
    extra = 0
    tab = True


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ["name", "parent", "position"]
    list_editable = ["position"]
    prepopulated_fields = {"slug": ["name"]}
    search_fields = ["name"]


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    list_display = ["name", "kind", "category", "status", "prices_shown_to_staff", "is_featured", "position"]
    list_filter = ["status", "kind", "category", "is_featured"]
    list_editable = ["position"]
    list_select_related = ["category"]
    search_fields = ["name", "slug", "summary"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["category"]
    inlines = [PriceInline, GuideInline]
    save_on_top = True

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search").prefetch_related("prices")

    @admin.display(description=_("prices"))
    def prices_shown_to_staff(self, product: Product) -> str:
        return ", ".join(str(price.amount) for price in product.prices.all())


@admin.register(GuideView)
class GuideViewAdmin(ModelAdmin):
    list_display = ["at", "customer", "product", "locked"]
    list_filter = ["locked", "product"]
    list_select_related = ["customer", "product"]
    date_hierarchy = "at"

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False
