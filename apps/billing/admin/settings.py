"""What staff decide: tax rates and dunning policies, and the series of invoice numbers to look at."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from apps.billing import dunning, tax
from apps.billing.forms import DunningPolicyForm, SellerForm, TaxRateForm
from apps.billing.models import DunningPolicy, InvoiceSeries, Seller, TaxRate
from apps.core import clock

from .reading import DocumentAdmin


@admin.register(TaxRate)
class TaxRateAdmin(ModelAdmin):
    """Dated rates; the database refuses two on one day. A new one ends the one before it; a rate that has begun can
    only be given an end."""

    form = TaxRateForm
    list_display = ["country", "category", "percent", "valid_from", "valid_to"]
    list_filter = ["country", "category"]
    search_fields = ["country"]

    @display(description=_("rate"), ordering="basis_points")
    def percent(self, rate: TaxRate) -> str:
        return f"{rate.basis_points / 100:g} %"

    def get_form(self, request: HttpRequest, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        form.today = clock.now().date()
        return form

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list[str]:
        begun = obj is not None and obj.has_begun(clock.now().date())
        return ["country", "category", "basis_points", "valid_from"] if begun else []

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return obj is not None and not obj.has_begun(clock.now().date()) and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: TaxRate, form: TaxRateForm, change) -> None:
        if change:
            obj.save()
        else:
            tax.put_in_force(obj)


@admin.register(DunningPolicy)
class DunningPolicyAdmin(ModelAdmin):
    """Saving makes a new version; recoveries that are under way keep the one they began with."""

    form = DunningPolicyForm
    list_display = ["name", "version", "is_current", "conditions", "tries", "reminders", "grace_days", "final_action"]
    list_filter = ["is_current", "name"]
    fieldsets = [
        (None, {"fields": ["name", "is_current"]}),
        (_("For which invoices"), {"fields": ["scope", "currency", "minimum"]}),
        (_("What happens"), {"fields": ["retry_days", "mail_days", "grace_days", "final_action"]}),
        (_("The cap on tries"), {"fields": ["max_tries", "tries_within_days"]}),
    ]

    @display(description=_("for"))
    def conditions(self, policy: DunningPolicy) -> str:
        amount = _text("from %(amount)s on") % {"amount": policy.minimum} if policy.minimum else policy.currency
        return ", ".join(part for part in (policy.scope, amount) if part) or _text("all other invoices")

    @display(description=_("tries on days"))
    def tries(self, policy: DunningPolicy) -> str:
        return ", ".join(str(day) for day in policy.retry_days)

    @display(description=_("reminders on days"))
    def reminders(self, policy: DunningPolicy) -> str:
        return ", ".join(str(day) for day in policy.mail_days)

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list[str]:
        return ["name"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: DunningPolicy, form: DunningPolicyForm, change) -> None:
        facts = {name: value for name, value in form.cleaned_data.items() if name != "name"}
        made = dunning.new_policy_version(obj.name, **facts, now=clock.now())
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
