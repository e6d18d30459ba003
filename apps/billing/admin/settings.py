"""What staff decide: tax rates and dunning policies, and the series of invoice numbers to look at."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from apps.billing import dunning
from apps.billing.forms import DunningPolicyForm, SellerForm
from apps.billing.models import DunningPolicy, InvoiceSeries, Seller, TaxRate
from apps.core import clock

from .reading import DocumentAdmin


@admin.register(TaxRate)
class TaxRateAdmin(ModelAdmin):
    """Dated rates; the database refuses two on one day."""

    list_display = ["country", "category", "percent", "valid_from", "valid_to"]
    list_filter = ["country", "category"]
    search_fields = ["country"]

    @display(description=_("rate"), ordering="basis_points")
    def percent(self, rate: TaxRate) -> str:
        return f"{rate.basis_points / 100:g} %"


@admin.register(DunningPolicy)
class DunningPolicyAdmin(ModelAdmin):
    """Saving makes a new version; recoveries that are under way keep the one they began with."""

    form = DunningPolicyForm
    list_display = ["name", "version", "is_default", "retry_days", "mail_days", "grace_days", "created_at"]
    list_filter = ["name", "is_default"]

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list[str]:
        return ["name"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: DunningPolicy, form: DunningPolicyForm, change) -> None:
        made = dunning.new_policy_version(
            obj.name,
            retry_days=form.cleaned_data["retry_days"],
            mail_days=form.cleaned_data["mail_days"],
            grace_days=form.cleaned_data["grace_days"],
            is_default=form.cleaned_data["is_default"],
            now=clock.now(),
        )
        obj.pk, obj.version = made.pk, made.version


@admin.register(Seller)
class SellerAdmin(ModelAdmin):
    """The one seller. What changes here stands on the documents from now on; those issued keep what they say."""

    form = SellerForm

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """There is nothing to choose from: the list is the one page."""
        return self.change_view(request, str(Seller.SINGLETON), extra_context=extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(DocumentAdmin):
    list_display = ["code", "prefix", "next_number"]
