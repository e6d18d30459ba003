"""What every page of the shop knows."""

from __future__ import annotations

from email.utils import parseaddr
from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language_from_path

from apps.core import clock, translations
from apps.orders import baskets

from . import appearance, currency, kept, rooms, structured


def shop(request: HttpRequest) -> dict:
    """Name, address, appearance and the rooms of the shop, and the edition under which parts of a page may be kept."""
    return {
        "shop_name": settings.SHOP_NAME,
        "site_url": settings.SITE_URL,
        "support_email": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        "demo": settings.DEMO,
        "shop_date": SimpleLazyObject(clock.now) if settings.TIME_MACHINE else None,
        "theme": appearance.of(request),
        "themes": appearance.CHOICES,
        "alternates": SimpleLazyObject(lambda: _alternates(request)),
        # Called by the template: plural forms are chosen by arithmetic, which a lazy object knows nothing of.
        "basket_count": partial(_basket_count, request),
        "nav_categories": SimpleLazyObject(lambda: rooms.of(request)),
        "edition": SimpleLazyObject(lambda: kept.marks(request).edition),
        "shown_currency": SimpleLazyObject(lambda: currency.of(request)),
        "social_picture": SimpleLazyObject(structured.picture),
    }


def _alternates(request: HttpRequest) -> list[tuple[str, str]]:
    """The page in each language, as `(code, address)`; none for one that has a single address."""
    code = get_language_from_path(request.path_info)
    plain = request.path.removeprefix(f"/{code}") if code else request.path
    if code is None and not _has_languages(request, plain):
        return []
    return [(settings.LANGUAGE_CODE, plain), *((other, f"/{other}{plain}") for other in translations.languages())]


def _has_languages(request: HttpRequest, plain: str) -> bool:
    """Whether an address has its language in front, as `i18n_patterns` has it, or is the same for all. What is so for
    one address of a route is so for all of them."""
    if request.resolver_match is None:
        return _is_translated(plain)
    route = request.resolver_match.route
    if route not in _routes:
        _routes[route] = _is_translated(plain)
    return _routes[route]


def _is_translated(plain: str) -> bool:
    return translate_url(plain, next(iter(translations.languages()))) != plain


_routes: dict[str, bool] = {}


def _basket_count(request: HttpRequest) -> int:
    """How many pieces are in the visitor's basket, as the session remembers it: no page asks the database for it."""
    session = getattr(request, "session", None)
    kept = session.get(baskets.SESSION_KEY) if session is not None else None
    return kept["count"] if kept else 0
