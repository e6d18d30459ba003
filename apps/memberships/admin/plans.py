"""Plans, benefits and prices. A price is never edited: it gets a new version."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, StackedInline
from unfold.decorators import action

from apps.core import clock
from apps.core.translations_admin import TranslatedAdmin, TranslatedInline
from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.forms import NewPriceForm, NewVersionForm
from apps.memberships.models import Benefit, Plan, Price, Subscription

from . import counting
from .reading import ReadOnlyInline


class BenefitInline(TranslatedInline, StackedInline):
    model = Benefit
    extra = 0
    # In all languages a benefit is too wide for a row.
    collapsible = True


class PriceInline(ReadOnlyInline):
    model = Price
    fields = [
        "amount_shown",
        "tax_included",
        "interval_label",
        "trial_days",
        "version",
        "available_from",
        "closed_at",
        "members",
    ]
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
class PlanAdmin(TranslatedAdmin, ModelAdmin):
    """Plans with their benefits and prices."""

    translated_parts = ["benefits"]

    list_display = ["name", "group", "rank", "status", "sends_goods", "points_percent"]
    list_filter = ["status", "group"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [PriceInline, BenefitInline]


@admin.register(Price)
class PriceAdmin(ModelAdmin):
    """Prices. Members keep the version they joined at."""

    form = NewPriceForm
    list_display = [
        "plan",
        "amount_shown",
        "tax_included",
        "interval_label",
        "trial_days",
        "version",
        "available_from",
        "closed_at",
        "members",
    ]
    list_filter = ["plan", "currency", "interval_unit"]
    list_select_related = ["plan"]
    actions_detail = ["new_version", "plan_change"]

    def get_fields(self, request, obj=None) -> list[str]:
        return [*self.list_display, "promised"] if obj else ["plan", "amount", *self.form.Meta.fields[1:]]

    def get_queryset(self, request: HttpRequest):
        mine = Subscription.objects.open().filter(price=OuterRef("pk")).order_by().values("price")
        counted = mine.annotate(n=Count("pk")).values("n")
        return super().get_queryset(request).annotate(members_now=Coalesce(Subquery(counted), 0))

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def save_model(self, request, obj, form, change) -> None:
        created = services.add_price(
            obj.plan,
            currency=obj.currency,
            amount_minor=form.cleaned_data["amount_minor"],
            tax_included=obj.tax_included,
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

    @admin.display(description=gettext_lazy("members"), ordering="members_now")
    def members(self, price: Any) -> int:
        return price.members_now

    @admin.display(description=gettext_lazy("promised"))
    def promised(self, price: Price) -> str:
        return format_html_join("\n", "<p>{}</p>", [[line] for line in counting.of_price(price)]) or _("Nothing.")

    def has_plan_change_permission(self, request: HttpRequest, object_id: str | int) -> bool:
        return request.user.has_perm("memberships.add_pricechange")

    @action(
        description=gettext_lazy("Change the price for its members"),
        url_path="plan-change",
        permissions=["plan_change"],
    )
    def plan_change(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """To the form of a price change, from this version to the newest one."""
        old = get_object_or_404(Price, pk=object_id)
        family = ["plan_id", "currency", "interval_unit", "interval_count"]
        newest = Price.objects.filter(**{name: getattr(old, name) for name in family}).order_by("-version")[0]
        if newest.pk == old.pk:
            messages.error(request, _("This version is still on sale. Give the price a new version first."))
            return redirect(reverse("admin:memberships_price_change", args=[old.pk]))
        chosen = urlencode({"old_price": old.pk, "new_price": newest.pk})
        return redirect(f"{reverse('admin:memberships_pricechange_add')}?{chosen}")

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
                    tax_included=form.cleaned_data["tax_included"],
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
