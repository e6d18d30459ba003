"""The home page, the legal pages, and what browsers and machines ask every site for."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse, translate_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import language
from apps.catalog import told
from apps.catalog.models import Product
from apps.core import clock

from .. import appearance, currency, kept_pages, plans, reading, visitor

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
    *("/basket/", "/checkout/", "/orders/", "/contract/"),
)


def _what_a_member_has(request: HttpRequest, sees: visitor.Sees) -> object:
    return sees.plan_id, sees.price_id, sees.member_since


@require_safe
@kept_pages.for_everybody(_what_a_member_has, by_trials=True)
def home(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    standing = visitor.standing(request.user, now=now)
    shown = currency.of(request)
    book = plans.book(currency=shown, now=now)
    standing = visitor.with_trials(standing, request.user, plans.with_trial(book))
    featured = list(Product.objects.published().goods().filter(is_featured=True).for_cards(shown)[:_FEATURED])
    kept_pages.tells(request, told.by_products(featured))
    context = {
        "standing": standing,
        "plan_cards": plans.cards(book, interval="month", standing=standing),
        "featured": featured,
        "guides": reading.cards(
            Product.objects.published().readable().filter(is_featured=True)[:_GUIDES], standing=standing, now=now
        ),
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


def _way_back(request: HttpRequest) -> str:
    """The page of this shop that the form was on; the home page when it does not say."""
    back = request.POST.get("next", "")
    hosts = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=hosts, require_https=request.is_secure())
    return back if safe else reverse("home")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("language", "")
    response = redirect(translate_url(_way_back(request), chosen))
    try:
        language.choose(request, response, chosen)
    except ValueError:
        return HttpResponseBadRequest(_("Choose one of the languages of the shop."))
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    response = redirect(_way_back(request))
    try:
        appearance.remember(response, request.POST.get("theme", ""))
    except ValueError:
        return HttpResponseBadRequest(_("Choose system, light or dark."))
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    prefixes = ["", *(f"/{code}" for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE)]
    closed = [f"Disallow: {prefix}{path}" for prefix in prefixes for path in _CLOSED_TO_ROBOTS]
    lines = ["User-agent: *", *closed, f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}"]
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
