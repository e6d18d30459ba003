"""The addresses of the whole site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("stripe/", include("djstripe.urls", namespace="djstripe")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.storefront.urls")),
]
if settings.DEMO:
    urlpatterns += [path("demo/mailbox/", include("apps.mail.urls"))]
