"""Whole pages, kept for all who would see the same. They are never older than the last edit by staff, nor than a sale
of which they tell, nor do they outlast an instant at which they would say something else.

A page holds of its visitor what the key names (address, appearance, currency, language, and what their membership
lets them see), the token of its forms, the nonce of its scripts, the corner of the header that is theirs alone (their
basket and their name), and what a view asks to be made for each of them. All of this is taken out before a page is kept
and put in anew each time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import wraps
from hashlib import sha256
from secrets import token_hex
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csp import get_nonce
from django.middleware.csrf import get_token, rotate_token
from django.template.loader import render_to_string
from django.utils.translation import get_language

from apps.catalog import told
from apps.core import clock

from . import appearance, currency, kept, visitor

# A page of which nobody has said until when it is true: prices may begin or end by the clock, which is no edit.
_SHORT = timedelta(minutes=1)
_LONG = timedelta(hours=1)
CORNER = "storefront/parts/header_corner.html"
# Beside these a visitor without a session has nothing that a page could depend on.
_HARMLESS = {appearance.COOKIE, currency.COOKIE, settings.LANGUAGE_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
_LONGEST_ADDRESS = 300
_TOKEN = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}(?=")')
_NONCE = re.compile(rb'(?<= nonce=")[^"]+(?=")')
# Of this process's making: nobody can write them into a review.
_TOKEN_MARK, _NONCE_MARK, _CORNER_MARK, _PART_MARK = "{{token}}", "{{nonce}}", "{{corner}}", "{{part}}"

type View = Callable[..., HttpResponse]


class _Part(NamedTuple):
    """What stands at `mark` is made for each visitor: by a function of a module, of what the page knew."""

    mark: str
    make: Callable[[HttpRequest, Any], str]
    known: Any


class _Page(NamedTuple):
    """A page with marks that no page holds by itself, and what it takes for it to be true."""

    token: bytes
    nonce: bytes
    corner: bytes
    parts: list[_Part]
    body: bytes
    until: datetime
    counts: str
    told: Mapping[int, int] | None


@dataclass
class _Made:
    """What a view says of the page that it makes."""

    parts: list[_Part] = field(default_factory=list)
    lasts: timedelta = _SHORT
    until: datetime | None = None
    told: Mapping[int, int] | None = None


def for_nobody(view: View) -> View:
    """Keep the pages of a view for visitors of whom nothing is known; whoever has a session gets their own."""

    @wraps(view)
    def inner(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not _may_be_kept(request) or not _is_nobody(request):
            return view(request, *args, **kwargs)
        now = clock.now()
        return _kept(view, request, _key(request, now=now), now, *args, **kwargs)

    return inner


def for_everybody(
    by: Callable[[HttpRequest, visitor.Sees], object] = lambda request, sees: None, *, by_trials: bool = False
) -> Callable[[View], View]:
    """Keep the pages of a view that differ by what a membership lets its holder see, and by nothing else of them.

    `by` says what of it: all who are known see the same where it is the same. `by_trials` where free trials are shown:
    who is known and does not pay yet gets a page of their own, which says what they can still try.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not _may_be_kept(request):
                return view(request, *args, **kwargs)
            now = clock.now()
            if _is_nobody(request):
                return _kept(view, request, _key(request, now=now), now, *args, **kwargs)
            if len(get_messages(request)):
                return view(request, *args, **kwargs)
            sees = visitor.sees(request, now=now)
            if by_trials and not sees.pays:
                return view(request, *args, **kwargs)
            key = _key(request, f"{sees.is_known} {by(request, sees)}", now=now)
            request.corner_mark = _CORNER_MARK + token_hex(8)  # type: ignore[attr-defined]
            try:
                return _kept(view, request, key, now, *args, **kwargs)
            finally:
                # A page that is not there is made after this, of the visitor's own corner.
                request.corner_mark = None  # type: ignore[attr-defined]

        return inner

    return decorate


def own[T](request: HttpRequest, make: Callable[[HttpRequest, T], str], known: T) -> str:
    """A part of a page that `make` makes of the visitor and of what is `known` to all: now, or each time where the page
    is kept for others who see the same. `make` is a function of a module, `known` is kept with the page."""
    if getattr(request, "corner_mark", None) is None:
        return make(request, known)
    part = _Part(_PART_MARK + token_hex(8), make, known)
    _made(request).parts.append(part)
    return part.mark


