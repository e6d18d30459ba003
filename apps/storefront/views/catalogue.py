"""The shelves: all goods, one category, one product, and the search."""

from __future__ import annotations

from dataclasses import replace

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from apps.catalog import bundles, shown, text, told, words
from apps.catalog.models import Category, Product, Review
from apps.core import clock
from apps.loyalty import rules as points_rules

from .. import basket_session, currency, house, kept_pages, reading, rooms, structured, visitor, worth
from ..forms import number
from ..shelf import Shelf

_RESULTS = 24
_SUGGESTIONS = 6
_ROOMS = 3


class HtmxRequest(HttpRequest):
    """A request as HtmxMiddleware passes it on."""

    htmx: HtmxDetails


@require_safe
@vary_on_headers("HX-Request")
@kept_pages.for_everybody()
def catalogue(request: HtmxRequest) -> HttpResponse:
    kept_pages.lasts(request, until=None)
    return _shelf(request, "storefront/catalogue.html", {"shelf": Shelf(request)})


def _what_opens_guides(request: HttpRequest, sees: visitor.Sees) -> object:
    """What the guides of a room are open by: the rank, and the time where one of them waits for it."""
    assert request.resolver_match is not None
    guides = rooms.named(request, request.resolver_match.kwargs["slug"]).guides_shown
    return sees.rank, sees.member_since if any(each.guide.available_after_days for each in guides) else None


@require_safe
@vary_on_headers("HX-Request")
@kept_pages.for_everybody(_what_opens_guides)
def category(request: HtmxRequest, slug: str) -> HttpResponse:
    found = rooms.named(request, slug)
    context: dict = {"category": found, "shelf": Shelf(request, room=found.pk)}
    if not _asks_for_part(request):
        now = clock.now()
        seen = visitor.sees(request, now=now)
        trail = [{"label": _("Shop"), "href": reverse("catalogue")}]
        if found.parent:
            trail.append({"label": found.parent.name_i18n, "href": found.parent.get_absolute_url()})
        trail.append({"label": found.name_i18n})
        context |= {"trail": trail, "structured": [structured.trail(trail)]}
        context["guides"] = reading.cards(found.guides_shown, standing=seen, now=now)
        opening = [access.opens_at for _guide, access in context["guides"] if access.opens_at is not None]
        kept_pages.lasts(request, until=min(opening, default=None))
    return _shelf(request, "storefront/category.html", context)


def _shelf(request: HtmxRequest, template: str, context: dict) -> HttpResponse:
    """The page, or to htmx the shelf alone."""
    template = "storefront/parts/shelf.html" if _asks_for_part(request) else template
    return currency.remember(request, render(request, template, context))


def _asks_for_part(request: HtmxRequest) -> bool:
    # A browser that goes back may have forgotten the page, and then needs all of it.
    return bool(request.htmx) and not request.htmx.history_restore_request


@require_safe
@kept_pages.for_everybody(lambda request, sees: sees.plan_id)
def product(request: HttpRequest, slug: str) -> HttpResponse:
    now, money = clock.now(), currency.of(request)
    found = shown.product(slug, currency=money)
    if found is None:
        raise Http404
    if found.is_guide:
        return redirect(found)
    perks = visitor.perks(request, now=now)
    slots = found.slots_shown if found.is_bundle else []
    bundled = bundles.left(slots)
    variants = [replace(row, bundled=bundled) for row in found.offered]
    price = found.shown_price
    points = worth.points(price, perks=perks)
    terms = house.terms(request)
    general = None
    if price and price.member_saving and not perks.has_member_prices:
        general = worth.pay_back(price.member_saving, terms.cheapest(money, now=now))
    kept_pages.lasts(request, until=terms.changes_at(now))
    kept_pages.tells(request, told.by_products([found, *found.related_shown]))
    trail = [
        {"label": _("Shop"), "href": reverse("catalogue")},
        {"label": found.category.name_i18n, "href": found.category.get_absolute_url()},
        {"label": found.name_i18n},
    ]
    context = {
        "product": found,
        "price": price,
        "variants": variants,
        "slots": slots,
        "perks": perks,
        "pay_back": kept_pages.own(request, _pay_back, general) if general else "",
        "points": points,
        "points_value": points_rules.value_of(points, money),
        "trail": trail,
        "structured": [structured.product(found, variants), structured.trail(trail)],
        "social_picture": structured.picture(found),
        "description": text.render(found.description_i18n),
        "pictures": found.pictures_shown[1:],
        "reviews": _reviews(found, number(request.GET.get("reviews", "")) or 1),
    }
    return currency.remember(request, render(request, "storefront/product.html", context))


def _pay_back(request: HttpRequest, general: worth.PayBack) -> str:
    """When a membership pays for itself, with the visitor's basket and orders. One query, none for strangers."""
    known = basket_session.savings(request, currency=general.saving.currency, now=clock.now())
    own = worth.with_basket(general, known)
    shown = worth.with_orders(own, known) if own else None
    return render_to_string("storefront/parts/pay_back.html", {"pay_back": shown})


def _reviews(product: Product, number: int) -> Page:
    """A page of its published reviews, the last one beyond the end: one query, none for the first page."""
    rows = product.reviews_shown if number == 1 else Review.objects.published().filter(product=product).for_page()
    paginator = Paginator(rows, shown.REVIEWS)
    paginator.count = product.review_count
    return Page(product.reviews_shown, 1, paginator) if number == 1 else paginator.get_page(number)


@require_safe
@vary_on_headers("HX-Request")
@kept_pages.for_everybody()
def search(request: HtmxRequest) -> HttpResponse:
    """Results for ?q=; htmx asks for the results alone while the visitor types."""
    query = words.tidy(request.GET.get("q", ""))
    everything = Product.objects.published().for_cards(currency.of(request))
    results = list(everything.search(query)[:_RESULTS])
    guessed = bool(query) and not results
    if guessed:
        results = list(everything.sounding_like(query)[:_RESULTS])
    kept_pages.lasts(request, until=None)
    kept_pages.tells(request, told.by_products(results))
    context = {
        "query": query,
        "results": results,
        "guessed": guessed,
        "rooms": Category.objects.sounding_like(query)[:_ROOMS] if query else [],
    }
    template = "storefront/search.html#results" if _asks_for_part(request) else "storefront/search.html"
    return render(request, template, context)


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """A few names while the visitor types in the header: products, guides and rooms."""
    query = words.tidy(request.GET.get("q", ""))
    found = list(Product.objects.published().named_like(query)[:_SUGGESTIONS]) if query else []
    alike = Category.objects.sounding_like(query)[:_ROOMS] if query else []
    return render(request, "storefront/parts/suggestions.html", {"query": query, "found": found, "rooms": alike})
