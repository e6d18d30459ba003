"""The shelves: all goods, one category, one product, and the search."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from apps.catalog import text, words
from apps.catalog.models import Category, Product
from apps.core import clock

from .. import currency, visitor

PAGE_SIZE = 24
_RELATED = 4
_GUIDES = 3
_RESULTS = 24


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    products = Product.objects.published().goods().for_cards(currency.of(request))
    context = {"page": Paginator(products, PAGE_SIZE).get_page(request.GET.get("page"))}
    return currency.remember(request, render(request, "storefront/catalogue.html", context))


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Category.objects.select_related("parent"), slug=slug)
    standing = visitor.standing(request.user, now=clock.now())
    products = Product.objects.published().within(found).for_cards(currency.of(request))
    trail = [{"label": _("Shop"), "href": reverse("catalogue")}]
    if found.parent:
        trail.append({"label": found.parent.name, "href": found.parent.get_absolute_url()})
    context = {
        "category": found,
        "trail": [*trail, {"label": found.name}],
        "page": Paginator(products.goods(), PAGE_SIZE).get_page(request.GET.get("page")),
        "guides": [(guide, guide.is_open_to(standing.rank)) for guide in products.guides()[:_GUIDES]],
    }
    return currency.remember(request, render(request, "storefront/category.html", context))


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    shown = currency.of(request)
    everything = Product.objects.published()
    found = get_object_or_404(
        everything.for_cards(shown).defer(None).defer("search").select_related("category", "companion"), slug=slug
    )
    if found.is_guide:
        return redirect(found)
    related = everything.goods().filter(category=found.category_id).exclude(pk=found.pk)
    context = {
        "product": found,
        "price": found.shown_price,
        "variants": found.offered,
        "description": text.render(found.description),
        "standing": visitor.standing(request.user, now=clock.now()),
        "related": related.for_cards(shown)[:_RELATED],
        "trail": [
            {"label": _("Shop"), "href": reverse("catalogue")},
            {"label": found.category.name, "href": found.category.get_absolute_url()},
            {"label": found.name},
        ],
    }
    return currency.remember(request, render(request, "storefront/product.html", context))


class HtmxRequest(HttpRequest):
    """A request as HtmxMiddleware passes it on."""

    htmx: HtmxDetails


@require_safe
def search(request: HtmxRequest) -> HttpResponse:
    """Results for ?q=; htmx asks for the results alone while the visitor types."""
    query = words.tidy(request.GET.get("q", ""))
    everything = Product.objects.published().for_cards(currency.of(request))
    results = list(everything.search(query)[:_RESULTS])
    guessed = bool(query) and not results
    if guessed:
        results = list(everything.sounding_like(query)[:_RESULTS])
    context = {"query": query, "results": results, "guessed": guessed}
    template = "storefront/search.html#results" if request.htmx else "storefront/search.html"
    return render(request, template, context)
