"""The home page, the legal pages, and what browsers and machines ask every site for."""

from __future__ import annotations

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from apps.catalog.models import Product
from apps.core import clock

from .. import appearance, currency, plans, visitor

LEGAL = {
    "terms": _("Terms"),
    "privacy": _("Privacy"),
    "withdrawal": _("Withdrawal within 14 days"),
    "imprint": _("Imprint"),
}
_FEATURED = 4
_GUIDES = 3
_CLOSED_TO_ROBOTS = (
    *("/admin/", "/account/", "/accounts/", "/join/", "/offers/", "/demo/", "/shop/search/"),
    *("/basket/", "/checkout/", "/orders/"),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    standing = visitor.standing(request.user, now=now)
    shown = currency.of(request)
    book = plans.book(currency=shown, now=now)
    standing = visitor.with_trials(standing, request.user, plans.with_trial(book))
    products = Product.objects.published().for_cards(shown)
    context = {
        "standing": standing,
        "plan_cards": plans.cards(book, interval="month", standing=standing),
        "featured": products.goods().filter(is_featured=True)[:_FEATURED],
        "guides": [
            (guide, guide.is_open_to(standing.rank))
            for guide in Product.objects.published().guides().for_cards(shown).filter(is_featured=True)[:_GUIDES]
        ],
    }
    return currency.remember(request, render(request, "storefront/home.html", context))


@require_safe
def legal(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in LEGAL:
        raise Http404
    pages = [
        {"label": title, "href": reverse("legal", args=[key]), "current": key == slug} for key, title in LEGAL.items()
    ]
    return render(request, f"storefront/legal/{slug}.html", {"heading": LEGAL[slug], "pages": pages})


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = reverse("home")
    response = redirect(back)
    try:
        appearance.remember(response, request.POST.get("theme", ""))
    except ValueError:
        return HttpResponseBadRequest(_("Choose system, light or dark."))
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _CLOSED_TO_ROBOTS)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("favicon.svg"), permanent=True)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Says "ok" while the web process reaches its database; for load balancers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})
