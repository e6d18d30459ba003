"""Variants, what they cost, and how many there are. Pieces come by deliveries and counts, never by editing a number."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from apps.catalog.forms import StockForm
from apps.catalog.models import ProductPrice, StockMove, Variant
from apps.core import clock
from apps.core.translations_admin import TranslatedAdmin

from .reading import Uneditable


class PriceInline(TabularInline):
    model = ProductPrice
    extra = 0


class MoveInline(Uneditable, TabularInline):
    model = StockMove
    fields = readonly_fields = ["at", "kind", "quantity", "actor"]
    extra = 0
    tab = True


class StockLevelFilter(admin.SimpleListFilter):
    """What has to be ordered again."""

    title = gettext_lazy("stock")
    parameter_name = "level"

    def lookups(self, request, model_admin):
        return [("low", _("Few or none left")), ("none", _("Sold out")), ("uncounted", _("Not counted"))]

    def queryset(self, request, queryset):
        levels = {"low": queryset.running_low, "none": queryset.sold_out, "uncounted": queryset.uncounted}
        narrow = levels.get(self.value() or "")
        return narrow() if narrow else queryset


@admin.register(Variant)
class VariantAdmin(TranslatedAdmin, ModelAdmin):
    list_display = ["__str__", "sku", "stock_left", "is_active"]
    list_filter = [StockLevelFilter, "is_active", "product__category"]
    list_select_related = ["product", "stock"]
    search_fields = ["sku", "name", "product__name"]
    autocomplete_fields = ["product"]
    inlines = [PriceInline, MoveInline]
    actions_detail = ["change_stock"]

    @admin.display(description=gettext_lazy("in stock"), ordering="stock__available")
    def stock_left(self, variant: Variant) -> str:
        return str(_("not counted")) if variant.left is None else str(variant.left)

    def has_stock_permission(self, request: HttpRequest, object_id=None) -> bool:
        return request.user.has_perm("catalog.change_stock")

    @action(description=gettext_lazy("Delivery or count"), url_path="stock", permissions=["stock"])
    def change_stock(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """A delivery that arrived, or a count; sending the form twice is one of them."""
        variant = get_object_or_404(Variant.objects.select_related("product", "stock"), pk=object_id)
        form = StockForm(request.POST or None, variant=variant)
        if request.method == "POST" and form.is_valid():
            left = form.save(actor=request.user.get_username(), now=clock.now())
            messages.success(request, _("%(left)d can be sold now.") % {"left": left})
            return redirect(reverse("admin:catalog_variant_change", args=[variant.pk]))
        context = {**self.admin_site.each_context(request), "title": _("Stock"), "variant": variant, "form": form}
        return render(request, "catalog/admin/stock.html", context)


@admin.register(StockMove)
class StockMoveAdmin(Uneditable, ModelAdmin):
    list_display = ["at", "variant", "kind", "quantity", "key", "actor"]
    list_filter = ["kind"]
    list_select_related = ["variant__product"]
    search_fields = ["variant__sku", "variant__product__name", "key"]
    date_hierarchy = "at"
