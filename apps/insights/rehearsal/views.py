"""The page of the back office on which renewals are rehearsed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from unfold.views import UnfoldModelAdminViewMixin

from apps.accounts.models import User
from apps.core import clock, tasks
from apps.insights import words as work
from apps.insights.lifecycle import UnderWay
from apps.insights.models import Anomaly, Rehearsal

from . import anomalies, chart, comparison, services, words
from .forms import RehearsalForm

SWEEP = "insights.rehearse"
ANOMALIES_ON_A_PAGE = 50
REHEARSALS_SHOWN = 12
MOST_CHANGES = 60


class RehearsalView(UnfoldModelAdminViewMixin, TemplateView):
    """The last result, or the one asked for, what differs from the one before, and how to rehearse anew."""

    template_name = "insights/rehearsal.html"
    permission_required = "insights.view_rehearsal"

    @property
    def title(self) -> str:
        return _("Renewal rehearsal")

    def get_template_names(self) -> list[str]:
        """Only the part that changes, for the page that asks how far it is."""
        fragment = "#state" if self.request.headers.get("HX-Request") else ""
        return [self.template_name + fragment]

    def get_context_data(self, *, form: RehearsalForm | None = None, **kwargs: Any) -> dict[str, Any]:
        last = Rehearsal.objects.first()
        shown = self._shown()
        return super().get_context_data(
            **kwargs,
            form=form or RehearsalForm(),
            may_start=self.request.user.has_perm("insights.add_rehearsal"),
            last=last,
            shown=shown,
            history=list(Rehearsal.objects.defer("summary")[:REHEARSALS_SHOWN]),
            **(self._result(shown) if shown else {}),
        )

    def _shown(self) -> Rehearsal | None:
        if "rehearsal_id" not in self.kwargs:
            return Rehearsal.objects.done().first()
        rehearsal = Rehearsal.objects.done().filter(pk=self.kwargs["rehearsal_id"]).first()
        if rehearsal is None:
            raise Http404
        return rehearsal

    def _result(self, rehearsal: Rehearsal) -> dict[str, Any]:
        assert rehearsal.since is not None, "it is done"
        assert rehearsal.until is not None, "it is done"
        summary = rehearsal.summary
        before = Rehearsal.objects.before(rehearsal)
        found = rehearsal.anomalies.select_related("customer", "subscription").order_by("kind", "at", "pk")
        compared = comparison.compare(rehearsal, before) if before else None
        new = {anomaly.pk for anomaly in compared.new} if compared else set()
        page = Paginator(found, ANOMALIES_ON_A_PAGE).get_page(self.request.GET.get("page"))
        return {
            "totals": [words.amounts(row) for row in summary["totals"]],
            "days": [words.amounts(row) for row in summary["days"]],
            "tax": [words.tax(row) for row in summary["tax"]],
            "mails": words.mails_of(summary),
            "endings": words.endings_of(summary),
            "work": work.all_done(summary["work"]),
            "seconds": summary["milliseconds"]["all"] // 1000,
            "charts": chart.charts(summary["days"], since=rehearsal.since, until=rehearsal.until),
            "page": page,
            "anomalies": [_row(anomaly, is_new=anomaly.pk in new) for anomaly in page],
            "compared": compared,
            "changes": _changes(compared),
            "gone": [_row(anomaly) for anomaly in compared.gone[:ANOMALIES_ON_A_PAGE]] if compared else [],
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for a rehearsal; a worker carries it out."""
        if not isinstance(request.user, User) or not request.user.has_perm("insights.add_rehearsal"):
            raise PermissionDenied
        form = RehearsalForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        try:
            services.request(**form.terms(), by=request.user.email, now=clock.now())
        except UnderWay:
            messages.error(request, _("A rehearsal is under way. Wait for its result."))
        else:
            tasks.run_sweep.delay(SWEEP)
        return redirect("admin:insights_rehearsal_page")


def _changes(compared: comparison.Comparison | None) -> list[dict[str, Any]]:
    return [
        {"day": change.day, "billed": words.signed(change.billed), "collected": words.signed(change.collected)}
        for change in (compared.changes[:MOST_CHANGES] if compared else [])
    ]


def _row(anomaly: Anomaly, *, is_new: bool = False) -> dict[str, Any]:
    """An anomaly with its name and the ways to the customer and the subscription."""
    return {
        "anomaly": anomaly,
        "label": anomalies.label_of(anomaly.kind),
        "is_new": is_new,
        "customer_url": anomaly.customer_id and reverse("admin:insights_customer", args=[anomaly.customer_id]),
        "subscription_url": anomaly.subscription_id
        and reverse("admin:memberships_subscription_change", args=[anomaly.subscription_id]),
    }
