"""The addresses of the whole site."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

# Pages for customers have an address in each language; those in English have no prefix. They come first because they
# are asked for most.
urlpatterns = i18n_patterns(
    path("", include("apps.storefront.urls")),
    # The settings have the list of sessions.
    path("accounts/sessions/", RedirectView.as_view(pattern_name="settings")),
    path("accounts/", include("allauth.urls")),
    path("", include("apps.accounts.urls")),
    prefix_default_language=False,
)
urlpatterns += [
    path("admin/time-machine/", RedirectView.as_view(pattern_name="admin:insights_time_machine")),
    path("admin/", admin.site.urls),
    path("stripe/", include("djstripe.urls", namespace="djstripe")),
    path("", include("apps.storefront.machine_urls")),
]
if settings.DEMO:
    urlpatterns += [path("demo/mailbox/", include("apps.mail.urls"))]
