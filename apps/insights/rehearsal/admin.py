"""Rehearsals in the back office: the page, the list behind it, and what counts as an anomaly."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from apps.core.admin import ReadOnly
from apps.insights.models import AnomalyRule, Rehearsal

from . import anomalies
from .views import RehearsalView


@admin.register(Rehearsal)
class RehearsalAdmin(ReadOnly, ModelAdmin):
    list_display = ["requested_at", "status", "days", "decline_basis_points", "requested_by", "result", "error"]
    list_filter = ["status"]
    exclude = ["summary"]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(RehearsalView.as_view(model_admin=self))
        return [
            path("page/", page, name="insights_rehearsal_page"),
            path("page/<int:rehearsal_id>/", page, name="insights_rehearsal_result"),
            *super().get_urls(),
        ]

    @admin.display(description=_("result"))
    def result(self, rehearsal: Rehearsal) -> str:
        if rehearsal.status != Rehearsal.Status.DONE:
            return ""
        url = reverse("admin:insights_rehearsal_result", args=[rehearsal.pk])
        return format_html('<a href="{}">{}</a>', url, _("Show"))


class AnomalyRuleForm(forms.ModelForm):
    class Meta:
        model = AnomalyRule
        fields = ["is_active", "threshold_percent"]


@admin.register(AnomalyRule)
class AnomalyRuleAdmin(ModelAdmin):
    list_display = ["label", "is_active", "threshold_percent"]
    form = AnomalyRuleForm

    @admin.display(description=_("anomaly"), ordering="kind")
    def label(self, rule: AnomalyRule) -> str:
        return anomalies.label_of(rule.kind)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False
