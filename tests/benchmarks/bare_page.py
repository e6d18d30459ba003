"""The limit of a page: a bare Django view with three indexed queries and a template of equal size.

It finds out who asks as every page does (session and user are two of its queries for a member), reads 24 products by an
index, and puts out as many bytes as the page that it is measured against.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from apps.catalog.models import Category, Product, ProductPrice
from config.urls import urlpatterns as the_shop

_ROW = '<article class="product-card"><h3><a href="/shop/{{ row.slug }}/">{{ row.name }}</a></h3>{{ row.summary }}'
_TEMPLATE = engines["django"].from_string(
    "<!doctype html><title>{{ room.name }}</title>{% for row in rows %}" + _ROW + "{{ filler }}</article>{% endfor %}"
    "{% for price in prices %}<p>{{ price.amount_minor }}</p>{% endfor %}"
)


def bare(request: HttpRequest, size: int) -> HttpResponse:
    who = request.user.is_authenticated
    rows = list(Product.objects.filter(category_id=_room()).order_by("position")[:24])
    prices = list(ProductPrice.objects.filter(product__any=[row.pk for row in rows], currency="EUR"))
    context = {"room": Category.objects.get(pk=_room()), "rows": rows, "prices": prices, "who": who}
    return HttpResponse(_TEMPLATE.render({**context, "filler": "x" * max(0, size // 24 - 160)}, request))


def stored(request: HttpRequest, size: int) -> HttpResponse:
    """A page that is there already: the server's own share of every answer."""
    return HttpResponse(b"x" * size)


def _room() -> int:
    global _known
    if _known is None:
        _known = Category.objects.order_by("pk").values_list("pk", flat=True)[0]
    return _known


_known: int | None = None
urlpatterns = [path("bare/<int:size>/", bare), path("stored/<int:size>/", stored), *the_shop]
