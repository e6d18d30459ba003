"""Light or dark: what the visitor chose, in a cookie."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

COOKIE = "theme"
SYSTEM = "system"
CHOICES = ((SYSTEM, _("System")), ("light", _("Light")), ("dark", _("Dark")))
_A_YEAR = 365 * 24 * 3600


def of(request: HttpRequest) -> str:
    """The visitor's choice; that of their system unless they made one."""
    chosen = request.COOKIES.get(COOKIE, SYSTEM)
    return chosen if chosen in dict(CHOICES) else SYSTEM


def remember(response: HttpResponse, theme: str) -> None:
    """Keep the choice for a year. Raises ValueError for a theme that does not exist."""
    if theme not in dict(CHOICES):
        raise ValueError(f"No such theme: {theme}")
    response.set_cookie(COOKIE, theme, max_age=_A_YEAR, samesite="Lax")
