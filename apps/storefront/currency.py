"""The currency in which a visitor sees prices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

COOKIE = "currency"
CURRENCIES = ("EUR", "USD")
_A_YEAR = 365 * 24 * 3600


def of(request: HttpRequest) -> str:
    """What the address asks for (?currency=), else what was chosen before, else the account's, else euro."""
    wanted = (
        request.GET.get("currency", "").upper(),
        request.COOKIES.get(COOKIE),
        getattr(request.user, "currency", ""),
    )
    return next((currency for currency in wanted if currency in CURRENCIES), CURRENCIES[0])


def remember(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep the currency named in the address, so that the next pages use it too."""
    if request.GET.get("currency", "").upper() in CURRENCIES:
        response.set_cookie(COOKIE, of(request), max_age=_A_YEAR, samesite="Lax")
    return response