def lasts(request: HttpRequest, *, until: datetime | None) -> None:
    """Say of the page that is being made that the clock changes nothing on it before `until`, or never."""
    _made(request).lasts, _made(request).until = _LONG, until


def tells(request: HttpRequest, numbers: Mapping[int, int] | None) -> None:
    """Say of the page that is being made what it tells of how many are left, by variant: it is true while they are.
    Of a page of which nothing is said, or None, every sale of which visitors are told may change something."""
    _made(request).told = numbers


def _made(request: HttpRequest) -> _Made:
    found = getattr(request, "page_made", None)
    if found is None:
        found = request.page_made = _Made()  # type: ignore[attr-defined]
    return found


def _kept(view: View, request: HttpRequest, key: str, now: datetime, *args, **kwargs) -> HttpResponse:
    found = _found(request, key, now)
    if found is not None:
        return HttpResponse(_fill(found, request))
    response = view(request, *args, **kwargs)
    if response.streaming:
        return response
    stripped = _strip(response.content, request, now)
    if response.status_code == 200 and not response.cookies:
        kept.keep(key, stripped)
    response.content = _fill(stripped, request)
    return response


def _found(request: HttpRequest, key: str, now: datetime) -> _Page | None:
    """The page that is kept, if it is still true: one query if visitors have been told another number since."""
    counts = kept.marks(request).counts
    page: _Page | None = kept.find(key, is_current=lambda near: now < near.until and near.counts == counts)
    if page is None or now >= page.until:
        return None
    if page.counts != counts:
        if page.told is None or not told.is_still_true(page.told):
            return None
        page = page._replace(counts=counts)
        kept.keep(key, page)
    return page


def _may_be_kept(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and "HTTP_HX_REQUEST" not in request.META
        and "currency" not in request.GET
        and len(request.get_full_path()) <= _LONGEST_ADDRESS
    )


def _is_nobody(request: HttpRequest) -> bool:
    return set(request.COOKIES) <= _HARMLESS


def _key(request: HttpRequest, sees: str = "", *, now: datetime) -> str:
    parts = [
        kept.release(),
        kept.marks(request).edition,
        request.get_full_path(),
        appearance.of(request),
        currency.of(request),
        get_language() or "",
        str(now.date()) if settings.TIME_MACHINE else "",
        sees,
    ]
    return "page-of-parts:" + sha256("\n".join(parts).encode()).hexdigest()


def _strip(body: bytes, request: HttpRequest, now: datetime) -> _Page:
    salt = token_hex(8)
    token, nonce = ((mark + salt).encode() for mark in (_TOKEN_MARK, _NONCE_MARK))
    corner = getattr(request, "corner_mark", _CORNER_MARK + salt).encode()
    made = _made(request)
    until = min(now + made.lasts, made.until or datetime.max.replace(tzinfo=UTC))
    stripped = _NONCE.sub(nonce, _TOKEN.sub(token, body))
    return _Page(token, nonce, corner, made.parts, stripped, until, kept.marks(request).counts, made.told)


def _fill(page: _Page, request: HttpRequest) -> bytes:
    body = page.body
    token = _token(request) if page.token in body or page.corner in body else ""
    if page.corner in body:
        request.corner_mark = None  # type: ignore[attr-defined]
        body = body.replace(page.corner, render_to_string(CORNER, {"csrf_token": token}, request).encode())
    for part in page.parts:
        body = body.replace(part.mark.encode(), part.make(request, part.known).encode())
    body = body.replace(page.token, token.encode())
    if page.nonce in body:
        body = body.replace(page.nonce, str(get_nonce(request)).encode())
    return body


def _token(request: HttpRequest) -> str:
    """The token of the visitor's forms, asked for once: each time it would be masked anew, at some cost. Tokens are
    masked lest many answers with the same secret give it away; whoever comes without one gets a secret of their own
    with this very answer, so there is nothing to mask yet."""
    if settings.CSRF_COOKIE_NAME in request.COOKIES:
        return get_token(request)
    rotate_token(request)
    return request.META["CSRF_COOKIE"]
