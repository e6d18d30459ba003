"""The books by month, the trial balance, and deferred revenue line by line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from unfold.decorators import display
from unfold.views import UnfoldModelAdminViewMixin

from apps.billing import journal, trial_balance
from apps.billing.forms import CloseMonthForm, TrialBalanceForm
from apps.billing.models import Account, JournalBalance, JournalMonth, RevenueSchedule
from apps.billing.months import Month
from apps.core import clock

from .reading import DocumentAdmin, DocumentInline

TICK = timedelta(microseconds=1)


class BalanceInline(DocumentInline):
    model = JournalBalance
    fields = ["label", "documents", "opening", "debit", "credit", "closing"]
    readonly_fields = fields
    ordering = ["currency", "pk"]

    @display(description=_("account"))
    def label(self, balance: JournalBalance) -> str:
        return str(Account(balance.account).label)

    @display(description=_("opening balance"))
    def opening(self, balance: JournalBalance) -> str:
        return str(balance.opening)

    @display(description=_("debit"))
    def debit(self, balance: JournalBalance) -> str:
        return str(balance.debit)

    @display(description=_("credit"))
    def credit(self, balance: JournalBalance) -> str:
        return str(balance.credit)

    @display(description=_("closing balance"))
    def closing(self, balance: JournalBalance) -> str:
        return str(balance.closing)


@admin.register(JournalMonth)
class JournalMonthAdmin(DocumentAdmin):
    """Closed months; the pages of the books hang here, for open ones too."""

    list_display = ["__str__", "closed_at", "closed_by", "digest"]
    inlines = [BalanceInline]
    fields = ["month", "closed_at", "closed_by", "digest"]

    def get_urls(self) -> list[URLPattern]:
        def page(view: type[BooksPage]):
            return self.admin_site.admin_view(view.as_view(model_admin=self))

        return [
            path("books/", page(BooksView), name="billing_books"),
            path("books/<str:month>/", page(MonthView), name="billing_books_month"),
            path("books/<str:month>/journal.csv", page(FileView), name="billing_books_file"),
            path("trial-balance/", page(TrialBalanceView), name="billing_trial_balance"),
            *super().get_urls(),
        ]


@admin.register(RevenueSchedule)
class RevenueScheduleAdmin(DocumentAdmin):
    """How far each line has become revenue."""

    list_display = ["invoice", "line", "deferred", "recognised", "released", "left", "since", "until", "next_at"]
    list_filter = [("next_at", admin.EmptyFieldListFilter)]
    list_select_related = ["invoice", "line"]
    search_fields = ["=invoice__number"]
    fields = list_display

    @display(description=_("deferred at issue"), ordering="deferred_minor")
    def deferred(self, row: RevenueSchedule) -> str:
        return str(row.deferred)

    @display(description=_("recognised"), ordering="recognised_minor")
    def recognised(self, row: RevenueSchedule) -> str:
        return str(row.recognised)

    @display(description=_("taken back"), ordering="released_minor")
    def released(self, row: RevenueSchedule) -> str:
        return str(row.released)

    @display(description=_("still deferred"))
    def left(self, row: RevenueSchedule) -> str:
        return str(row.left)


class BooksPage(UnfoldModelAdminViewMixin, TemplateView):
    """A page of the books, for whoever may see the ledger."""

    permission_required = "billing.view_ledgerentry"


class BooksView(BooksPage):
    """All months, the newest first."""

    template_name = "billing/admin/books.html"
    title = _("Books")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, months=list(journal.months(now=clock.now())))


class OneMonth(BooksPage):
    """A page about one month, which the address names."""

    month: Month

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.month = Month.parse(kwargs["month"])
        except ValueError as problem:
            raise Http404 from problem
        if self.month.start > clock.now():
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class MonthView(OneMonth):
    """What an accountant books of a month; closing it."""

    template_name = "billing/admin/month.html"

    @property
    def title(self) -> str:
        return _text("Books of %(month)s") % {"month": self.month}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context.setdefault("form", CloseMonthForm())
        return context | {
            "month": self.month,
            "closed": JournalMonth.objects.of(self.month),
            "books": journal.by_currency(journal.of(self.month)),
            "hindrance": self._hindrance(clock.now()),
            "may_close": self._may_close(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Close the month, once somebody says that they looked at it."""
        if not self._may_close():
            raise PermissionDenied
        form = CloseMonthForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(**kwargs, form=form))
        try:
            closed = journal.close(self.month, by=request.user.get_username(), now=clock.now())
        except journal.CannotClose as problem:
            messages.error(request, str(problem))
        else:
            self.model_admin.log_addition(request, closed, str(self.month))
            messages.success(request, _text("%(month)s is closed.") % {"month": self.month})
        return redirect("admin:billing_books_month", month=str(self.month))

    def _may_close(self) -> bool:
        return self.request.user.has_perm("billing.add_journalmonth")

    def _hindrance(self, now: datetime) -> str:
        try:
            journal.refuse_to_close(self.month, now=now)
        except journal.CannotClose as problem:
            return str(problem)
        return ""


class FileView(OneMonth):
    """The journal of a month as a file."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = journal.of(self.month)
        currency = request.GET.get("currency")
        if currency and currency not in found.currencies:
            raise Http404
        try:
            content = journal.export(found, currency=currency or None)
        except journal.Changed as problem:
            messages.error(request, str(problem))
            return redirect("admin:billing_books_month", month=str(self.month))
        name = "-".join(filter(None, ["journal", str(self.month), currency]))
        return HttpResponse(
            content,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )


class TrialBalanceView(BooksPage):
    """The balance of every account at the end of a day, and whether they sum to zero."""

    template_name = "billing/admin/trial_balance.html"
    title = _("Trial balance")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        form = TrialBalanceForm(self.request.GET if "day" in self.request.GET else {"day": now.date()})
        moment = form.end_of_day() if form.is_valid() else None
        return super().get_context_data(
            **kwargs,
            form=form,
            sheets=trial_balance.at(moment) if moment else [],
            entries_url=reverse("admin:billing_ledgerentry_changelist"),
            until=urlencode({"at_to_0": f"{moment - TICK:%Y-%m-%d}", "at_to_1": "23:59:59.999999"}) if moment else "",
        )
