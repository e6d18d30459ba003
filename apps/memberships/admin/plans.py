"""Plans, benefits and prices. A price is never edited: it gets a new version."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from apps.core import clock
from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.forms import NewPriceForm, NewVersionForm
from apps.memberships.models import Benefit, Plan, Price

from .reading import ReadOnlyInline


class BenefitInline(TabularInline):
    model = Benefit
    extra = 0


class PriceInline(ReadOnlyInline):
    model = Price
    fields = ["amount_shown", "interval_label", "trial_days", "version", "available_from", "closed_at", "members"]
    readonly_fields = fields
    show_change_link = True
    ordering = ["closed_at", "currency", "amount_minor"]

    @admin.display(description=gettext_lazy("amount"))
    def amount_shown(self, price: Price) -> str:
        return str(price.amount)

    @admin.display(description=gettext_lazy("members"))
    def members(self, price: Price) -> int:
        return price.subscriptions.open().count()


@admin.register(Plan)
class PlanAdmin(ModelAdmin):
    """Plans with their benefits and prices."""

    list_display = ["name", "group", "rank", "status", "points_percent"]
    list_filter = ["status", "group"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [PriceInline, BenefitInline]


@admin.register(Price)
class PriceAdmin(ModelAdmin):
    """Prices. Members keep the version they joined at."""

    form = NewPriceForm
    list_display = ["plan", "amount_shown", "interval_label", "trial_days", "version", "available_from", "closed_at"]
    list_filter = ["plan", "currency", "interval_unit"]
    list_select_related = ["plan"]
    actions_detail = ["new_version"]

    def get_fields(self, request, obj=None) -> list[str]:
        return self.list_display if obj else ["plan", "amount", *self.form.Meta.fields[1:]]

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def save_model(self, request, obj, form, change) -> None:
        created = services.add_price(
            obj.plan,
            currency=obj.currency,
            amount_minor=form.cleaned_data["amount_minor"],
            interval_unit=obj.interval_unit,
            interval_count=obj.interval_count,
            term_periods=obj.term_periods,
            trial_days=obj.trial_days,
            now=clock.now(),
        )
        for name in ("pk", "version", "available_from", "amount_minor", "trial_days"):
            setattr(obj, name, getattr(created, name))

    @admin.display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount_shown(self, price: Price) -> str:
        return str(price.amount)

    def has_new_version_permission(self, request: HttpRequest, object_id: str | int) -> bool:
        return self.has_add_permission(request)

    @action(description=gettext_lazy("New version"), url_path="new-version", permissions=["new_version"])
    def new_version(self, request: HttpRequest, object_id: int) -> HttpResponse:
        price = get_object_or_404(Price.objects.select_related("plan"), pk=object_id)
        form = NewVersionForm(request.POST or None, price=price)
        if request.method == "POST" and form.is_valid():
            try:
                new = services.new_price_version(
                    price,
                    amount_minor=form.cleaned_data["amount"],
                    trial_days=form.cleaned_data["trial_days"],
                    now=clock.now(),
                )
            except Refused as refusal:
                messages.error(request, str(refusal))
                return redirect(reverse("admin:memberships_price_change", args=[price.pk]))
            messages.success(request, _("%(price)s is on sale now. Members on the old price keep it.") % {"price": new})
            return redirect(reverse("admin:memberships_price_change", args=[new.pk]))
        context = {**self.admin_site.each_context(request), "title": _("New version"), "price": price, "form": form}
        return render(request, "memberships/admin/new_version.html", context)
