"""CSV files of a list of documents."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.billing import exports
from apps.billing.forms import ExportForm
from apps.core import clock

from .reading import DocumentAdmin


class ExportAdmin(DocumentAdmin):
    """A list of documents that can be downloaded by whoever may see it."""

    export_table: ClassVar[exports.Table]
    actions_list = ["export"]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @action(description=_("Export as CSV"), url_path="export", permissions=["export"], icon="download")
    def export(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The page that asks for the range, and the file once it is given."""
        today = clock.now().date()
        form = ExportForm(request.GET or None, initial={"since": today - timedelta(days=30), "until": today})
        if form.is_valid():
            return self._file(**form.cleaned_data)
        context = {**self.admin_site.each_context(request), "title": _text("Export as CSV"), "form": form}
        return render(request, "billing/admin/export.html", context, status=400 if form.is_bound else 200)

    def _file(self, **chosen) -> StreamingHttpResponse:
        table = self.export_table
        parts = [table.name, str(chosen["since"]), str(chosen["until"]), chosen["currency"]]
        name = "-".join(part for part in parts if part) + ".csv"
        headers = {
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
            "Cache-Control": "private, no-store",
        }
        lines = exports.stream(table, **chosen)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
