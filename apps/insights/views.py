"""Pages of the back office that no single table makes: a customer's story, and the time machine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from unfold.views import UnfoldModelAdminViewMixin

from apps.accounts.models import User
from apps.core import clock, tasks, time_machine
from apps.core.models import ClockJourney, SweepRun

from . import customers, timeline, words
from .forms import JourneyForm, TimelineFilter

MOMENTS_ON_A_PAGE = 50
INSTANTS_SHOWN = 40


class CustomerView(UnfoldModelAdminViewMixin, TemplateView):
    """Everything about one customer, newest first."""

    template_name = "insights/customer.html"
    permission_required = "accounts.view_user"

    @property
    def title(self) -> str:
        return str(self.customer)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.customer = get_object_or_404(User, pk=kwargs["user_id"])
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = TimelineFilter(self.request.GET)
        kind = timeline.Kind(chosen.cleaned_data["kind"]) if chosen.is_valid() and chosen.cleaned_data["kind"] else None
        moments = timeline.of(self.customer, kind=kind)
        return super().get_context_data(
            **kwargs,
            glance=customers.glance(self.customer, now=clock.now()),
            kinds=[(value, label, value == (kind or "")) for value, label in chosen.KINDS],
            kind=kind or "",
            page=Paginator(moments, MOMENTS_ON_A_PAGE).get_page(self.request.GET.get("page")),
        )


class TimeMachineView(UnfoldModelAdminViewMixin, TemplateView):
    """The shop's clock, and how to move it. It is there only where settings.TIME_MACHINE is on."""

    template_name = "insights/time_machine.html"
    permission_required = "core.add_clockjourney"

    @property
    def title(self) -> str:
        return _("Time machine")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.TIME_MACHINE:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_template_names(self) -> list[str]:
        """Only the part that changes, for the page that asks how far it is."""
        fragment = "#journey" if self.request.headers.get("HX-Request") else ""
        return [self.template_name + fragment]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        journey = ClockJourney.objects.first()
        return super().get_context_data(
            **kwargs,
            shop_time=now,
            next_event=time_machine.next_event(now=now),
            choices=JourneyForm.WAYS,
            journey=journey,
            instants=instants(journey) if journey else [],
            totals=totals(journey) if journey else [],
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Set out on a journey, or carry on with the one whose worker was lost."""
        if "resume" in request.POST:
            self._resume()
        else:
            self._set_out(JourneyForm(request.POST), now=clock.now())
        return redirect("admin:insights_time_machine")

    def _set_out(self, form: JourneyForm, *, now: datetime) -> None:
        if not form.is_valid():
            messages.error(self.request, _("Choose how far to go."))
            return
        target = form.target(now=now)
        if target is None:
            messages.info(self.request, _("No worker has anything to do in the future."))
            return
        try:
            journey = time_machine.start(target=target, now=now)
        except time_machine.Travelling:
            messages.error(self.request, _("A journey is under way. Wait for its end, or carry it on."))
            return
        tasks.advance_clock.delay(journey.pk)

    def _resume(self) -> None:
        journey = ClockJourney.objects.filter(finished_at=None).first()
        if journey is not None:
            tasks.advance_clock.delay(journey.pk)


def instants(journey: ClockJourney) -> list[tuple[datetime, str]]:
    """The last instants of a journey at which workers did something, the newest first, with what they did."""
    done: dict[datetime, dict[str, int]] = {}
    runs = SweepRun.objects.filter(at__gte=journey.origin, at__lte=journey.reached, handled__gt=0)
    for at, sweep, handled in runs.order_by("-at", "pk").values_list("at", "sweep", "handled")[: 10 * INSTANTS_SHOWN]:
        row = done.setdefault(at, {})
        row[sweep] = row.get(sweep, 0) + handled
    return [(at, words.all_done(row)) for at, row in list(done.items())[:INSTANTS_SHOWN]]


def totals(journey: ClockJourney) -> list[str]:
    """What workers did on the whole journey."""
    runs = SweepRun.objects.filter(at__gte=journey.origin, at__lte=journey.reached, handled__gt=0)
    sums = runs.order_by("sweep").values_list("sweep").annotate(Sum("handled"))
    return [words.did(sweep, handled) for sweep, handled in sums]
