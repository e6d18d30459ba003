"""Exchange rates: typed in, or brought in from the file of the European Central Bank."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apps.billing import exchange, stating
from apps.billing.forms import ExchangeRateForm, RatesFileForm
from apps.billing.models import ExchangeRate, StatedTax
from apps.core import clock

A_YEAR = timedelta(days=365)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ModelAdmin):
    """Rates by day. One that is on a document stays as it is; a new one states the VAT that waited for it."""

    form = ExchangeRateForm
    list_display = ["currency", "day", "per_euro"]
    list_filter = ["currency"]
    search_fields = ["currency"]
    date_hierarchy = "day"
    actions_list = ["bring_in"]
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: ExchangeRate | None = None) -> bool:
        return not _is_used(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ExchangeRate | None = None) -> bool:
        return obj is not None and not _is_used(obj) and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: ExchangeRate, form, change) -> None:
        super().save_model(request, obj, form, change)
        stated = stating.state_missing(now=clock.now(), actor=request.user.get_username())
        if stated:
            text = _text("Invoices whose VAT is stated now: %(count)d.") % {"count": stated}
            self.message_user(request, text, messages.SUCCESS)

    @action(description=_("Import rates"), url_path="import", permissions=["add"], icon="upload_file")
    def bring_in(self, request: HttpRequest) -> HttpResponse:
        """The page that asks for the file, and what came of it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        now = clock.now()
        form = RatesFileForm(request.POST or None, request.FILES or None, initial={"since": now.date() - A_YEAR})
        if form.is_valid():
            asked = form.cleaned_data
            try:
                done = exchange.take_in(asked["file"], since=asked["since"], now=now, actor=request.user.get_username())
            except exchange.CannotRead as problem:
                form.add_error("file", str(problem))
            else:
                self.message_user(request, _told(done), messages.SUCCESS)
                return redirect("admin:billing_exchangerate_changelist")
        context = {**self.admin_site.each_context(request), "title": _text("Import exchange rates"), "form": form}
        return render(request, "billing/admin/import_rates.html", context, status=400 if form.is_bound else 200)


def _told(done: exchange.Imported) -> str:
    text = _text(
        "Rates: %(added)d new, %(changed)d changed, %(kept)d kept as they are on documents. "
        "Invoices whose VAT is stated now: %(stated)d."
    )
    return text % {"added": done.added, "changed": done.changed, "kept": done.kept, "stated": done.stated}


def _is_used(rate: ExchangeRate | None) -> bool:
    return rate is not None and StatedTax.objects.reckoned_with(rate.currency, rate.day).exists()
