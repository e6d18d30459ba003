"""The back office's pages about customers, workers and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apps.accounts.admin import UserAdmin as AccountAdmin
from apps.accounts.models import User
from apps.core.admin import ReadOnly
from apps.core.models import ClockJourney, SweepRun

from . import words
from .queue_views import ActView, QueueView
from .rehearsal import admin as rehearsal_admin
from .views import CustomerView, TimeMachineView

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = ["rehearsal_admin"]

admin.site.unregister(User)


@admin.register(User)
class UserAdmin(AccountAdmin):
    """The accounts, each with the way to its story."""

    list_display = [*AccountAdmin.list_display, "story"]
    actions_detail = ["open_story"]

    def get_urls(self) -> list[URLPattern]:
        story = self.admin_site.admin_view(CustomerView.as_view(model_admin=self))
        return [path("<int:user_id>/story/", story, name="insights_customer"), *super().get_urls()]

    @admin.display(description=_("story"))
    def story(self, user: User) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:insights_customer", args=[user.pk]), _("Everything that happened")
        )

    @action(description=_("Everything that happened"), url_path="to-story")
    def open_story(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return redirect("admin:insights_customer", user_id=object_id)


class FailedFilter(admin.SimpleListFilter):
    title = _("failed")
    parameter_name = "failed"

    def lookups(self, request: HttpRequest, model_admin) -> list[tuple[str, StrOrPromise]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset):
        match self.value():
            case "yes":
                return queryset.exclude(error="")
            case "no":
                return queryset.filter(error="")
            case _:
                return queryset


@admin.register(SweepRun)
class SweepRunAdmin(ReadOnly, ModelAdmin):
    list_display = ["at", "label", "handled", "error", "started_at", "finished_at"]
    list_filter = [FailedFilter, "sweep"]
    date_hierarchy = "at"
    show_full_result_count = False

    @admin.display(description=_("sweep"), ordering="sweep")
    def label(self, run: SweepRun) -> str:
        return words.name(run.sweep)

    def get_urls(self) -> list[URLPattern]:
        queue = self.admin_site.admin_view(QueueView.as_view(model_admin=self))
        act = self.admin_site.admin_view(ActView.as_view(model_admin=self))
        return [
            path("queues/<slug:slug>/", queue, name="insights_queue"),
            path("queues/<slug:slug>/<int:row_id>/<slug:name>/", act, name="insights_queue_act"),
            *super().get_urls(),
        ]


@admin.register(ClockJourney)
class ClockJourneyAdmin(ReadOnly, ModelAdmin):
    list_display = ["origin", "target", "reached", "steps", "started_at", "finished_at", "error"]

    def get_urls(self) -> list[URLPattern]:
        machine = self.admin_site.admin_view(TimeMachineView.as_view(model_admin=self))
        return [path("time-machine/", machine, name="insights_time_machine"), *super().get_urls()]
