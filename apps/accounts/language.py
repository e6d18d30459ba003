"""The language in which somebody reads the shop.

Each language but English has addresses of its own (`/it/shop/`), which search engines can find and a cache can keep.
Whoever has chosen a language, signed in or by cookie, is led from the English address to that of their language: links
in old mails and bookmarks work for everybody.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import translate_url
from django.utils import translation
from django.utils.cache import patch_vary_headers

from . import services

_A_YEAR = 365 * 24 * 3600


def preferred(request: HttpRequest) -> str | None:
    """The language that the visitor has chosen; None when they never chose one."""
    if request.user.is_authenticated:
        return request.user.locale
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else None


def choose(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """Keep the choice: in the account of who is signed in, and in a cookie for a year. Raises ValueError for a language
    that the shop does not speak."""
    if language not in dict(settings.LANGUAGES):
        raise ValueError(f"No such language: {language}")
    if request.user.is_authenticated:
        services.choose_language(request.user, language)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=_A_YEAR, samesite="Lax", secure=settings.SECURE, httponly=True
    )


class PreferredLanguageMiddleware:
    """After LocaleMiddleware, which reads the language from the address, and after the visitor is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if translation.get_language_from_path(request.path_info):
            return self.get_response(request)
        language = preferred(request)
        if language and language != settings.LANGUAGE_CODE:
            path = request.get_full_path()
            elsewhere = translate_url(path, language)
            if elsewhere == path:
                # One address for all languages, such as the back office.
                translation.activate(language)
                request.LANGUAGE_CODE = language
            elif request.method in {"GET", "HEAD"}:
                response = HttpResponseRedirect(elsewhere)
                patch_vary_headers(response, ["Cookie"])
                return response
        return self.get_response(request)
