"""Whole pages, kept for visitors of whom nothing is known. They are never older than the last edit by staff.

A page holds three things of its visitor: the token of its forms, the nonce of its scripts, and what the key names
(address, appearance, currency, language). The first two are taken out before it is kept and put in anew each time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from secrets import token_hex

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.middleware.csp import get_nonce
from django.middleware.csrf import get_token
from django.utils.translation import get_language

from apps.core import clock

from . import appearance, currency, rooms

# Prices may begin or end by the clock, which is no edit: after so many seconds a page is made anew.
SECONDS = 60
# Beside these a visitor has nothing that a page could depend on.
_HARMLESS = {appearance.COOKIE, currency.COOKIE, settings.LANGUAGE_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
_LONGEST_ADDRESS = 300
_TOKEN = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}(?=")')
_NONCE = re.compile(rb'(?<= nonce=")[^"]+(?=")')
# Of this process's making: nobody can write them into a review.
_TOKEN_MARK, _NONCE_MARK = b"{{token}}", b"{{nonce}}"

type View = Callable[..., HttpResponse]


def kept(view: View) -> View:
    """Keep the pages of a view for visitors without a session."""

    @wraps(view)
    def inner(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not _is_nobody(request):
            return view(request, *args, **kwargs)
        key, cache = _key(request), caches["pages"]
        body = cache.get(key)
        if body is not None:
            return HttpResponse(_fill(body, request))
        response = view(request, *args, **kwargs)
        if response.status_code == 200 and not response.streaming and not response.cookies:
            cache.set(key, _strip(response.content), SECONDS)
        return response

    return inner


def _is_nobody(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and not request.htmx  # type: ignore[attr-defined]
        and set(request.COOKIES) <= _HARMLESS
        and "currency" not in request.GET
        and len(request.get_full_path()) <= _LONGEST_ADDRESS
    )


def _key(request: HttpRequest) -> str:
    parts = [
        rooms.of(request).edition,
        request.get_full_path(),
        appearance.of(request),
        currency.of(request),
        get_language() or "",
        str(clock.now().date()) if settings.TIME_MACHINE else "",
    ]
    return "page:" + sha256("\n".join(parts).encode()).hexdigest()


def _strip(body: bytes) -> tuple[bytes, ...]:
    """The page with marks that no page holds by itself."""
    salt = token_hex(8).encode()
    token, nonce = _TOKEN_MARK + salt, _NONCE_MARK + salt
    return token, nonce, _NONCE.sub(nonce, _TOKEN.sub(token, body))


def _fill(kept: tuple[bytes, ...], request: HttpRequest) -> bytes:
    token, nonce, body = kept
    if token in body:
        body = body.replace(token, get_token(request).encode())
    if nonce in body:
        body = body.replace(nonce, str(get_nonce(request)).encode())
    return body
