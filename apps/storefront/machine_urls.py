"""Addresses that are the same in all languages: choices that are posted, and what machines ask for."""

from django.urls import path, re_path

from .sitemaps import index, section
from .views import media, site

urlpatterns = [
    path("appearance/", site.set_theme, name="set_theme"),
    path("language/", site.set_language, name="set_language"),
    re_path(r"^media/products/(?P<name>[0-9a-f]{32}(?:-\d{3})?\.webp)$", media.picture, name="picture"),
    path("robots.txt", site.robots, name="robots"),
    path("sitemap.xml", index, name="sitemap"),
    path("sitemap-<section>.xml", section, name="sitemap_section"),
    path("favicon.ico", site.favicon, name="favicon"),
    path("health/", site.health, name="health"),
]
