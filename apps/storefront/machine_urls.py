"""Addresses that are the same in all languages: choices that are posted, and what machines ask for."""

from django.urls import path

from .sitemaps import index, section
from .views import site

urlpatterns = [
    path("appearance/", site.set_theme, name="set_theme"),
    path("language/", site.set_language, name="set_language"),
    path("robots.txt", site.robots, name="robots"),
    path("sitemap.xml", index, name="sitemap"),
    path("sitemap-<section>.xml", section, name="sitemap_section"),
    path("favicon.ico", site.favicon, name="favicon"),
    path("health/", site.health, name="health"),
]
