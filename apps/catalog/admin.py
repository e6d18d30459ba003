"""The catalogue in the back office."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from .models import Category, Guide, GuideView, Product, ProductPrice, StockMove, Variant


class PriceInline(TabularInline):
    model = ProductPrice
    extra = 0


class VariantInline(TabularInline):
    model = Variant
    fields = ["sku", "name", "weight_grams", "position", "is_active"]
    extra = 0
    show_change_link = True
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
    inlines = [VariantInline, GuideInline]
    save_on_top = True

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search").prefetch_related("prices")

    @admin.display(description=_("prices"))
    def prices_shown_to_staff(self, product: Product) -> str:
        return ", ".join(str(price.amount) for price in product.prices.all())


class Uneditable:
    """Rows that the shop writes, for staff to read."""

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Variant)
class VariantAdmin(ModelAdmin):
    list_display = ["__str__", "sku", "stock_left", "is_active"]
    list_filter = ["is_active", "product__category"]
    list_select_related = ["product", "stock"]
    search_fields = ["sku", "name", "product__name"]
    autocomplete_fields = ["product"]
    inlines = [PriceInline]

    @admin.display(description=_("in stock"), ordering="stock__available")
    def stock_left(self, variant: Variant) -> str:
        return str(variant.stock.available) if hasattr(variant, "stock") else str(_("not counted"))


@admin.register(StockMove)
class StockMoveAdmin(Uneditable, ModelAdmin):
    list_display = ["at", "variant", "kind", "quantity", "key", "actor"]
    list_filter = ["kind"]
    list_select_related = ["variant__product"]
    search_fields = ["variant__sku", "variant__product__name", "key"]
    date_hierarchy = "at"


@admin.register(GuideView)
class GuideViewAdmin(Uneditable, ModelAdmin):
    list_display = ["at", "customer", "product", "locked"]
    list_filter = ["locked", "product"]
    list_select_related = ["customer", "product"]
    date_hierarchy = "at"
