"""The site as the demo has it."""

from django.urls import include, path

from config.urls import urlpatterns as shop

urlpatterns = [*shop, path("demo/mailbox/", include("apps.mail.urls"))]
