"""What search engines may find: every public page, in every language."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.catalog.models import Category, Product
from apps.memberships.models import Plan
from apps.orders.models import Box

from .views.site import LEGAL


class _Site:
    """The shop's own address, as `django.contrib.sites` would give it."""

    @property
    def domain(self) -> str:
        return urlsplit(settings.SITE_URL).netloc


class _Public(Sitemap):
    """Pages with an address in each language, each naming the others."""

    i18n = True
    alternates = True
    x_default = True
    # Google reads 50,000 addresses of one file: https://www.sitemaps.org/protocol.html. There are as many as languages.
    limit = 10_000

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: object | None = None) -> str:
        return _Site().domain


class Pages(_Public):
    def items(self) -> list[tuple[str, ...]]:
        return [
            ("home",),
            ("pricing",),
            ("catalogue",),
            ("boxes",),
            ("guides",),
            ("gifts",),
            *(("legal", slug) for slug in LEGAL),
        ]

    def location(self, item: tuple[str, ...]) -> str:
        name, *arguments = item
        return reverse(name, args=arguments)


class Categories(_Public):
    def items(self) -> QuerySet[Category]:
        return Category.objects.order_by("pk")


class Products(_Public):
    def items(self) -> QuerySet[Product]:
        return Product.objects.published().only("slug", "kind").order_by("pk")


class Boxes(_Public):
    def items(self) -> QuerySet[Box]:
        return Box.objects.filter(plan__in=Plan.objects.on_sale()).select_related("plan").order_by("pk")

    def location(self, item: Box) -> str:
        return reverse("box", args=[item.plan.slug])


SECTIONS: dict[str, type[Sitemap] | Sitemap] = {
    "pages": Pages,
    "categories": Categories,
    "products": Products,
    "boxes": Boxes,
}


def index(request: HttpRequest) -> HttpResponse:
    """The list of the files below."""
    return views.index(request, sitemaps=SECTIONS, sitemap_url_name="sitemap_section")


def section(request: HttpRequest, section: str) -> HttpResponse:
    """One of them; its pages by `?p=2`."""
    return views.sitemap(request, sitemaps=SECTIONS, section=section)
