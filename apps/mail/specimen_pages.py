"""Staff look at specimens of the letters: all kinds in a list, and each in every language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from . import letter, specimens
from .rendering import Rendered


def overview(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Every kind with its subject in the language of the page's reader."""
    locale = _language(request)
    kinds = [(kind, specimens.render(kind, locale=locale).subject) for kind in specimens.kinds()]
    context = _context(page, request, title=_("Specimens of letters"), kinds=kinds, locale=locale)
    return render(request, "mail/specimens.html", context)


def specimen(page: ModelAdmin, request: HttpRequest, kind: str, locale: str) -> HttpResponse:
    """One kind in one language: the HTML in a frame, and the text."""
    found = _find(kind, locale)
    context = _context(page, request, title=found.subject, kind=kind, locale=locale, letter=found)
    return render(request, "mail/specimen.html", context | {"sandbox": letter.SANDBOX})


@letter.framed
def html(_request: HttpRequest, kind: str, locale: str) -> HttpResponse:
    """The HTML of one specimen, for the frame."""
    return letter.framed_html(_find(kind, locale).html)


def _find(kind: str, locale: str) -> Rendered:
    if kind not in specimens.kinds() or locale not in dict(settings.LANGUAGES):
        raise Http404
    return specimens.render(kind, locale=locale)


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _context(page: ModelAdmin, request: HttpRequest, *, title: str, **facts: Any) -> dict[str, Any]:
    if not page.has_view_permission(request):
        raise PermissionDenied
    return {**page.admin_site.each_context(request), "title": title, "languages": settings.LANGUAGES, **facts}
